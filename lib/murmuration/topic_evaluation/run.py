"""Methods on sets of posts → a table of how good, how steady, how fast and how large each is."""

import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from murmuration.text import count_words, prepare_texts
from murmuration.topic_evaluation.methods import METHODS, Found, Task, check_methods, warm
from murmuration.topic_evaluation.sets import TopicSet
from murmuration.topics.quality import (
    WINDOWS,
    compare_with_labels,
    count_windows,
    estimate_coherence,
    estimate_diversity,
    estimate_stability,
)

OnProgress = Callable[[str, int, int], None]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class TopicEvaluation:
    """How good the topics of one method are on one set of posts: means over numbers of topics and seeds.

    Attributes
    ----------
    data, method
        Names of the posts and of the method.
    published
        Whether this is what a paper reports; only what it reports is there then.
    posts
        How many.
    asked, topics
        Topics that were asked for (None: left to the method), and that came out.
    nmi, ari, purity
        See `murmuration.topics.quality.compare_with_labels`; None without labels.
    npmi, c_v, diversity
        Of the ten terms that come first.
    left_out
        Share of the posts without a topic.
    steady_seeds, steady_weeks
        Share of posts that keep their topic when it is fitted again from another seed, or on a window three days later;
        see `murmuration.topics.quality.estimate_stability`.
    cpu_seconds, posts_per_second
        Of one fit and the assignment of all posts; imports and compiling are no part of it. The second by the clock.
    peak_mb
        Memory of the process at its most.
    """

    data: str
    method: str
    published: bool = False
    posts: int | None = None
    asked: float | None = None
    topics: float | None = None
    nmi: float | None = None
    ari: float | None = None
    purity: float | None = None
    npmi: float | None = None
    c_v: float | None = None
    diversity: float | None = None
    left_out: float | None = None
    steady_seeds: float | None = None
    steady_weeks: float | None = None
    cpu_seconds: float | None = None
    posts_per_second: float | None = None
    peak_mb: float | None = None


def evaluate(
    sets: Sequence[TopicSet],
    methods: Sequence[str] = (),
    *,
    seeds: int = 2,
    embedding: str = "lsa",
    on_progress: OnProgress = lambda name, done, total: None,
) -> Iterator[TopicEvaluation]:
    """Evaluate methods on sets of posts, each in a process of its own, so that its memory can be told.

    Parameters
    ----------
    sets
        From `find_sets` or `read_set`.
    methods
        Names in `METHODS`; all unless given.
    seeds
        How many times each fit is made.
    embedding
        Of ours, and of the references that take one; see `TopicParams.embedding`.
    on_progress
        Told what is done next, and how much of how much is.

    Raises
    ------
    ParamError
        If a method is not known.
    """
    check_methods(methods)
    jobs = [(one, method) for one in sets for method in methods or METHODS]
    done, total = 0, sum(len(one.numbers) * seeds + (one.later is not None) for one, _ in jobs)

    def tell(step: str) -> None:
        nonlocal done
        on_progress(step, done, total)
        done += 1

    for one, method in jobs:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:

            def run(work: Callable[..., Any], *args: Any, own: Executor = own) -> Any:
                return own.submit(work, *args).result()

            yield measure(one, method, seeds=seeds, embedding=embedding, on_fit=tell, run=run)


def _run_here(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)


