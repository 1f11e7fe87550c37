"""Posts as they may be shown."""

import re

import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXT, Frame, map_rows, text_list
from murmuration.schema import check_columns

MASK = "@user"
# As handles are written on X, Mastodon (@name@server) and Bluesky (@name.server), also behind a dot, a
# slash or a letter of another script (".@name", "谢谢@name"), with the sign as an HTML entity or with marks
# of direction behind it; and on Reddit (u/name). A letter before the sign makes it an address of mail.
_SIGN = "(?:[@＠﹫]|&commat;|&#0*64;|&#x0*40;)[\u200b-\u200f\u202a-\u202e\u2060-\u2069]*"
_NAME = r"\w(?:[\w.-]*\w)?"
HANDLE = re.compile(
    rf"(?:(?<![A-Za-z0-9_]){_SIGN}{_NAME}|(?<![\w/])/?u/[\w.-]*\w)(?:{_SIGN}{_NAME})*",
    re.IGNORECASE,
)


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
            None if text is None else HANDLE.sub(lambda _: mask, text)
            for text in text_list(part[column], column=column)
        ]
        values = pd.Series(pa.array(texts, pa.string()), dtype=TEXT)
        return part.assign(**{column: values.set_axis(part.index)})

    return map_rows(posts, masked)
