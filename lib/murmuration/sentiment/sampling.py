"""Which posts people should label next."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import ParamError, SchemaError, suggest
from murmuration.frames import text_array, to_pandas
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS

Measure = Literal["entropy", "margin"]

_KEY = ["source", "post_id"]
_PROBABILITIES = [f"p_{label}" for label in LABELS]
_DERIVED = {
    "month": "created_at",
    "length": "text",
}  # a stratum and the column that it is worked out from
_LENGTHS = {"short": 60, "medium": 160}  # characters, below
# The most uncertain posts are odd and alike, and two people who draw at once should not get the same ones.
_CANDIDATES = 5  # times as many as are drawn
_QUEUE = ["source", "post_id", "text", "drawn", "stratum", "inclusion_probability"]


@dataclass(frozen=True, kw_only=True)
class DrawParams:
    """How posts to label are drawn; the shares are of `count`, what they leave is drawn stratified.

    Attributes
    ----------
    count
        Posts.
    random_share
        Plain random posts, from which shares can be estimated.
    uncertain_share
        Posts whose sentiment is least certain; from them a model learns more once a trained one scores the posts.
    double_share
        Posts that somebody else has labelled, which show how far people agree.
    strata
        What the strata are made of: columns, ``"month"`` of `created_at`, ``"length"`` of `text`.
    measure
        Of uncertainty, where there are probabilities: their entropy, or the margin between the first two.
    seed
        The same seed, labeller and posts give the same draw.
    """

    count: int = 100
    random_share: float = 0.3
    uncertain_share: float = 0.2
    double_share: float = 0.2
    strata: tuple[str, ...] = ("sentiment_label", "month", "length")
    measure: Measure = "entropy"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ParamError(f"DrawParams.count is {self.count}, but it must be 1 post or more.")
        shares = (self.random_share, self.uncertain_share, self.double_share)
        if min(shares) < 0 or sum(shares) > 1 + 1e-9:
            raise ParamError(
                f"The shares of DrawParams are {shares}, but each must be 0 or more and all together 1 at most."
            )
        if self.measure not in get_args(Measure):
            raise ParamError(
                f"There is no measure {self.measure!r}.{suggest(self.measure, get_args(Measure))}"
            )


def draw_posts(
    posts: Any,
    params: DrawParams | None = None,
    *,
    labeller: str,
    labels: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Draw posts that a person should label next; computes a Dask frame.

    Parameters
    ----------
    posts
        pandas or Dask frame with `source`, `post_id`, `text`, what the strata need, and for uncertain posts
        `p_negative`, `p_neutral`, `p_positive` or `sentiment`. Posts without text are never drawn.
    params
        How many, and how.
    labeller
        Who is going to label. Two labellers get different posts, but for the double ones.
    labels
        What people said so far, see `murmuration.load_labels`. What this labeller labelled or skipped is not drawn
        again; what others labelled only to be labelled twice.

    Returns
    -------
    pandas.DataFrame
        At most `params.count` posts in mixed order: `source`, `post_id`, `text`, `title` if there is one, `drawn`
        (``random``, ``stratified``, ``uncertain``, ``double``), `stratum`, and `inclusion_probability`: of
        random posts among those that nobody labelled, of stratified ones among the rest of their stratum, one of
        each text; null for the others.

    Raises
    ------
    SchemaError
        If a column is missing.
    """
    params = params or DrawParams()
    pool = _read_pool(posts, params)
    said = labels if labels is not None else pd.DataFrame(columns=[*_KEY, "labeller", "label"])
    check_columns(said.columns, [*_KEY, "labeller", "label"], what="draw_posts")
    own = pool["key"].isin(_keys(said[said["labeller"] == labeller]))
    labelled = pool["key"].isin(_keys(said[said["label"].notna()]))
    fresh, shared = pool[~own & ~labelled], pool[labelled & ~own]
    draw = _Draw(params, labeller)
    double = draw.double(shared)
    random = draw.random(fresh)
    left = fresh.drop(index=random.index)
    left = left[
        ~left["text"].isin(pool.loc[labelled | own, "text"]) & ~left["text"].isin(random["text"])
    ]
    left = draw.sorted(left, "distinct").drop_duplicates("text")
    room = params.count - len(double) - len(random) - draw.sizes["uncertain"]
    stratified = draw.stratified(left, room, have=pool.loc[labelled, "stratum"].value_counts())
    uncertain = draw.uncertain(left.drop(index=stratified.index))
    drawn = pd.concat([double, random, stratified, uncertain])
    titles = ["title"] if "title" in drawn else []
    return draw.sorted(drawn, "order")[[*_QUEUE, *titles]].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class _Draw:
    """One draw for one labeller. Chance comes from hashes of ids, so the order of posts does not matter."""

    params: DrawParams
    labeller: str

    @property
    def sizes(self) -> dict[str, int]:
        """Posts of each way that has a share; rounded so that they are never more than `count` together."""
        p = self.params
        ends = np.cumsum([0, p.random_share, p.uncertain_share, p.double_share]) * p.count
        sizes = np.diff(np.round(ends)).astype(int)
        return dict(zip(("random", "uncertain", "double"), sizes.tolist(), strict=True))

    def sorted(self, posts: pd.DataFrame, what: str, *, by: str | None = None) -> pd.DataFrame:
        """Put posts in an order of chance, another one for each purpose."""
        key = hashlib.blake2b(
            f"{self.params.seed}/{self.labeller if by is None else by}/{what}".encode(),
            digest_size=8,
        )
        numbers = pd.util.hash_array(
            posts["key"].to_numpy(object), hash_key=key.hexdigest(), categorize=False
        )
        return posts.iloc[np.argsort(numbers, kind="stable")]

    def double(self, shared: pd.DataFrame) -> pd.DataFrame:
        # In one order for everybody, so that a third person meets posts that two have labelled.
        chosen = self.sorted(shared, "double", by="").head(self.sizes["double"])
        return chosen.assign(drawn="double", inclusion_probability=np.nan)

    def random(self, fresh: pd.DataFrame) -> pd.DataFrame:
        chosen = self.sorted(fresh, "random").head(self.sizes["random"])
        chance = len(chosen) / max(len(fresh), 1)
        return chosen.assign(drawn="random", inclusion_probability=chance)

    def stratified(self, left: pd.DataFrame, room: int, *, have: "pd.Series[int]") -> pd.DataFrame:
        mixed = self.sorted(left, "stratified")
        there = mixed["stratum"].value_counts(sort=False)
        labelled = have.reindex(there.index, fill_value=0)
        shares = share_out(there.to_numpy(np.int64), labelled.to_numpy(np.int64), room)
        quotas = dict(zip(there.index, shares, strict=True))
        chances = dict(zip(there.index, shares / there.to_numpy(), strict=True))
        wanted = mixed["stratum"].map(quotas)
        chosen = mixed[mixed.groupby("stratum", sort=False).cumcount() < wanted]
        chance = chosen["stratum"].map(chances)
        return chosen.assign(drawn="stratified", inclusion_probability=chance.astype(float))

    def uncertain(self, left: pd.DataFrame) -> pd.DataFrame:
        count = self.sizes["uncertain"]
        scored = self.sorted(left[left["uncertainty"].notna()], "uncertain")
        ranked = scored.sort_values("uncertainty", ascending=False, kind="stable")
        chosen = self.sorted(ranked.head(_CANDIDATES * count), "candidates").head(count)
        return chosen.assign(drawn="uncertain", inclusion_probability=np.nan)