def measure(
    posts: TopicSet,
    method: str,
    *,
    seeds: int = 2,
    embedding: str = "lsa",
    on_fit: Callable[[str], None] = lambda step: None,
    run: Callable[..., Any] = _run_here,
) -> TopicEvaluation:
    """Evaluate one method on one set of posts; `on_fit` is told each fit, and `run` calls what is measured, in this process or another."""
    run(warm, method, len(posts.posts))
    fits, cpu, clock = [], [], []
    for n_topics in posts.numbers:
        for seed in range(seeds):
            on_fit(_describe_fit(posts.name, method, n_topics, f"seed {seed}"))
            fit, worked, lasted = run(_fit, posts.posts, method, Task(n_topics, seed, embedding))
            fits.append(fit)
            cpu.append(worked)
            clock.append(lasted)
    peak = run(peak_mb)
    if posts.later is not None:
        on_fit(_describe_fit(posts.name, method, posts.numbers[0], "a later window"))
    asked = [number for number in posts.numbers if number is not None]
    found = TopicEvaluation(
        posts.name,
        method,
        posts=len(posts.posts),
        asked=float(np.mean(asked)) if asked else None,
        topics=float(np.mean([len(fit.terms) for fit in fits])),
        left_out=float(np.mean([(fit.topics < 0).mean() for fit in fits])),
        steady_seeds=_steady_seeds(fits, seeds),
        steady_weeks=_steady_weeks(posts, method, fits[0], embedding, run),
        cpu_seconds=float(np.mean(cpu)),
        posts_per_second=len(posts.posts) / float(np.mean(clock)),
        peak_mb=peak,
    )
    terms = _judge_terms(posts.posts, [fit.terms for fit in fits])
    return replace(found, **_judge_labels(posts, fits), **terms)


def _fit(posts: pd.DataFrame, method: str, task: Task) -> tuple[Found, float, float]:
    """Fit once, and give with it the seconds of CPU and by the clock."""
    worked, began = time.process_time(), time.perf_counter()
    found = METHODS[method](posts, task)
    return found, time.process_time() - worked, time.perf_counter() - began


def _describe_fit(name: str, method: str, n_topics: int | None, which: str) -> str:
    asked = "as many topics as it finds" if n_topics is None else f"{n_topics} topics"
    return f"{name}, {method}, {asked}, {which}"


def _judge_labels(posts: TopicSet, fits: Iterable[Found]) -> dict[str, Any]:
    if posts.labels is None:
        return {}
    rows = [compare_with_labels(fit.topics, posts.labels) for fit in fits]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _judge_terms(posts: pd.DataFrame, fits: Sequence[list[list[str]]]) -> dict[str, Any]:
    words = _split(posts)
    every = {term for terms in fits for topic in terms for term in topic}
    found = {"diversity": float(np.mean([estimate_diversity(terms) for terms in fits]))}
    for measure, size in WINDOWS.items():
        windows = count_windows(words, every, size=size)
        found[measure] = float(
            np.mean([estimate_coherence(terms, windows, measure=measure) for terms in fits])
        )
    return found


def _split(posts: pd.DataFrame) -> list[list[str]]:
    """Give the words of posts as all methods should see them: hashtags split, without addresses and handles."""
    prepared = prepare_texts(posts, words=count_words(posts))
    return [_WORD.findall(text.lower()) for text in prepared["topic_text"].fillna("")]


def _steady_seeds(fits: Sequence[Found], seeds: int) -> float | None:
    if seeds < 2:
        return None
    runs = [fits[at : at + seeds] for at in range(0, len(fits), seeds)]
    pairs = [
        estimate_stability(one.topics, other.topics) for run in runs for one, other in pairwise(run)
    ]
    return float(np.mean(pairs))


def _steady_weeks(
    posts: TopicSet, method: str, found: Found, embedding: str, run: Callable[..., Any]
) -> float | None:
    if posts.later is None:
        return None
    later, *_ = run(_fit, posts.later, method, Task(posts.numbers[0], 0, embedding))
    before = pd.Series(found.topics, index=posts.posts.index)
    after = pd.Series(later.topics, index=posts.later.index)
    both = before.index.intersection(after.index)
    return estimate_stability(before[both].to_numpy(), after[both].to_numpy())


def peak_mb() -> float:
    """Give the most memory of this process; where the system tells, without what its parent had before it."""
    status = Path("/proc/self/status")
    told = _PEAK.search(status.read_text()) if status.exists() else None
    if told:
        return int(told[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
