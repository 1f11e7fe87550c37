"""Time and memory of topics on many posts, and whether two runs are the same.

    python tests/benchmarks/topics_scale.py [reddit] [sample] [repeated] [--posts 500_000 2_000_000]

``reddit``: 193k titles fitted and assigned, by ours and by plain BERTopic (TF-IDF with TruncatedSVD of 100 dimensions, its own
number of topics). ``sample``: sample posts in Dask partitions, fitted and assigned; then again with 1 % of new posts. ``repeated``:
two processes, one seed, one thread. Each measurement has a process of its own and compiles before the clock starts; on a machine
that others use, seconds of CPU are the ones to compare.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd

from murmuration.sample import make_posts
from murmuration.topic_evaluation.methods import METHODS, Task, warm
from murmuration.topic_evaluation.run import peak_mb
from murmuration.topics import TopicParams, assign_topics, fit_topics

REAL = Path(os.environ.get("MURMURATION_REAL_DATA", Path(__file__).parents[3] / "shared/data"))
COLUMNS = ["source", "post_id", "created_at", "text", "title", "lang"]
PART = 100_000  # posts of a partition
NEW = 0.01
ONE_THREAD = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
}  # fmt: skip
LSA = TopicParams(embedding="lsa")


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    began, worked = perf_counter(), process_time()
    found = work()
    return found, {"s": perf_counter() - began, "cpu_s": process_time() - worked}


def compile_ours() -> None:
    """Import and compile what fitting needs."""
    warm("murmuration", 0)
    posts = next(iter(make_posts(300, seed=9)))[COLUMNS]
    fit_topics(posts, TopicParams(n_topics=3, method="nmf", embedding="lsa"))


def measure_reddit(method: str) -> dict[str, Any]:
    titles = pd.read_parquet(REAL / "reddit/reddit_titles_dev.parquet", columns=["title"])["title"]
    posts = pd.DataFrame({"text": titles})
    if method == "murmuration":
        compile_ours()
    else:
        warm(method, len(posts))
    found, took = timed(lambda: METHODS[method](posts, Task(None, 0)))
    out = float(np.mean(found.topics < 0))
    return {"posts": len(posts), **took, "topics": len(found.terms), "left_out": out}


def write_sample(n: int, folder: Path) -> None:
    """Write sample posts in files of one partition each, the newest last."""
    parts, waiting = 0, []
    for frame in make_posts(n, seed=0):
        waiting.append(frame[COLUMNS])
        if sum(map(len, waiting)) >= PART:
            pd.concat(waiting).to_parquet(folder / f"{parts:04}.parquet")
            parts, waiting = parts + 1, []
    if waiting:
        pd.concat(waiting).to_parquet(folder / f"{parts:04}.parquet")


def measure_sample(n: int) -> dict[str, Any]:
    compile_ours()
    dask.config.set(scheduler="threads", num_workers=2)
    with tempfile.TemporaryDirectory() as folder:
        write_sample(n, Path(folder))
        files = sorted(map(str, Path(folder).glob("*.parquet")))
        every = dd.read_parquet(files, dtype_backend="pyarrow")
        n_new = round(len(every) * NEW)
        last = pd.read_parquet(files[-1], dtype_backend="pyarrow")
        new = dd.from_pandas(last.iloc[-n_new:], npartitions=1)
        older = dd.from_pandas(last.iloc[:-n_new], npartitions=1)
        if len(files) > 1:
            older = dd.concat([dd.read_parquet(files[:-1], dtype_backend="pyarrow"), older])
        model, fit = timed(lambda: fit_topics(older, LSA))
        first, assign = timed(lambda: run(older, model))
        later = dd.concat([older, new])
        again, fit_again = timed(lambda: fit_topics(later, LSA, continue_from=model))
        second, assign_again = timed(lambda: run(later, again))
        peak = peak_mb()
    whole = {key: fit[key] + assign[key] for key in fit}
    more = {f"again_{key}": fit_again[key] + assign_again[key] for key in fit}
    share = more["again_cpu_s"] / whole["cpu_s"]
    return {
        "posts": n, **whole, "fit_cpu_s": fit["cpu_s"], "peak": peak, **more, "again_share": share,
        "topics": len(model.topics), "left_out": first, "again_left_out": second,
    }  # fmt: skip


def run(posts: dd.DataFrame, model: Any) -> float:
    """Assign all posts, partition by partition; gives the share that is left out."""
    return float((assign_topics(posts, model)["topic"] < 0).mean().compute())


def measure_repeated() -> dict[str, Any]:
    posts = pd.concat(list(make_posts(30_000, seed=0)))[COLUMNS]
    model = fit_topics(posts, LSA)
    assigned = assign_topics(posts, model)[["topic", "topic_strength"]]
    values = model.topics.to_json().encode() + assigned.to_numpy().tobytes()
    return {"tables": hashlib.sha256(values).hexdigest(), "model": model.version}


def in_own_process(*words: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--only", *words],
        env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def show(name: str, row: dict[str, Any]) -> None:
    values = {
        key: f"{value:,.2f}" if isinstance(value, float) else value for key, value in row.items()
    }
    print(f"{name:24}" + "  ".join(f"{key} {value}" for key, value in values.items()), flush=True)


def report(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if "reddit" in asked.what:
        rows = {name: in_own_process("reddit", name) for name in ("murmuration", "plain BERTopic")}
        yield from rows.items()
        ours, plain = rows.values()
        yield "share of its time", {key: ours[key] / plain[key] for key in ("s", "cpu_s", "peak")}
    if "sample" in asked.what:
        rows = [in_own_process("sample", str(n)) for n in asked.posts]
        yield from ((f"sample {row['posts']:,}", row) for row in rows)
        for one, other in pairwise(rows):
            power = math.log(other["cpu_s"] / one["cpu_s"]) / math.log(
                other["posts"] / one["posts"]
            )
            yield "time grows with power", {"cpu_s": power}
    if "repeated" in asked.what:
        one, other = (in_own_process("repeated", **ONE_THREAD) for _ in range(2))
        yield "repeated", {"equal": one == other, **one}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=["reddit", "sample", "repeated"])
    parser.add_argument("--posts", nargs="*", type=int, default=[500_000, 2_000_000])
    parser.add_argument("--only", nargs="*", help="one measurement, in this process")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if not asked.only:
        for name, row in report(asked):
            show(name, row)
        return
    kind, *rest = asked.only
    if kind == "reddit":
        row = measure_reddit(rest[0])
    else:
        row = measure_sample(int(rest[0])) if kind == "sample" else measure_repeated()
    print(json.dumps({"peak": peak_mb(), **row}))


if __name__ == "__main__":
    main()
