"""How well posts are grouped, and how telling the terms are, next to plain BERTopic, NMF and k-means.

    python tests/benchmarks/topics_quality.py [StackOverflow] [Tweet] [BBC] [Reddit] [--seeds N]

Vectors of plain BERTopic and of k-means are TF-IDF with TruncatedSVD (100 dimensions); BERTopic is left to its own number of
topics and then reduced to the number asked for. Posts that are left out are one wrong group. NPMI counts in windows of ten
words (Röder et al. 2015, doi:10.1145/2684822.2685324), over pairs of the ten terms that come first; diversity is the share
of different ones among them (Dieng et al. 2020, doi:10.1162/tacl_a_00325). Reddit is for seconds and memory: each method
has a process of its own.
"""

import argparse
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import NMF, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from murmuration.topics import TopicParams, assign_topics, fit_topics

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
SETS = {
    "StackOverflow": ("topics/StackOverflow.txt", "topics/StackOverflow_label.txt", (20,)),
    "Tweet": ("topics/Tweet.txt", "topics/Tweet_LABEL.txt", (89,)),
    "BBC": (
        "topics/octis_BBC_News/corpus.txt", "topics/octis_BBC_News/labels.txt", (10, 20, 30, 40, 50),
    ),
}  # fmt: skip
TOP = 10  # terms
WINDOW = 10  # words

# Labels of the posts, and the terms of each topic.
Found = tuple[np.ndarray, list[list[str]]]


def read_set(name: str) -> tuple[list[str], list[str]]:
    texts, labels, _ = SETS[name]
    truth = (REAL / labels).read_text(encoding="utf-8").split()
    return (REAL / texts).read_text(encoding="utf-8").split("\n")[: len(truth)], truth


def with_ours(method: str) -> Callable[[list[str], int, int], Found]:
    def fit(texts: list[str], n_topics: int, seed: int) -> Found:
        posts = pd.DataFrame({"text": texts})
        params = TopicParams(n_topics=n_topics, seed=seed, method=method, embedding="lsa")
        model = fit_topics(posts, params)
        return assign_topics(posts, model)["topic"].to_numpy(), model.topics["terms"].tolist()

    return fit


def vectors_of(texts: list[str], seed: int) -> np.ndarray:
    weighed = TfidfVectorizer(min_df=2).fit_transform(texts)
    return TruncatedSVD(100, random_state=seed).fit_transform(weighed)


def plain_bertopic(texts: list[str], n_topics: int | None, seed: int) -> Found:
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from umap import UMAP

    umap = UMAP(
        n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed, n_jobs=1
    )
    asked = None if n_topics is None else n_topics + 1
    model = BERTopic(embedding_model=BaseEmbedder(), umap_model=umap, nr_topics=asked)
    labels, _ = model.fit_transform(texts, embeddings=vectors_of(texts, seed))
    terms = [[term for term, _ in model.get_topic(one)] for one in set(labels) - {-1}]
    return np.array(labels), terms


def plain_nmf(texts: list[str], n_topics: int, seed: int) -> Found:
    count = TfidfVectorizer(min_df=2)
    model = NMF(n_topics, random_state=seed, init="nndsvd", max_iter=400)
    labels = model.fit_transform(count.fit_transform(texts)).argmax(axis=1)
    names = count.get_feature_names_out()
    return labels, [list(names[row.argsort()[::-1][:TOP]]) for row in model.components_]


def plain_k_means(texts: list[str], n_topics: int, seed: int) -> Found:
    labels = KMeans(n_topics, random_state=seed, n_init=10).fit_predict(vectors_of(texts, seed))
    return labels, terms_of(texts, labels)


def terms_of(texts: list[str], labels: np.ndarray) -> list[list[str]]:
    """Terms by the c-TF-IDF of BERTopic."""
    count = CountVectorizer(min_df=2)
    members = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    sums = (members @ count.fit_transform(texts)).toarray()
    weights = (
        sums
        / sums.sum(axis=1, keepdims=True)
        * np.log(1 + sums.sum() / len(sums) / sums.sum(axis=0))
    )
    names = count.get_feature_names_out()
    return [list(names[row.argsort()[::-1][:TOP]]) for row in weights]


