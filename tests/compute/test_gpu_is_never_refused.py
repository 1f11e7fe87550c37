"""What topics and audiences ask a GPU for, it can do: else ``backend="gpu"`` would end every such run."""

from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from murmuration.audience import SegmentParams, profile_authors
from murmuration.audience.params import Method as Segmenting
from murmuration.audience.segments import fit_segments
from murmuration.compute import make_estimator
from murmuration.compute.backends import choose_backend
from murmuration.compute.driver import Gpu
from murmuration.topics import TopicParams, fit_topics
from murmuration.topics.frame import own_first
from murmuration.topics.params import Clustering

A_GPU = Gpu(True, "one GPU that the test invents")


class Asked:
    """Makes estimators for the CPU of whatever would be made for a GPU, and keeps which."""

    def __init__(self):
        self.on_gpu: set[str] = set()

    def __call__(self, name: str, *, backend: str = "gpu", sparse: bool = False, **given: Any):
        choice = choose_backend(name, given, backend=backend, sparse=sparse, gpu=A_GPU)
        if choice.backend == "gpu":
            self.on_gpu.add(name)
        if name == "UMAP":  # which compiles for ten seconds; what it gives is not looked at
            return make_estimator("PCA", backend="cpu", n_components=given["n_components"])
        return make_estimator(name, backend="cpu", sparse=sparse, **given)


@pytest.fixture(scope="module")
def posts():
    """Posts of 120 authors of three kinds, 6 each, with words and hashtags of their kind."""
    rng = np.random.default_rng(0)
    kinds = [
        "sun beach sea swim sand".split(),
        "goal match team win cup".split(),
        "code bug test fix merge".split(),
    ]
    who = np.repeat(np.arange(120), 6)
    texts = []
    for kind in who % 3:
        tags = rng.choice(20, 3, replace=False)
        texts.append(
            " ".join([*rng.permutation(kinds[kind]), *(f"#{kinds[kind][0]}{tag}" for tag in tags)])
        )
    return pd.DataFrame({"author_key": who.astype(str), "text": texts, "lang": "en"})  # fmt: skip


@pytest.mark.parametrize("clustering", get_args(Clustering))
def test_topics_ask_a_gpu_for_what_it_can_do(clustering, posts):
    asked = Asked()
    fit_topics(posts, TopicParams(n_topics=3, embedding="lsa", clustering=clustering), make=asked)
    assert asked.on_gpu


@pytest.mark.parametrize("method", [one for one in get_args(Segmenting) if one != "gaussian"])
def test_segments_ask_a_gpu_for_what_it_can_do(method, posts):
    asked = Asked()
    params = SegmentParams(n_segments=3, method=method)
    fit_segments(profile_authors(posts), params, make=asked)
    assert asked.on_gpu


def test_neighbours_searched_before_begin_with_the_row_itself_also_among_equal_ones():
    rows = np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 8, axis=0)  # each eight times
    search = make_estimator("NearestNeighbors", backend="cpu", n_neighbors=6, metric="cosine")
    found_distances, found = search.fit(rows).kneighbors(rows)
    assert (found[:, 0] != np.arange(40)).any()  # which cuML's UMAP refuses
    indices, distances = own_first(found_distances, found, 5)
    assert indices.shape == distances.shape == (40, 5)
    assert (indices[:, 0] == np.arange(40)).all()
    assert all(len(set(row)) == 5 for row in indices)
    assert (np.diff(distances, axis=1) >= -1e-12).all()
