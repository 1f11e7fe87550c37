"""What the authors of a segment care for more than others: hashtags, topics, communities, sites and words."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from murmuration.audience.blocks import count_terms_of
from murmuration.audience.policy import Policy
from murmuration.audience.tally import Floats, Ints
from murmuration.frames import TEXT
from murmuration.trends.intervals import wilson

# Accounts are kept as keys, which say nothing to a reader.
KINDS = ("topics", "hashtags", "communities", "domains", "words")
MARKS = ("segment", "kind", "rank", "term", "authors", "share", "share_low", "share_high", "share_rest", "times", "z")  # fmt: skip
_LEAST_AUTHORS = 5  # that share a term: what fewer say could tell who they are
_LEAST_SHARE = 0.03
_LEAST_Z = 3.0  # of hundreds of terms that are looked at, hardly one reaches it by chance

Names = Mapping[str, Mapping[str, str]]


def find_marks(
    profiles: pd.DataFrame,
    labels: Ints,
    segments: Ints,
    *,
    policy: Policy,
    names: Names | None = None,
    without: Sequence[str] = (),
    count: int = 10,
) -> pd.DataFrame:
    """Find the terms that more authors of a segment use than others do; none where all authors are one segment.

    Parameters
    ----------
    profiles
        From `profile_authors`.
    labels
        Segment of each author, −1 for none.
    segments
        Of which terms are told.
    policy
        What it forbids is left out.
    names
        Kind of terms → term → how it is called, such as the label of a topic's number.
    without
        Words that posts were found by, left out as well: see `own_terms`.
    count
        Terms of each kind and segment, at most.

    Returns
    -------
    pandas.DataFrame
        `segment`, `kind`, `rank` (1 tells most), `term`, `authors` (of the segment who use it, five or more), `share`
        with its interval and `share_rest` (of the segment's authors, and of those in others, 0 to 1), `times` (the one
        over the other; null where no other uses it), `z`.
    """
    rows = []
    own = own_terms(without)
    for kind in (kind for kind in KINDS if kind in profiles.columns):
        counts, terms = count_terms_of(profiles, (kind,))
        users = (counts > 0).astype(np.float64)
        enough = np.flatnonzero(np.asarray(users.sum(axis=0)).ravel() >= _LEAST_AUTHORS)
        called = [term.partition(":")[2] for term in terms.take(enough).to_pylist()]
        said = (names or {}).get(kind, {})
        called = [said.get(term, term) for term in called]
        for segment, column in zip(segments, _compare(users[:, enough], labels, segments), strict=True):  # fmt: skip
            rows += _rows(int(segment), kind, called, column, policy, own, count)
    frame = pd.DataFrame(rows, columns=list(MARKS))
    numbers = ("share", "share_low", "share_high", "share_rest", "times", "z")
    return frame.astype({**dict.fromkeys(("segment", "rank", "authors"), "int64"), "kind": TEXT, "term": TEXT, **dict.fromkeys(numbers, "float64")})  # fmt: skip


def own_terms(without: Sequence[str]) -> frozenset[str]:
    """Give words that posts were found by as terms are written: whole, as one word, and each of their words."""
    plain = [word.casefold().lstrip("#@") for word in without]
    parts = [part for word in plain for part in re.split(r"[\s_-]+", word)]
    return frozenset([*plain, *parts, *(re.sub(r"[\s_-]+", "", word) for word in plain)])


def _compare(users: sparse.csr_matrix, labels: Ints, segments: Ints) -> list[dict[str, Floats]]:
    there = labels >= 0
    everybody = np.asarray(users[there].sum(axis=0)).ravel()
    found = []
    for segment in segments:
        inside = labels == segment
        m, n = int(inside.sum()), int(there.sum() - inside.sum())
        compared = min(m, n) > 0
        authors = np.asarray(users[inside].sum(axis=0)).ravel()
        share, rest = authors / max(m, 1), (everybody - authors) / max(n, 1)
        pooled = everybody / max(m + n, 1)
        error = np.sqrt(pooled * (1 - pooled) * (1 / max(m, 1) + 1 / max(n, 1)))
        low, high = wilson(share, np.full(len(share), float(max(m, 1))))
        found.append(
            {
                "authors": authors, "share": share, "low": low, "high": high, "rest": rest,
                "z": np.divide(share - rest, error, out=np.zeros(len(share)), where=compared & (error > 0)),
            }
        )  # fmt: skip
    return found


def _rows(
    segment: int, kind: str, called: list[str], found: dict[str, Floats], policy: Policy, own: frozenset[str], count: int
) -> list[tuple[object, ...]]:  # fmt: skip
    good = (found["authors"] >= _LEAST_AUTHORS) & (found["share"] >= _LEAST_SHARE) & (found["z"] >= _LEAST_Z)  # fmt: skip
    ranked = sorted(np.flatnonzero(good), key=lambda at: (-found["z"][at], called[at]))
    rows: list[tuple[object, ...]] = []
    for at in ranked:
        if len(rows) == count:
            break
        if called[at].casefold() not in own and policy.allows(called[at]):
            share, rest = found["share"][at], found["rest"][at]
            times = share / rest if rest > 0 else np.nan
            rows.append((segment, kind, len(rows) + 1, called[at], int(found["authors"][at]), share, found["low"][at], found["high"][at], rest, times, found["z"][at]))  # fmt: skip
    return rows
