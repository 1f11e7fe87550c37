"""Vectors are made once, whoever is killed."""

import multiprocessing
import os
import signal

import numpy as np
import pytest

from murmuration.errors import ModelError
from murmuration.vectors import VectorCache


class Lengths:
    """Vectors of a text: its length and its first letter."""

    def __init__(self, name="lengths", width=2):
        self.name, self.width, self.asked = name, width, []

    def embed(self, texts):
        self.asked += texts
        return np.array(
            [[len(text), *[ord((text or " ")[0])] * (self.width - 1)] for text in texts]
        )


@pytest.fixture
def cache(tmp_path):
    return VectorCache(tmp_path / "vectors")


def test_only_new_texts_are_embedded(cache):
    first, second = Lengths(), Lengths()
    cache.embed(["a", "bb", "a"], first)
    found = cache.embed(["bb", "ccc", "a"], second)
    assert first.asked == ["a", "bb"]
    assert second.asked == ["ccc"]
    np.testing.assert_array_equal(found[:, 0], [2, 3, 1])


def test_another_embedding_has_vectors_of_its_own(cache):
    cache.embed(["a"], Lengths())
    other = Lengths("other/lengths", width=3)
    assert cache.embed(["a"], other).shape == (1, 3)
    assert other.asked == ["a"]


def test_what_was_dropped_is_made_again(cache):
    cache.embed(["a"], Lengths())
    assert cache.clear()
    assert not cache.clear()
    again = Lengths()
    cache.embed(["a"], again)
    assert again.asked == ["a"]


def test_no_texts_have_no_vectors(cache):
    assert len(cache.embed([], Lengths())) == 0


def test_a_name_whose_width_changed_is_told(cache):
    cache.embed(["a"], Lengths())
    with pytest.raises(ModelError, match=r"keeps vectors of \d and of \d numbers"):
        cache.embed(["a", "b"], Lengths(width=3))


def test_numbers_that_are_not_finite_are_told_and_not_kept(cache):
    class Broken(Lengths):
        def embed(self, texts):
            return super().embed(texts) * np.nan

    with pytest.raises(ModelError, match="not finite for 2 of 2 texts"):
        cache.embed(["a", "bb"], Broken())
    np.testing.assert_array_equal(cache.embed(["a", "bb"], Lengths())[:, 0], [1, 2])


def test_what_is_damaged_is_made_again(cache):
    cache.embed(["a", "bb"], Lengths())
    [rows] = cache.folder.rglob("rows.npy")
    rows.write_bytes(rows.read_bytes()[:130])
    again = Lengths()
    np.testing.assert_array_equal(cache.embed(["a", "bb"], again)[:, 0], [1, 2])
    assert again.asked == ["a", "bb"]


def _fill(folder, start):
    cache, embedder = VectorCache(folder), Lengths()
    for at in range(start, start + 10_000):
        cache.embed([f"text {at}"], embedder)


def test_writers_may_be_two_and_may_be_killed(cache):
    spawn = multiprocessing.get_context("fork")
    writers = [spawn.Process(target=_fill, args=(cache.folder, start)) for start in (0, 5)]
    for writer in writers:
        writer.start()
    while len(list(cache.folder.glob("*/*-*"))) < 40:
        pass
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
    found = cache.embed([f"text {at}" for at in range(30)], Lengths())
    np.testing.assert_array_equal(found[:, 0], [6] * 10 + [7] * 20)
