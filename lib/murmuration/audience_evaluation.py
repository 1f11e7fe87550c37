"""Authors whose group is known → how well segments find the groups, how stable they are, beside k-means on the obvious."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from murmuration.audience import SegmentParams, profile_authors, segment_authors
from murmuration.audience.blocks import Scaler, bend, count_terms_of, weigh
from murmuration.audience.features import NUMBERS
from murmuration.audience.interests import measure_interests
from murmuration.errors import ParamError, ReadError, suggest
from murmuration.topic_evaluation.run import peak_mb

_TROLLS = "trolls/trolls_segments_dev.parquet"
_SAMPLE_POSTS = 30_000
_REFERENCE_DIMENSIONS = 20
_LEAST_AUTHORS = 3  # that a term of the references has

Labels = npt.NDArray[np.int64]
OnProgress = Callable[[str, int, int], None]
Fit = Callable[[pd.DataFrame, int | None, int], Labels]


@dataclass(frozen=True, eq=False)
class AudienceSet:
    """Profiles of authors whose group is known.

    Attributes
    ----------
    name
        By which it is known.
    profiles
        From `profile_authors`.
    groups
        The group of each author, row for row.
    """

    name: str
    profiles: pd.DataFrame
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceEvaluation:
    """How well a method finds the groups of some authors; means over seeds.

    Attributes
    ----------
    data, method
        Names.
    authors, asked
        How many there are; how many segments were asked for, None where the method chose.
    segments
        How many were found.
    nmi, ari
        Agreement with the groups; authors that are left out are a group of their own.
    left_out
        Share of the authors in no segment.
    stability
        Median adjusted Rand index of segments of bootstrap samples of the authors, on those in both; None where not measured.
    same_number
        Share of the samples with the number of segments that most have.
    cpu_seconds, peak_mb
        Of one fit; memory of the process at its most.
    precision, popularity
        Share of ten foretold hashtags and communities that were held out, and of the ten most popular ones; None but for
        ours.
    """

    data: str
    method: str
    authors: int
    asked: int | None
    segments: float
    nmi: float
    ari: float
    left_out: float
    stability: float | None = None
    same_number: float | None = None
    cpu_seconds: float
    peak_mb: float
    precision: float | None = None
    popularity: float | None = None


def find_audiences(folder: Path, names: Sequence[str] = ()) -> list[AudienceSet]:
    """Give authors whose group is known: `trolls` of the folder of real data, and those of invented posts, `sample`.

    Raises
    ------
    ParamError
        If a name is not known.
    ReadError
        If a set that was named is not there.
    """
    readers: Mapping[str, Callable[[], AudienceSet | None]] = {
        "trolls": partial(_read_trolls, folder / _TROLLS),
        "sample": _make_sample,
    }
    for name in names:
        if name not in readers:
            raise ParamError(
                f"There is no set of authors {name!r}.{suggest(name, readers)} Known are {', '.join(readers)}."
            )
    found = {name: readers[name]() for name in names or readers}
    for name, one in found.items():
        if one is None and name in names:
            raise ReadError(
                f"There are no {name} in {folder}. Name their folder with MURMURATION_REAL_DATA."
            )
    return [one for one in found.values() if one is not None]


def _read_trolls(path: Path) -> AudienceSet | None:
    if not path.is_file():
        return None
    table = pd.read_parquet(path, columns=["author_id", "publish_date", "content", "followers", "retweet", "account_category"])  # fmt: skip
    posts = pd.DataFrame(
        {
            "author_key": table["author_id"].astype(str),
            "created_at": pd.to_datetime(table["publish_date"], utc=True),
            "text": table["content"].where(table["content"].notna(), None).astype("string"),
            "author_followers": table["followers"],
            "kind": np.where(table["retweet"] > 0, "repost", "post"),
        }
    )
    groups = table.groupby(posts["author_key"])["account_category"].first().astype(str)
    return _as_set("trolls", posts, groups)


def _make_sample() -> AudienceSet:
    from murmuration.sample import make_posts

    posts = pd.concat(list(make_posts(_SAMPLE_POSTS)), ignore_index=True)
    groups = posts.groupby("author_key")["truth_author_group"].first().astype(str)
    return _as_set("sample", posts.drop(columns=["hashtags"], errors="ignore"), groups)


def _as_set(name: str, posts: pd.DataFrame, groups: "pd.Series[Any]") -> AudienceSet:
    profiles = profile_authors(posts.drop(columns="source", errors="ignore"))
    return AudienceSet(name, profiles, tuple(groups.reindex(profiles["author_key"].astype(str))))


def _ours(profiles: pd.DataFrame, asked: int | None, seed: int) -> Labels:
    found = segment_authors(profiles, SegmentParams(n_segments=asked, seed=seed))
    return found["segment"].to_numpy(np.int64)


def _by_terms(kinds: Sequence[str], profiles: pd.DataFrame, asked: int | None, seed: int) -> Labels:
    counts, _ = count_terms_of(profiles, kinds)
    users = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(users >= _LEAST_AUTHORS)
    if len(kept) < 2:  # nothing tells authors apart
        return np.zeros(len(profiles), np.int64)
    rarity = np.log((1 + len(profiles)) / (1 + users[kept])) + 1
    from sklearn.decomposition import TruncatedSVD

    svd = TruncatedSVD(min(_REFERENCE_DIMENSIONS, len(kept) - 1), random_state=seed)
    return _k_means(svd.fit_transform(weigh(counts[:, kept], rarity)), asked, seed)


def _by_behaviour(profiles: pd.DataFrame, asked: int | None, seed: int) -> Labels:
    names = [name for name in NUMBERS if name in profiles.columns and profiles[name].notna().any()]
    values = np.stack([bend(profiles, name) for name in names], axis=1)
    spread = np.nanstd(values, axis=0)
    there = spread > 0
    scaler = Scaler(tuple(np.array(names)[there]), np.nanmean(values, axis=0)[there], spread[there], np.ones(int(there.sum())))  # fmt: skip
    return _k_means(scaler.place(profiles), asked, seed)


def _k_means(places: npt.NDArray[np.float64], asked: int | None, seed: int) -> Labels:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(asked or 5, n_init=10, random_state=seed).fit_predict(places), np.int64)  # fmt: skip


OURS, CHOSEN = "murmuration", "murmuration, number chosen"
METHODS: Mapping[str, Fit] = {
    OURS: _ours,
    CHOSEN: lambda profiles, _asked, seed: _ours(profiles, None, seed),
    "k-means, hashtags and accounts": partial(_by_terms, ("hashtags", "mentions")),
    "k-means, words": partial(_by_terms, ("words",)),
    "k-means, behaviour": _by_behaviour,
}


def evaluate(
    sets: Sequence[AudienceSet],
    methods: Sequence[str] = (),
    *,
    seeds: int = 5,
    samples: int = 10,
    on_progress: OnProgress = lambda name, done, total: None,
) -> Iterator[AudienceEvaluation]:
    """Evaluate methods on sets of authors, each in a process of its own, so that its memory can be told.

    Parameters
    ----------
    sets
        From `find_audiences`.
    methods
        Names in `METHODS`; all unless given.
    seeds
        How many times each fit is made.
    samples
        Bootstrap samples of the authors that stability of ours is measured with; fewer than 2 for none.
    on_progress
        Told what is done next, and how much of how much is.

    Raises
    ------
    ParamError
        If a method is not known.
    """
    for name in methods:
        if name not in METHODS:
            raise ParamError(
                f"There is no method {name!r}.{suggest(name, METHODS)} Known are {', '.join(METHODS)}."
            )
    jobs = [(one, method) for one in sets for method in methods or METHODS]
    for done, (one, method) in enumerate(jobs):
        on_progress(f"{one.name}: {method}", done, len(jobs))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
            yield own.submit(measure, one, method, seeds=seeds, samples=samples).result()


def measure(
    audience: AudienceSet, method: str, *, seeds: int = 5, samples: int = 10
) -> AudienceEvaluation:
    """Evaluate one method on one set of authors, in this process."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    asked = None if method == CHOSEN else len(set(audience.groups))
    fits, cpu = [], []
    for seed in range(seeds):
        began = time.process_time()
        fits.append(METHODS[method](audience.profiles, asked, seed))
        cpu.append(time.process_time() - began)
    peak = peak_mb()
    stability, same = _measure_stability(audience.profiles, METHODS[method], asked, samples) if method in (OURS, CHOSEN) else (None, None)  # fmt: skip
    foretold = measure_interests(audience.profiles) if method == OURS else {}
    return AudienceEvaluation(
        data=audience.name,
        method=method,
        authors=len(audience.profiles),
        asked=asked,
        segments=float(np.mean([len(set(fit[fit >= 0])) for fit in fits])),
        nmi=float(np.mean([normalized_mutual_info_score(audience.groups, fit) for fit in fits])),
        ari=float(np.mean([adjusted_rand_score(audience.groups, fit) for fit in fits])),
        left_out=float(np.mean([(fit < 0).mean() for fit in fits])),
        stability=stability,
        same_number=same,
        cpu_seconds=float(np.mean(cpu)),
        peak_mb=peak,
        precision=foretold.get("precision"),
        popularity=foretold.get("popularity"),
    )


def _measure_stability(
    profiles: pd.DataFrame, fit: Fit, asked: int | None, samples: int
) -> tuple[float | None, float | None]:
    """Give how alike segments of bootstrap samples are, and how many have the number that most have."""
    from sklearn.metrics import adjusted_rand_score

    if samples < 2:
        return None, None
    rng = np.random.default_rng(0)
    drawn = [np.unique(rng.integers(0, len(profiles), len(profiles))) for _ in range(samples)]
    found = [fit(profiles.iloc[rows].reset_index(drop=True), asked, 0) for rows in drawn]
    scores = []
    for one, other in combinations(range(samples), 2):
        _, own, theirs = np.intersect1d(drawn[one], drawn[other], return_indices=True)
        scores.append(adjusted_rand_score(found[one][own], found[other][theirs]))
    numbers = [len(set(labels[labels >= 0])) for labels in found]
    same = max(numbers.count(number) for number in set(numbers)) / samples
    return float(np.median(scores)), float(same)
