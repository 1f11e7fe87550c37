"""How fast repeated posts are found and texts prepared, how much memory it takes, and how many planted copies are found.

    python tests/benchmarks/repeats.py [POSTS]

POSTS is how many sample posts to measure with (200,000 unless given). Seconds are those of the processor; the first
call compiles, once a machine, and is not counted.
"""

import os
import resource
import sys
from pathlib import Path
from time import process_time

import pandas as pd

import murmuration as mm

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
SPAM = "Win a phone today and tell all of your friends about it now"
COLUMNS = [
    "post_id",
    "text",
    "created_at",
    "author_key",
    "repost_of_id",
    "truth_copy_of",
    "truth_topic",
]


def sample_posts(n: int) -> pd.DataFrame:
    """Sample posts that can be read, with the columns that are needed."""
    posts = pd.concat([part[COLUMNS] for part in mm.sample.make_posts(n, seed=3)])
    return posts[posts["text"].notna()].reset_index(drop=True)


def with_spam(posts: pd.DataFrame) -> pd.DataFrame:
    """Nine in ten are one advertisement, each with a code of its own."""
    spam = pd.DataFrame({"text": [f"{SPAM} code{number}" for number in range(9 * len(posts))]})
    return pd.concat([posts[["text"]], spam], ignore_index=True)


def peak_mb() -> float:
    """Most memory that the process ever held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, posts: pd.DataFrame) -> pd.DataFrame:
    """Print a line; give the repeats."""
    before, began = peak_mb(), process_time()
    repeats = mm.text.find_repeats(posts)
    seconds, grown = process_time() - began, peak_mb() - before
    began = process_time()
    words = mm.text.count_words(posts)
    counting = process_time() - began
    began = process_time()
    prepared = mm.text.prepare_texts(posts, words=words)
    preparing = process_time() - began
    began = process_time()
    mm.text.drop_stop_words(prepared)
    dropping = process_time() - began
    exact = 1 - repeats["text_hash"].nunique() / len(posts)
    rates = "".join(
        f"{len(posts) / max(one, 1e-9):>11,.0f}" for one in (seconds, counting, preparing, dropping)
    )
    folded = (repeats["weight"] == 0).mean()
    print(f"{name:22}{len(posts):>10,}{rates}{grown:>9,.0f}{folded:>9.1%}{exact:>9.1%}", flush=True)
    return repeats


def pairs(labels: pd.Series) -> int:
    """How many pairs of posts have the same label."""
    sizes = labels.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def judge(posts: pd.DataFrame, repeats: pd.DataFrame) -> None:
    """Print how well the planted copies and reposts are found."""
    origin = dict(
        zip(posts["post_id"], posts["truth_copy_of"].fillna(posts["repost_of_id"]), strict=True)
    )

    def first(post: str) -> str:
        while isinstance(origin.get(post), str):
            post = origin[post]
        return post

    truth = posts["post_id"].map(first).astype(str)
    for name, column in (("word for word", "text_hash"), ("nearly", "repeat_group")):
        found = repeats[column].fillna(-1).astype(str)
        known = found != "-1"
        group = dict(zip(posts["post_id"], found, strict=True))
        for kind in ("truth_copy_of", "repost_of_id"):
            there = posts[kind].isin(posts["post_id"])
            same = found[there] == posts.loc[there, kind].map(group)
            print(f"  {name:14} {kind:14} recall {same.mean():.4f} of {there.sum():,}")
        both = pairs(truth[known] + found[known])
        topic = posts["truth_topic"].fillna("").astype(str)
        alike = pairs(topic[known] + found[known])
        print(
            f"  {name:14} pairs: recall {both / pairs(truth):.4f}, planted {both / pairs(found[known]):.4f}, "
            f"of one topic {alike / pairs(found[known]):.4f}"
        )


def main() -> None:
    """Print a line for each set of posts."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    warm = sample_posts(200)
    mm.text.find_repeats(warm)
    heads = "".join(f"{name:>11}" for name in ("repeats/s", "words/s", "prepare/s", "stop/s"))
    print(f"{'posts':22}{'rows':>10}{heads}{'MB more':>9}{'folded':>9}{'exact':>9}")
    trolls = pd.read_parquet(REAL / "trolls/trolls_segments_dev.parquet", columns=["content"])
    measure("troll tweets", trolls.rename(columns={"content": "text"}))
    titles = pd.read_parquet(REAL / "reddit/reddit_titles_dev.parquet", columns=["title"])
    measure("Reddit titles", titles.rename(columns={"title": "text"}))
    posts = sample_posts(n)
    for part in (4, 2, 1):
        some = posts.head(len(posts) // part)
        repeats = measure("sample posts", some)
        if part == 1:
            judge(some, repeats)
    for part in (4, 2, 1):
        measure("nine in ten spam", with_spam(posts.head(len(posts) // part // 10)))


if __name__ == "__main__":
    main()
