"""How topics keep their identity: python tests/benchmarks/topics_identity.py [trolls] [planted] [--merge-models] [--seeds 3]

`trolls`: two windows of six days of real tweets, three days apart, at five times. Of the posts in both that have a topic in
both: the share that keeps its id where the second fit goes on from the first; for plain BERTopic fitted twice (ids as they are, and
under the best renaming), and with its merge_models. NMI is that of topics and kind of account in the second window.

`planted`: posts of the sample of which some topics are only in the first or in the second week; posts of which say two
things in one week, and one of the two in the other. How many of these births, deaths, merges and splits are named so.
"""

import argparse
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import normalized_mutual_info_score

from murmuration.sample import make_posts
from murmuration.topics import TopicParams, assign_topics, fit_topics, match_topics

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
STARTS = ("2015-06-29", "2015-11-23", "2015-12-14", "2016-10-03", "2017-08-09")
CONSTANT, EACH = 8, 2  # topics that go on; of each kind of change


def read_trolls() -> pd.DataFrame:
    columns = ["content", "publish_date", "account_category"]
    path = REAL / "trolls/trolls_segments_dev.parquet"
    posts = pd.read_parquet(path, columns=columns).rename(
        columns={"content": "text", "publish_date": "created_at"}
    )
    return posts.assign(created_at=pd.to_datetime(posts["created_at"], utc=True))


def window(posts: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    there = (posts["created_at"] >= start) & (posts["created_at"] < start + pd.Timedelta(days=6))
    return posts[there]


def keep(before: pd.Series, now: pd.Series) -> float:
    """Share of shared posts that keep their id, of those with a topic in both."""
    shared = before.index.intersection(now.index)
    one, other = before[shared].to_numpy(), now[shared].to_numpy()
    both = (one >= 0) & (other >= 0)
    return float((one[both] == other[both]).mean())


def rename_best(before: pd.Series, now: pd.Series) -> float:
    """The same under the best renaming of the second."""
    shared = before.index.intersection(now.index)
    both = (before[shared] >= 0) & (now[shared] >= 0)
    table = pd.crosstab(before[shared][both], now[shared][both]).to_numpy()
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / table.sum())


def line(
    name: str, kept: float, topics: tuple[int, int], nmi: float, seconds: float, more: str = ""
) -> None:
    print(
        f"  {name:34}{kept:8.1%}{topics[0]:6} →{topics[1]:4}{nmi:8.3f}{seconds:8.1f} {more}",
        flush=True,
    )


def judge_trolls(n_topics: int | None, *, merge_models: bool) -> None:
    posts = read_trolls()
    for start in STARTS:
        at = pd.Timestamp(start, tz="UTC")
        one, two = window(posts, at), window(posts, at + pd.Timedelta(days=3))
        shared = len(one.index.intersection(two.index))
        print(
            f"{start}: {len(one):,} and {len(two):,} posts, {shared:,} in both, topics asked for: {n_topics}"
        )
        print(f"  {'':34}{'keep id':>8}{'topics':>12}{'NMI':>8}{'CPU s':>8}")
        for row in measure_ours(one, two, n_topics):
            line(*row)
        judge_plain(one, two, n_topics, merge_models=merge_models)


def measure_ours(
    one: pd.DataFrame, two: pd.DataFrame, n_topics: int | None
) -> Iterator[tuple[str, float, tuple[int, int], float, float, str]]:
    params = TopicParams(n_topics=n_topics, embedding="lsa")
    first = fit_topics(one, params)
    before = assign_topics(one, first)["topic"]
    for name, posts, previous in (
        ("ours, going on", two, first), ("ours, the same posts again", one, first), ("ours, fitted anew", two, None),
    ):  # fmt: skip
        began = process_time()
        model = fit_topics(posts, params, continue_from=previous)
        seconds = process_time() - began
        now = assign_topics(posts, model)["topic"]
        nmi = normalized_mutual_info_score(posts["account_category"], now)
        kept = keep(before, now) if previous else rename_best(before, now)
        told = (
            match_topics(first, model)["event"].value_counts().to_dict()
            if previous
            else "best renaming"
        )
        yield name, kept, (len(first.topics), len(model.topics)), nmi, seconds, str(told)


def judge_plain(
    one: pd.DataFrame, two: pd.DataFrame, n_topics: int | None, *, merge_models: bool
) -> None:
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from umap import UMAP

    union = pd.concat([one, two[~two.index.isin(one.index)]])
    weighed = TfidfVectorizer(min_df=2).fit_transform(union["text"])
    places = pd.DataFrame(
        TruncatedSVD(100, random_state=0).fit_transform(weighed), index=union.index
    )
    fitted, seconds = [], []
    for posts in (one, two):
        began = process_time()
        umap = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0, n_jobs=1
        )
        asked = None if n_topics is None else n_topics + 1
        model = BERTopic(embedding_model=BaseEmbedder(), umap_model=umap, nr_topics=asked)
        labels, _ = model.fit_transform(
            posts["text"].tolist(), embeddings=places.loc[posts.index].to_numpy()
        )
        fitted.append((model, pd.Series(labels, index=posts.index)))
        seconds.append(process_time() - began)
    (model, before), (other, now) = fitted
    nmi = normalized_mutual_info_score(two["account_category"], now)
    numbers = (before.max() + 1, now.max() + 1)
    line("plain BERTopic, fitted twice", keep(before, now), numbers, nmi, seconds[1])
    line("plain BERTopic, best renaming", rename_best(before, now), numbers, nmi, seconds[1])
    if merge_models:
        began = process_time()
        merged = BERTopic.merge_models([model, other])
        labels, _ = merged.transform(two["text"].tolist(), places.loc[two.index].to_numpy())
        now = pd.Series(labels, index=two.index)
        nmi = normalized_mutual_info_score(two["account_category"], now)
        numbers = (before.max() + 1, len(merged.get_topics()) - 1)
        line(
            "plain BERTopic, merge_models", keep(before, now), numbers, nmi, process_time() - began
        )