def share_out(
    there: npt.NDArray[np.integer[Any]], have: npt.NDArray[np.integer[Any]], room: int
) -> npt.NDArray[np.int64]:
    """Fill strata from below, as water does, so that small ones are not starved.

    Parameters
    ----------
    there, have
        Posts of each stratum that can be drawn, and that are labelled already; shape (n_strata,).
    room
        Posts to draw.

    Returns
    -------
    numpy.ndarray
        Posts to draw of each stratum, shape (n_strata,); `room` together, or all that there are.
    """
    room = min(max(room, 0), int(there.sum()))
    low, high = 0, int((there + have).max(initial=0)) + 1
    while high - low > 1:  # the highest level for which there is room
        middle = (low + high) // 2
        low, high = (
            (middle, high) if np.clip(middle - have, 0, there).sum() <= room else (low, middle)
        )
    shares: npt.NDArray[np.int64] = np.clip(low - have, 0, there)
    # One more for as many as there is room for; the strata come in an order of chance.
    more = np.flatnonzero((shares < there) & (have + shares <= low))[: room - int(shares.sum())]
    shares[more] += 1
    return shares


def _read_pool(posts: Any, params: DrawParams) -> pd.DataFrame:
    """Posts with text, once each, with their key, stratum and uncertainty."""
    strata = [_DERIVED.get(name, name) for name in params.strata]
    check_columns(posts.columns, [*_KEY, "text", *strata], what="draw_posts")
    scores = _score_columns(posts.columns, params)
    titles = [name for name in ("title",) if name in posts.columns]
    columns = list(dict.fromkeys([*_KEY, "text", *titles, *strata, *scores]))
    frame = to_pandas(posts[columns]).drop_duplicates(_KEY, keep="last")
    texts = text_array(frame["text"])
    seen = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(texts), ""), False)
    frame = frame.assign(key=_keys(frame))
    frame = frame[np.asarray(seen.to_pylist(), bool)].reset_index(drop=True)
    return frame.assign(
        stratum=_strata(frame, params.strata),
        uncertainty=_uncertainty(frame, params.measure),
    )


