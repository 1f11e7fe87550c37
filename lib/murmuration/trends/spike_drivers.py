"""What drives a spike: its words, the posts that are shared most, who writes, what else they name."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from murmuration.frames import TEXTS, to_pandas
from murmuration.schema import check_columns
from murmuration.trends.drivers import find_drivers
from murmuration.trends.terms import find_distinctive_terms

BEFORE = pd.Timedelta(days=7)  # that the words of a spike are held against
_OFTEN = 0.1  # of the posts: what else is named so often is concerned
_COPIES = 3  # from which a text counts as shared
_COLUMNS = (
    "brand", "began", "terms", "shared_posts", "shared_copies", "authors", "top_author_share", "driven_by", "langs",
    "top_text_share", "brands", "topics",
)  # fmt: skip


def find_spike_drivers(posts: Any, spikes: pd.DataFrame, *, count: int = 8) -> pd.DataFrame:
    """Find what drives each spike; computes a Dask frame.

    Parameters
    ----------
    posts
        pandas or Dask frame with `created_at` and `text`, of the spikes and the week before each. Used where they are there:
        `brand` (one row a mention) or `brands` (list), `author_key`, `lang`, `post_id`, `repost_of_id`, `text_hash`, `topic`.
    spikes
        From `find_spikes`.
    count
        How many terms and shared posts, at most.

    Returns
    -------
    pandas.DataFrame
        One row a spike, in the same order: `brand`, `began`; `terms` that mark it out against the brand's week before, most telling
        first; `shared_posts` (ids of the first post of each text that is there three times or more, reposts included) and
        `shared_copies` (how often); `authors`, `top_author_share`, `driven_by` (``few``, ``many``, ``unknown``),
        `langs`, `top_text_share`; `brands` and `topics` that a tenth of the posts or more name as well, most first.
    """
    frame = to_pandas(posts)
    check_columns(frame.columns, ["created_at", "text"], what="find_spike_drivers")
    frame = frame[frame["created_at"].notna()]
    created = frame["created_at"].astype("datetime64[us, UTC]")
    rows = []
    for brand, began, ended in zip(spikes["brand"], spikes["began"], spikes["ended"], strict=True):
        ours, first = is_about(frame, brand), pd.Timestamp(began)
        inside = ours & (created >= first) & (created < pd.Timestamp(ended))
        before = ours & (created >= first - BEFORE) & (created < first)
        found = _find_one(frame[inside], frame[before], brand, count)
        rows.append({"brand": brand, "began": began, **found})
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("terms", "shared_posts", "langs", "brands"):
        table[name] = pd.array(pa.array(table[name].tolist(), TEXTS.pyarrow_dtype), dtype=TEXTS)
    return table.astype({"authors": "Int64", "top_author_share": float, "top_text_share": float})


def _find_one(some: pd.DataFrame, before: pd.DataFrame, brand: Any, count: int) -> dict[str, Any]:
    name = "" if pd.isna(brand) else str(brand).replace("_", " ")
    terms = find_distinctive_terms(some, before, count=count, without=[name])
    shared = _find_shared(some).head(count)
    drivers = find_drivers(_as_counts(some), pd.Index([0], name="topic"))
    who: dict[str, Any] = {str(name): drivers[name].iloc[0] for name in drivers}
    who["langs"] = list(who["langs"])
    topics = [int(one) for one in _named_often(some, "topic") if int(one) >= 0]
    return {
        "terms": terms["term"].tolist(),
        "shared_posts": shared.index.astype(str).tolist(),
        "shared_copies": shared.tolist(),
        **who,
        "brands": [one for one in _named_often(some, _brand_column(some)) if one != brand],
        "topics": topics,
    }


def _brand_column(posts: pd.DataFrame) -> str:
    return "brands" if "brands" in posts else "brand"


def is_about(posts: pd.DataFrame, brand: Any) -> Any:
    """Say of each post whether it mentions a brand; all do where no brand is given or known."""
    if pd.isna(brand) or not {"brand", "brands"} & set(posts.columns):
        return np.ones(len(posts), dtype=bool)
    if "brands" in posts:
        named = [names is not None and brand in list(names) for names in posts["brands"].tolist()]
        return np.array(named, dtype=bool)
    return (posts["brand"] == brand).fillna(False).to_numpy(dtype=bool)


def _text_keys(posts: pd.DataFrame) -> Any:
    return posts["text_hash"] if "text_hash" in posts else posts["text"]


def _as_counts(posts: pd.DataFrame) -> pd.DataFrame:
    names = [name for name in ("author_key", "lang") if name in posts]
    return posts[names].assign(topic=np.int64(0), posts=1.0, text_hash=_text_keys(posts))


def _find_shared(posts: pd.DataFrame) -> "pd.Series[int]":
    """Copies of the texts that are there often, by the id of the first post that has it."""
    if "post_id" not in posts:
        return pd.Series(dtype="int64")
    first = posts.assign(_key=_text_keys(posts)).sort_values("created_at", kind="stable")
    groups = first.groupby("_key", sort=False)
    table = pd.DataFrame({"id": groups["post_id"].first(), "copies": groups.size()})
    table = table[(table["copies"] >= _COPIES) & table["id"].notna()]
    table = table.sort_values(["copies", "id"], ascending=[False, True])
    return pd.Series(table["copies"].to_numpy(), index=table["id"].tolist())


def _named_often(posts: pd.DataFrame, column: str) -> list[Any]:
    if column not in posts or posts.empty:
        return []
    values = posts[column].explode() if column == "brands" else posts[column]
    sizes = values.dropna().value_counts()
    return [name for name, size in sizes.items() if size >= _OFTEN * len(posts)]