METHODS = {
    "murmuration": with_ours("bertopic"), "murmuration nmf": with_ours("nmf"),
    "plain BERTopic": plain_bertopic, "plain NMF": plain_nmf, "k-means": plain_k_means,
}  # fmt: skip


def windows_of(texts: list[str]) -> tuple[sparse.csc_matrix, dict[str, int]]:
    """Which words stand in which window of the texts."""
    places: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    row = 0
    for text in texts:
        words = [places.setdefault(word, len(places)) for word in text.split()]
        for at in range(max(1, len(words) - WINDOW + 1)):
            there = set(words[at : at + WINDOW])
            columns += there
            rows += [row] * len(there)
            row += 1
    ones = np.ones(len(rows), np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), (row, len(places))).tocsc(), places


def coherence(windows: sparse.csc_matrix, places: dict[str, int], topics: list[list[str]]) -> float:
    """Mean normalised pointwise mutual information."""
    n, found = windows.shape[0], []
    for terms in topics:
        known = [places[term] for term in terms[:TOP] if term in places]
        part = windows[:, known]
        both = (part.T @ part).toarray() / n
        alone = both.diagonal()
        for one, other in combinations(range(len(known)), 2):
            joint = both[one, other] + 1e-12
            found.append(np.log(joint / (alone[one] * alone[other])) / -np.log(joint))
    return float(np.mean(found))


def diversity(topics: list[list[str]]) -> float:
    terms = [term for one in topics for term in one[:TOP]]
    return len(set(terms)) / max(len(terms), 1)


def judge(name: str, seeds: int) -> None:
    """Print a line for each method: means over numbers of topics and seeds, and the worst NMI and ARI."""
    texts, truth = read_set(name)
    windows, places = windows_of(texts)
    numbers = SETS[name][2]
    print(f"{name}: {len(texts):,} posts, {', '.join(map(str, numbers))} topics, {seeds} seeds")
    print(
        f"{'':18}{'NMI':>7}{'least':>7}{'ARI':>7}{'least':>7}{'NPMI':>7}{'divers.':>8}{'out':>7}{'topics':>8}{'s':>7}"
    )
    for method, fit in METHODS.items():
        rows = []
        for n_topics in numbers:
            for seed in range(seeds):
                began = perf_counter()
                labels, terms = fit(texts, n_topics, seed)
                rows.append(
                    (
                        normalized_mutual_info_score(truth, labels),
                        adjusted_rand_score(truth, labels),
                        coherence(windows, places, terms),
                        diversity(terms),
                        np.mean(labels < 0),
                        len(terms),
                        perf_counter() - began,
                    )
                )
        nmi, ari, npmi, unlike, out, number, seconds = np.mean(rows, axis=0)
        least = np.min(rows, axis=0)
        print(
            f"{method:18}{nmi:7.3f}{least[0]:7.3f}{ari:7.3f}{least[1]:7.3f}{npmi:7.3f}{unlike:8.3f}{out:7.1%}"
            f"{number:8.1f}{seconds:7.1f}",
            flush=True,
        )


def measure_reddit(method: str) -> None:
    """Print seconds and memory of one method on the titles."""
    titles = pd.read_parquet(REAL / "reddit/reddit_titles_dev.parquet", columns=["title"])["title"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began, worked = perf_counter(), process_time()
    if method == "murmuration":
        posts = pd.DataFrame({"text": titles})
        model = fit_topics(posts, TopicParams(embedding="lsa"))
        labels, number = assign_topics(posts, model)["topic"].to_numpy(), len(model.topics)
    else:
        labels, terms = plain_bertopic(titles.tolist(), None, 0)
        number = len(terms)
    seconds, worked = perf_counter() - began, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{method:18}{len(titles):10,} posts{seconds:8.1f} s{worked:8.1f} s of CPU{peak:8,.0f} MB ({before:,.0f} before)"
        f"{number:7,} topics{np.mean(labels < 0):7.1%} out",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[*SETS, "Reddit"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", help="one method on Reddit, in this process")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in asked.names:
        if name != "Reddit":
            judge(name, asked.seeds)
        elif asked.only:
            measure_reddit(asked.only)
        else:
            for method in ("murmuration", "plain BERTopic"):
                subprocess.run([sys.executable, __file__, "Reddit", "--only", method], check=True)


if __name__ == "__main__":
    main()
