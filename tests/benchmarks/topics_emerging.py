"""How soon planted growth of topics is found, and how much is found that was not planted.

    python tests/benchmarks/topics_emerging.py [counts] [looks] [posts] [--seeds N] [--first SEED]

`counts`: 60 topics of uneven size whose counts are negative binomial, over-dispersed by `excess` (variance over squared mean, beyond
Poisson) around a latent autoregression of `corr.` from day to day, on weekdays of their own and days that are busy for all. Five of
them have `size` posts a day and grow by a step. `found` is which part of them is named as emerging, new or growing on the first,
second and third daily look; FDR is which part of the names is false, on average over looks on the third day.

`looks`: the same 60 topics looked at on each of 28 days, without and with growth planted in five of them: how much is named in all.

`posts`: the usual plan of the sample posts (four brands, 45 topics that grow, are born, split, merge and die, and eight crises), with the
true topic of each post, looked at daily; the names are those of the planted truth.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from scipy.special import gammaincinv, ndtr

import murmuration as mm
from murmuration.topics import EmergingParams, find_emerging

START = pd.Timestamp("2026-01-05", tz="UTC")
UP = ("emerging", "new", "growing")
PARAMS = EmergingParams(weight="n")
HISTORY = PARAMS.window + PARAMS.baseline
TOPICS, PLANTED = 60, 5
NOISE = ((0.02, 0.0), (0.05, 0.3), (0.1, 0.4), (0.2, 0.6))


def make_means(rng: np.random.Generator, excess: float, corr: float, days: int) -> np.ndarray:
    """Means of the days of topics, whose Poisson counts are then negative binomial; shape (n_topics, n_days)."""
    sizes = rng.lognormal(np.log(25), 0.9, TOPICS)
    latent = rng.normal(size=(TOPICS, days))
    for day in range(1, days):
        latent[:, day] = corr * latent[:, day - 1] + np.sqrt(1 - corr**2) * latent[:, day]
    factors = gammaincinv(1 / excess, ndtr(latent)) * excess
    weekdays = np.exp(rng.normal(0, 0.2, (TOPICS, 7)))
    weekdays /= weekdays.mean(axis=1, keepdims=True)
    week = np.arange(days) % 7
    everyone = np.exp(rng.normal(0, 0.1, days)) * np.where(week >= 5, 0.7, 1.0)
    return sizes[:, None] * factors * weekdays[:, week] * everyone


def plant(means: np.ndarray, *, size: float, factor: float, day: int) -> np.ndarray:
    """Let the first topics have a size, and grow on a day."""
    planted = means.copy()
    planted[:PLANTED] *= size / means[:PLANTED, :day].mean(axis=1, keepdims=True)
    planted[:PLANTED, day:] *= factor
    return planted


def look(counts: np.ndarray, days: int) -> pd.DataFrame:
    """What is said after so many days."""
    first = days - HISTORY
    topic, day = np.nonzero(counts[:, first:days])
    assigned = pd.DataFrame(
        {
            "created_at": START + pd.to_timedelta((day + first) * 24 + 12, unit="h"),
            "topic": topic,
            "n": counts[topic, day + first],
        }
    )
    return find_emerging(assigned, PARAMS, until=START + pd.Timedelta(days=days))


def named(table: pd.DataFrame) -> set[int]:
    return set(table.loc[table["status"].isin(UP), "topic"].tolist())


def judge_counts(seeds: range) -> None:
    print(f"Planted growth in {PLANTED} of {TOPICS} topics, {len(seeds)} seeds from {seeds.start}")
    print(
        f"{'excess':>7}{'corr.':>7}{'factor':>8}{'size':>6}{'found by day 1':>16}{'2':>8}{'3':>8}{'FDR':>8}"
    )
    for excess, corr in NOISE:
        for factor, size in ((3, 20), (3, 60), (3, 7), (2, 20)):
            shares, false = measure_counts(seeds, excess, corr, factor=factor, size=size)
            print(
                f"{excess:7.2f}{corr:7.1f}{factor:8.1f}{size:6}{shares[0]:16.1%}{shares[1]:8.1%}{shares[2]:8.1%}"
                f"{false:8.3f}",
                flush=True,
            )


def measure_counts(
    seeds: range, excess: float, corr: float, *, factor: float, size: int
) -> tuple[np.ndarray, float]:
    """Which part of planted topics is named by the first, second and third look, and which of the names is false."""
    found, false = np.zeros((len(seeds), 3)), []
    for row, seed in enumerate(seeds):
        rng = np.random.default_rng(
            [seed, int(100 * excess), int(10 * corr), size, int(10 * factor)]
        )
        means = make_means(rng, excess, corr, HISTORY)
        onset = HISTORY - 3
        # The look of the first day sees four weeks and a week as well.
        longer = np.concatenate([means[:, :14], means], axis=1)
        counts = rng.poisson(plant(longer, size=size, factor=factor, day=14 + onset))
        for day in range(3):
            names = named(look(counts, 14 + onset + day + 1))
            found[row, day] = len(names & set(range(PLANTED))) / PLANTED
        false.append(len(names - set(range(PLANTED))) / max(len(names), 1))
    return np.maximum.accumulate(found, axis=1).mean(axis=0), float(np.mean(false))


def judge_looks(seeds: range) -> None:
    """Look on each day of four weeks: what is named though nothing was planted there."""
    print(f"A look on each of 28 days at {TOPICS} topics, {len(seeds)} seeds from {seeds.start}")
    print(
        f"{'excess':>7}{'corr.':>7}{'planted':>9}{'FDR a look':>12}{'false topics a month':>22}{'looks with one':>16}"
    )
    for excess, corr in NOISE:
        for factor in (1, 3):
            shares, topics = [], []
            for seed in seeds:
                rng = np.random.default_rng([seed, int(100 * excess), int(10 * corr), factor])
                means = make_means(rng, excess, corr, HISTORY + 28)
                counts = rng.poisson(plant(means, size=20, factor=factor, day=HISTORY + 10))
                true = set(range(PLANTED)) if factor > 1 else set()
                names = [named(look(counts, HISTORY + day + 1)) for day in range(28)]
                shares += [len(one - true) / max(len(one), 1) for one in names]
                topics.append(len(set().union(*names) - true))
            print(
                f"{excess:7.2f}{corr:7.1f}{PLANTED * (factor > 1):9}{np.mean(shares):12.3f}{np.mean(topics):22.1f}"
                f"{np.mean(np.array(shares) > 0):16.1%}",
                flush=True,
            )


def read_sample(n: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = ["created_at", "author_key", "lang", "truth_topic"]
    posts = pd.concat([frame[columns] for frame in mm.sample.make_posts(n, seed)])
    posts = posts.dropna(subset=["created_at", "truth_topic"])
    truth = mm.sample.planted_topics()
    truth["id"] = range(len(truth))
    ids = dict(zip(truth["topic"], truth["id"], strict=True))
    return posts.assign(topic=posts["truth_topic"].map(ids).fillna(-1).astype("int64")), truth


def make_lineage(truth: pd.DataFrame) -> pd.DataFrame:
    """What `match_topics` says where it makes no mistake."""
    ids = dict(zip(truth["topic"], truth["id"], strict=True))
    rows = [(shape, ids[parent], own) for own, shape, parents in zip(truth["id"], truth["shape"], truth["parents"], strict=True) for parent in parents]  # fmt: skip
    rows += [("born", None, own) for own, shape in zip(truth["id"], truth["shape"], strict=True) if shape in ("born", "crisis")]  # fmt: skip
    return pd.DataFrame(rows, columns=["event", "previous_id", "topic"])


WANTED = {"growing": UP, "born": ("new",), "crisis": ("new",), "died": ("fading", "gone")}


def judge_posts(n: int, seeds: range) -> None:
    """Daily looks at the sample posts; what is named of a topic within a window of its change is true."""
    print(
        f"{n:,} sample posts over 84 days, looks on the days 36 to 84, {len(seeds)} seeds from {seeds.start}"
    )
    delays: dict[str, list[float]] = {shape: [] for shape in WANTED}
    shares, wrongly_new, few = [], 0, []
    for seed in seeds:
        posts, truth = read_sample(n, seed)
        lineage = make_lineage(truth)
        crises = mm.sample.planted_crises()
        loud = set(
            truth.loc[truth["topic"].isin(crises.loc[crises["accounts"].notna(), "topic"]), "id"]
        )
        starts = truth["changes_at"].fillna(truth["start"]).to_numpy(dtype="datetime64[us]")
        found: dict[int, int] = {}
        for days in range(HISTORY + 1, 85):
            end = START + pd.Timedelta(days=days)
            since = end - pd.Timedelta(days=HISTORY)
            part = posts[(posts["created_at"] >= since) & (posts["created_at"] < end)]
            table = find_emerging(part, lineage=lineage, until=end).merge(
                truth, left_on="topic", right_on="id"
            )
            names = table[table["status"].isin(UP)]
            shares.append(_false_share(names, end))
            wrongly_new += int(
                ((table["status"] == "new") & table["shape"].isin(["split", "merged"])).sum()
            )
            for own, shape, status, driven in zip(table["id"], table["shape"], table["status"], table["driven_by"], strict=True):  # fmt: skip
                if (
                    status in WANTED.get(shape, ())
                    and own not in found
                    and days * 86_400e6 >= _after(starts[own])
                ):
                    found[own] = days
                    if shape == "crisis":
                        few.append((own in loud, driven))
        for own, shape in zip(truth["id"], truth["shape"], strict=True):
            if shape in WANTED and _after(starts[own]) > HISTORY * 86_400e6:
                delays[shape].append(found.get(own, np.inf) - _after(starts[own]) / 86_400e6)
    for shape, each in delays.items():
        late = np.array(each)
        print(
            f"{shape:9}{len(late):4} planted, found {np.isfinite(late).mean():6.1%}, within 3 days {(late <= 3).mean():6.1%}, "
            f"median delay {np.median(late):.1f} days"
        )
    print(f"FDR a look {np.mean(shares):.3f}; split or merged topics called new: {wrongly_new}")
    print("few accounts:", sorted((str(key), few.count(key)) for key in set(few)))


def _after(moment: np.datetime64) -> float:
    """Microseconds since the start of the plan."""
    return float((moment - np.datetime64(START.tz_localize(None))) / np.timedelta64(1, "us"))


def _false_share(names: pd.DataFrame, end: pd.Timestamp) -> float:
    """Which part of the names did not begin or grow within the window (or while it grew)."""
    changed = names["shape"].isin(["growing", "born", "crisis"])
    begin = names["changes_at"].fillna(names["start"]).astype("datetime64[us, UTC]")
    over = pd.to_timedelta(names["over_days"].fillna(1).astype(int), unit="D") + pd.Timedelta(
        days=PARAMS.window
    )
    true = changed & (begin < end) & (begin + over + pd.Timedelta(days=PARAMS.baseline) >= end)
    return float((~true).sum() / max(len(names), 1))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["counts", "looks", "posts"])
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=20_260_000)
    parser.add_argument("--posts", type=int, default=150_000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds = range(asked.first, asked.first + asked.seeds)
    if "counts" in asked.parts:
        judge_counts(seeds)
    if "looks" in asked.parts:
        judge_looks(seeds[: max(1, asked.seeds // 4)])
    if "posts" in asked.parts:
        judge_posts(asked.posts, seeds[: max(1, asked.seeds // 20)])


if __name__ == "__main__":
    main()