def _score_columns(columns: Sequence[str], params: DrawParams) -> list[str]:
    there = [name for name in (*_PROBABILITIES, "sentiment") if name in columns]
    if params.uncertain_share and not there:
        raise SchemaError(
            "draw_posts finds uncertain posts by the columns p_negative, p_neutral, p_positive or sentiment. Score the "
            "posts first, with score_posts, or set uncertain_share to 0."
        )
    return there


def _uncertainty(frame: pd.DataFrame, measure: Measure) -> "pd.Series[Any]":
    """Rank scores by how unsure they are, 0 to 1; null where there is none.

    Probabilities and compounds are ranked apart: they have no common scale.
    """
    doubt = pd.Series(np.nan, index=frame.index)
    if set(_PROBABILITIES) <= set(frame.columns):
        doubt = _doubt(frame[_PROBABILITIES].to_numpy(float, na_value=np.nan), measure, frame.index)
    ranks = doubt.rank(pct=True)
    if "sentiment" in frame:
        compound = pd.Series(frame["sentiment"].to_numpy(float, na_value=np.nan), index=frame.index)
        ranks = ranks.fillna(compound[doubt.isna()].abs().rank(pct=True, ascending=False))
    return ranks


def _doubt(
    chances: npt.NDArray[np.float64], measure: Measure, index: "pd.Index[Any]"
) -> "pd.Series[float]":
    """Entropy of probabilities, or how close the first two are; shape (n_posts, n_labels) to (n_posts,)."""
    if measure == "margin":
        ordered = np.sort(chances, axis=1)
        return pd.Series(ordered[:, -2] - ordered[:, -1], index=index)
    parts = np.where(chances > 0, chances * np.log(np.where(chances > 0, chances, 1)), chances)
    return pd.Series(-parts.sum(axis=1), index=index)


def _strata(frame: pd.DataFrame, names: Sequence[str]) -> "pd.Series[Any]":
    parts = [_part(frame, name) for name in names]
    if not parts:
        return pd.Series("all", index=frame.index, dtype=object)
    joined = pc.binary_join_element_wise(*parts, " · ")
    return pd.Series(joined.to_pylist(), index=frame.index, dtype=object)


def _part(frame: pd.DataFrame, name: str) -> pa.Array:
    """One part of each post's stratum, in words."""
    if name == "month":
        months = pd.to_datetime(frame["created_at"], utc=True).to_numpy("datetime64[M]")
        return pa.array(np.where(np.isnat(months), "unknown", months.astype(str)))
    if name == "length":
        lengths = np.asarray(pc.utf8_length(text_array(frame["text"])))
        return pa.array(np.array([*_LENGTHS, "long"])[np.digitize(lengths, [*_LENGTHS.values()])])
    return pa.array([_word(value) for value in frame[name]], pa.string())


def _word(value: Any) -> str:
    if isinstance(value, list | tuple | np.ndarray):
        return "+".join(map(str, value)) or "none"
    return "unknown" if pd.isna(value) else str(value)


def _keys(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Source and id of each row as one text."""
    columns = (text_array(rows[name], column=name) for name in _KEY)
    return np.asarray(pc.binary_join_element_wise(*columns, "\0").to_pylist(), object)