def plant(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, list[tuple[str, ...]]]]:
    """Two weeks of posts, and what was planted: names of topics by kind of change."""
    posts = pd.concat(make_posts(60_000, seed=seed), ignore_index=True)
    plain = (
        posts["truth_broken"].isna() & posts["truth_crisis"].isna() & posts["truth_copy_of"].isna()
    )
    posts = posts[
        plain & (posts["truth_lang"] == "en") & ~posts["truth_spam"] & posts["repost_of_id"].isna()
    ]
    texts = posts.groupby("truth_topic")["text"].apply(lambda one: one.drop_duplicates().tolist())
    # Topics that are made of others, and those that others are made of, say the same.
    names = [name for name in texts.index if len(texts[name]) >= 300 and name.split("/")[-1] not in
             {"handset", "riding", "rewards_app", "refund_desk"}]  # fmt: skip
    rng = np.random.default_rng(seed)
    drawn = iter(rng.permutation(names).tolist())
    take = lambda n: [tuple(next(drawn) for _ in range(n)) for _ in range(EACH)]  # noqa: E731
    planned = {"born": take(1), "died": take(1), "merged": take(2), "split": take(2)}
    planned["continued"] = [(next(drawn),) for _ in range(CONSTANT)]
    weeks: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
    for kind, groups in planned.items():
        for group in groups:
            halves = [
                [texts[name][:150] for name in group],
                [texts[name][150:300] for name in group],
            ]
            for week, half in zip(weeks, halves, strict=True):
                first = week is weeks[0]
                if (kind, first) in (("born", True), ("died", False)):
                    continue
                if (kind, first) in (("merged", False), ("split", True)):
                    week += [(" ".join(pair), "+".join(group)) for pair in zip(*half, strict=True)]
                else:
                    week += [
                        (text, name) for name, own in zip(group, half, strict=True) for text in own
                    ]
    one, two = (pd.DataFrame(week, columns=["text", "truth"]) for week in weeks)
    return one, two, planned


def find_planted(seeds: int, *, told: bool) -> dict[str, list[bool]]:
    """Whether planted changes are named as what they are, by kind; the number of topics told or not."""
    hits: dict[str, list[bool]] = {}
    for seed in range(100, 100 + seeds):
        one, two, planned = plant(seed)
        asked = one["truth"].nunique() if told else None
        first = fit_topics(one, TopicParams(n_topics=asked, embedding="lsa", seed=seed))
        second = fit_topics(two, TopicParams(embedding="lsa", seed=seed), continue_from=first)
        lineage = match_topics(first, second)
        before, now = (
            posts.assign(topic=assign_topics(posts, model)["topic"])
            for posts, model in ((one, first), (two, second))
        )
        main = [
            week[week["topic"] >= 0].groupby("truth")["topic"].agg(lambda one: one.mode().iloc[0])
            for week in (before, now)
        ]
        for kind, groups in planned.items():
            for group in groups:
                names = {"merged": ["+".join(group)], "split": list(group)}.get(kind, list(group))
                found = [name_of(lineage, main, kind, group, name) for name in names]
                hits.setdefault(kind, []).append(all(found))
    return hits


def judge_planted(seeds: int, n_topics: int | None) -> None:
    hits = find_planted(seeds, told=bool(n_topics))
    told = ", ".join(f"{kind} {np.mean(named):.0%} of {len(named)}" for kind, named in hits.items())
    print(
        f"planted, {seeds} seeds, number {'told' if n_topics else 'not told'}: {told}", flush=True
    )


def name_of(
    lineage: pd.DataFrame, main: list[pd.Series], kind: str, group: tuple[str, ...], name: str
) -> bool:
    """Whether the link of a planted topic is named as what it is."""
    if kind == "died":
        rows = lineage[lineage["previous_id"] == main[0][name]]
    elif kind == "merged":
        there = {main[0][one] for one in group}
        rows = lineage[lineage["previous_id"].isin(there) & (lineage["topic"] == main[1][name])]
        if len(rows) < len(there) or len(there) < len(group):
            return False
    elif kind == "split":
        rows = lineage[
            (lineage["topic"] == main[1][name])
            & (lineage["previous_id"] == main[0]["+".join(group)])
        ]
    else:
        rows = lineage[lineage["topic"] == main[1][name]]
    return len(rows) > 0 and bool((rows["event"] == kind).all())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["trolls", "planted"])
    parser.add_argument(
        "--topics", type=int, help="how many are asked for; unless given the posts decide"
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--merge-models", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if "trolls" in asked.what:
        judge_trolls(asked.topics, merge_models=asked.merge_models)
    if "planted" in asked.what:
        judge_planted(asked.seeds, asked.topics)


if __name__ == "__main__":
    main()
