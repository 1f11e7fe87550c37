"""Disks that are full or read-only: one sentence, nothing lost, and the same command works afterwards."""

import os
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from murmuration.collect import ImportOptions, import_files
from murmuration.errors import MurmurationError, StoreError
from murmuration.store import Store, load_posts
from murmuration.store.doctor import examine
from murmuration.store.forget import forget
from murmuration.store.upkeep import compact

from ..conftest import soak_but

LATER = datetime(2026, 4, 1, tzinfo=UTC)
DISK_BYTES = 4 << 20
# Free KiB: none; room for the small tables but not for the posts, which come after them.
SHORTAGES = {"import": [0, 100, 160], "compact": [0, 100, 160], "forget": [0, 72, 100]}
VICTIM = "zz-victim"
FULL = "the disk is full. Free some space and run the command again. Nothing was lost."


@pytest.fixture(scope="module")
def mount():
    """Mount things as root may; unmounted at the end."""
    done = []

    def run(folder, *words):
        if (
            not shutil.which("mount")
            or subprocess.run(["mount", *words], capture_output=True).returncode
        ):
            assert not os.environ.get("REQUIRE_MOUNT"), "must be allowed to mount, and is not"
            pytest.skip(
                "needs a disk of its own, which only root may mount, and not in every container"
            )
        done.append(str(folder))

    yield run
    for folder in reversed(done):
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(scope="module")
def disk(mount, tmp_path_factory):
    """A small disk."""
    folder = tmp_path_factory.mktemp("disk")
    mount(folder, "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))
    return folder


class Ballast:
    """A file that leaves so much of a disk free."""

    def __init__(self, disk):
        self._path = disk / "ballast"

    def fill(self, free):
        with self._path.open("wb", buffering=0) as file:
            chunk = bytes(1 << 12)
            try:
                while True:
                    file.write(chunk)
            except OSError:
                file.truncate(max(0, file.tell() - free))

    def drop(self):
        self._path.unlink(missing_ok=True)


@pytest.fixture
def ballast(disk):
    for path in disk.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Ballast(disk)


def post(number, text="x", author="ann", month=1, created=None):
    created = created or f"2026-{month:02d}-05T12:00:00Z"
    return {"id": f"id-{number}", "created_at": created, "text": text, "author": author}


def posts(numbers):
    """Posts of four months that no compression makes small, and a bad row."""
    dice = random.Random(len(numbers))
    rows = [post(n, dice.randbytes(400).hex(), f"a{n % 7}", 1 + n % 4) for n in numbers]
    return [*rows, post("odd", created="some day")]


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A folder for a store with two imports and a third file, made by the first test that needs it."""
    return tmp_path_factory.mktemp("begun")


@pytest.fixture
def place(begun, store, put, write_csv):
    """Put a store that was used into a folder."""
    if not (begun / "store").exists():
        bad = post("bad", "mine", VICTIM, created="some day")
        put([*posts(range(300)), post("v", "mine", VICTIM), bad])
        put([*posts(range(200, 350)), post("v", "mine too", VICTIM)], observed_at=LATER)
        shutil.move(write_csv(posts(range(320, 700))), begun / "third.csv")
        shutil.move(store.location, begun / "store")

    def run(folder):
        shutil.copytree(begun / "store", folder / "store")
        return Store(str(folder / "store"), store.pseudonyms)

    return run


COMMANDS = {
    "import": lambda store, state, third: list(
        import_files(
            [str(third)], source="test", store=store, state=state,
            options=ImportOptions(observed_at=LATER, detect_language=False),
        )
    ),
    "compact": lambda store, state, third: compact(store, state),
    "forget": lambda store, state, third: forget(store, state, source="test", author=VICTIM),
}  # fmt: skip


def readable(store):
    """What readers see, as rows."""
    posts = load_posts(store=store).compute(scheduler="synchronous").astype(str)
    return sorted(map(tuple, posts.to_numpy().tolist()))


def tables(store, state):
    """All that a store holds, apart from clocks and the order of rows."""
    found = {"posts": readable(store)}
    for name, clock in (("imports", "imported_at"), ("quarantine", ""), ("tombstones", "at")):
        rows = store.read(name).to_pylist()
        found[name] = sorted(str({k: v for k, v in row.items() if k != clock}) for row in rows)
    found["problems"] = [f.text for f in examine(store, state) if f.level == "problem"]
    return found


@pytest.fixture(scope="module")
def _references():
    return {}


@pytest.fixture
def reference(_references, place, tmp_path, begun):
    """What readers see before a command, and all that it leaves on a disk with room."""

    def run(command):
        if command not in _references:
            at, state = place(tmp_path / f"reference {command}"), tmp_path / "reference state"
            before = readable(at)
            COMMANDS[command](at, state, begun / "third.csv")
            _references[command] = before, tables(at, state)
            assert _references[command][1]["problems"] == []
        return _references[command]

    return run


@pytest.mark.parametrize(
    ("command", "which"),
    soak_but(product(COMMANDS, ["store", "state"]), ("import", "state"), ("forget", "store")),
)
def test_a_full_disk_is_one_sentence_and_the_same_command_works_once_there_is_room(
    command, which, disk, ballast, place, begun, tmp_path, reference, capfd
):
    before, after = reference(command)
    for free in SHORTAGES[command][: 3 if which == "store" else 2]:
        ballast.drop()
        for name in ("store", "state"):
            shutil.rmtree(disk / name, ignore_errors=True)
        roomy = tmp_path / str(free)
        at = place(disk if which == "store" else roomy)
        state = (disk if which == "state" else roomy) / "state"
        ballast.fill(free << 10)
        with pytest.raises(MurmurationError) as caught:
            COMMANDS[command](at, state, begun / "third.csv")
        assert FULL in str(caught.value)
        assert "\n" not in str(caught.value)
        assert capfd.readouterr().err == ""  # no trace of the libraries below
        ballast.drop()
        # A forgotten post is left out from the first moment; apart from that all of it or nothing.
        assert readable(at) in (before, after["posts"])
        COMMANDS[command](at, state, begun / "third.csv")
        assert tables(at, roomy / "state") == after


@pytest.fixture
def read_only(mount):
    """Make a folder read-only: for root, whom permissions do not hold, by mounting it so."""
    folders = []

    def run(folder):
        folder.mkdir(parents=True, exist_ok=True)
        folders.append(folder)
        if os.geteuid():
            for path in [folder, *folder.rglob("*")]:
                path.chmod(path.stat().st_mode & ~0o222)
        else:
            mount(folder, "--bind", str(folder), str(folder))
            subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)

    def undo():
        for folder in folders:
            if os.geteuid():
                for path in [folder, *folder.rglob("*")]:
                    path.chmod(path.stat().st_mode | 0o200)
            else:
                subprocess.run(["mount", "-o", "remount,rw,bind", str(folder)], check=True)

    run.undo = undo
    yield run
    undo()


@pytest.mark.parametrize(
    ("command", "which"),
    soak_but(product(COMMANDS, ["store", "state"]), ("compact", "store"), ("import", "state")),
)
def test_a_read_only_disk_is_one_sentence_and_readers_do_not_mind(
    command, which, place, begun, tmp_path, read_only, reference, capfd
):
    before, after = reference(command)
    at, state = place(tmp_path), tmp_path / "state"
    read_only(tmp_path / which)
    with pytest.raises(MurmurationError) as caught:
        COMMANDS[command](at, state, begun / "third.csv")
    said = str(caught.value)
    assert str(tmp_path / which) in said
    assert "the file system is read-only" in said or "may not be written" in said
    assert "\n" not in said
    assert capfd.readouterr().err == ""
    assert readable(at) in (before, after["posts"])
    read_only.undo()
    COMMANDS[command](at, state, begun / "third.csv")
    assert tables(at, state) == after


def test_a_file_where_the_store_should_lie_is_one_sentence(store, take_in, write_csv):
    Path(store.location).write_text("a file")
    with pytest.raises(StoreError, match=r"cannot be used: .*\. Nothing was lost\.$"):
        take_in(write_csv(posts(range(3))))
    assert Path(store.location).read_text() == "a file"


# As a person meets it


@pytest.fixture
def import_third(begun, store, tmp_path):
    """Run the command on the third file and a store in a folder; `before` goes in front of it."""

    def run(folder, before=""):
        environment = os.environ | {
            "MURMURATION_STORE": str(folder / "store"),
            "MURMURATION_STATE": str(tmp_path / "state"),
            "MURMURATION_KEY": store.pseudonyms.key.decode(),
        }
        words = "-m murmuration.cli import third.csv --source test --no-detect-language"
        return subprocess.run(
            ["/bin/sh", "-c", f"{before} exec {sys.executable} {words}"],
            env=environment, cwd=begun, capture_output=True, text=True,
        )  # fmt: skip

    return run


def test_the_command_ends_with_one_sentence_and_an_exit_code(disk, ballast, place, import_third):
    place(disk)
    ballast.fill(0)
    done = import_third(disk)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert FULL in done.stderr


def test_a_limit_on_the_length_of_files_is_one_sentence_too(
    place, import_third, tmp_path, reference
):
    at = place(tmp_path)
    before, _ = reference("import")
    done = import_third(tmp_path, before="ulimit -f 100;")  # blocks of 512 bytes
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "a file would be longer than this process may write. Raise `ulimit -f`." in done.stderr
    assert readable(at) == before
