"""An import that is killed at any point, and run again, leaves what an uninterrupted one leaves."""

import shutil
from time import perf_counter

import pytest

from ..conftest import soak_but
from . import killed_import


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder with a store that holds one import, and a second file."""
    folder = tmp_path_factory.mktemp("begun")
    killed_import.write_stream(folder / "first.jsonl", range(60), broken=2)
    killed_import.write_stream(
        folder / "second.jsonl", range(30, 120), deleted=[5, 40, 200], text="an edit", broken=7,
        seen=1_730_000_000,
    )  # fmt: skip
    killed_import.import_file(folder, "first.jsonl")
    return folder


@pytest.fixture(scope="module")
def uninterrupted(begun, tmp_path_factory):
    """What the store holds when nothing happens, and how many seconds the import takes."""
    folder = shutil.copytree(begun, tmp_path_factory.mktemp("reference") / "w")
    started = perf_counter()
    killed_import.import_file(folder, "second.jsonl")
    return killed_import.look(folder), perf_counter() - started


@pytest.fixture(scope="module")
def kill():
    """Import a file in another process that dies at a point."""
    with killed_import.killer() as run:
        yield run


def test_the_uninterrupted_import_is_worth_interrupting(uninterrupted):
    found, _ = uninterrupted
    receipt = found["imports"][1]
    assert len(found["posts"]) == 118
    assert (receipt["rows_new"], receipt["rows_updated"], receipt["rows_forgotten"]) == (60, 29, 1)
    assert len(found["quarantine"]) == 9
    assert len({month for month, _ in found["files"]}) == 3
    assert found["problems"] == found["spilled"] == []


@pytest.mark.parametrize(
    "point",
    soak_but(
        killed_import.POINTS,
        "before the quarantine",
        "after the tombstones",
        "between two files",
        "after the posts",
        "after the receipt",
    ),
)
def test_killed_at(point, kill, begun, uninterrupted, tmp_path):
    if point == "making the store":
        folder = tmp_path
        shutil.copy2(begun / "first.jsonl", folder)
        kill(folder, "first.jsonl", point)
        killed_import.import_file(folder, "first.jsonl")
        shutil.copy2(begun / "second.jsonl", folder)
    else:
        folder = shutil.copytree(begun, tmp_path / "w")
        kill(folder, "second.jsonl", point)
    killed_import.import_file(folder, "second.jsonl")
    assert killed_import.look(folder) == uninterrupted[0]


def test_killed_again_and_again(kill, begun, uninterrupted, tmp_path):
    folder = shutil.copytree(begun, tmp_path / "w")
    for point in ["after the tombstones", "before the posts", "after the posts"]:
        kill(folder, "second.jsonl", point)
    killed_import.import_file(folder, "second.jsonl")
    assert killed_import.look(folder) == uninterrupted[0]


def test_readers_see_the_old_posts_or_the_new_ones_and_nothing_between(
    kill, begun, uninterrupted, tmp_path
):
    before = killed_import.look(begun)["posts"]
    for point, expected in [("before the posts", 2), ("after the posts", 0)]:
        folder = shutil.copytree(begun, tmp_path / point)
        kill(folder, "second.jsonl", point)
        seen = {post["post_id"]: post["text"] for post in killed_import.look(folder)["posts"]}
        if expected:
            # The posts that the second file deletes go first; that is what a tombstone is for.
            gone = {post["post_id"] for post in before} - seen.keys()
            assert {post_id[-4:] for post_id in gone} == {"key5", "ey40"}
            assert all(text.startswith("a post") for text in seen.values())
        else:
            assert seen == {post["post_id"]: post["text"] for post in uninterrupted[0]["posts"]}


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_killed_at_any_moment(share, kill, begun, uninterrupted, tmp_path):
    folder = shutil.copytree(begun, tmp_path / "w")
    kill(folder, "second.jsonl", share * uninterrupted[1])
    killed_import.import_file(folder, "second.jsonl")
    assert killed_import.look(folder) == uninterrupted[0]
