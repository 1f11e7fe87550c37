"""Posts as they may be shown."""

import re

import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXT, Frame, map_rows, text_list
from murmuration.schema import check_columns

MASK = "@user"
# As handles are written on X, Mastodon (@name@server) and Bluesky (@name.server); not inside an address.
_HANDLE = re.compile(r"(?<![\w@/.])[@＠]\w(?:[\w.-]*\w)?(?:@\w(?:[\w.-]*\w)?)?")


def mask_handles(posts: Frame, *, column: str = "text", mask: str = MASK) -> Frame:
    """Put one word in place of every handle.

    Parameters
    ----------
    posts
        pandas or Dask frame.
    column
        The column with text.
    mask
        What stands there instead.

    Returns
    -------
    same kind as `posts`
        With `column` masked; masking twice changes nothing more.
    """

    def masked(part: pd.DataFrame) -> pd.DataFrame:
        check_columns(part.columns, [column], what="mask_handles")
        texts = [
            None if text is None else _HANDLE.sub(mask, text) for text in text_list(part[column])
        ]
        values = pd.Series(pa.array(texts, pa.string()), dtype=TEXT)
        return part.assign(**{column: values.set_axis(part.index)})

    return map_rows(posts, masked)
