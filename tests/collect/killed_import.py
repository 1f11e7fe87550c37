"""Imports that are killed on the way, and what they leave behind.

Run as a script it kills: each line of the input names a folder, a file in it and a point, with tabs between; a point is a name in
`POINTS` or a number of seconds.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

import pyarrow as pa

import murmuration.collect.job
import murmuration.store.write
from murmuration.collect import ImportOptions, import_files
from murmuration.store import Pseudonyms, Store
from murmuration.store.doctor import examine
from murmuration.store.merge import Merge
from murmuration.store.posts import load_posts

GOLDEN = Path(__file__).parents[1] / "golden" / "exports"

KEY = b"a key for tests, 32 bytes long .."
SOURCE = "test"


class Point(NamedTuple):
    """A call before or after which the process dies."""

    owner: Any
    name: str
    when: str
    call: int = 1
    about: str = ""  # first argument that it must have


POINTS = {
    "making the store": Point(Store, "_make_table", "after", call=2),
    "reading": Point(Merge, "add", "after"),
    "ranking": Point(Merge, "rank", "before"),
    "before the quarantine": Point(Store, "replace", "before", about="quarantine"),
    "after the quarantine": Point(Store, "replace", "after", about="quarantine"),
    "after the tombstones": Point(murmuration.collect.job, "bury", "after"),
    "before the first file": Point(murmuration.store.write, "write_file", "before"),
    "between two files": Point(murmuration.store.write, "write_file", "after"),
    "before the posts": Point(Store, "commit_posts", "before"),
    "after the posts": Point(Store, "commit_posts", "after"),
    "before the receipt": Point(Store, "append", "before", about="imports"),
    "after the receipt": Point(Store, "append", "after", about="imports"),
}


def import_file(folder: Path, name: str) -> dict[str, Any]:
    """Import a file of a folder into the store beside it; give its receipt."""
    store = Store(str(folder / "store"), Pseudonyms(KEY))
    options = ImportOptions(detect_language=False)
    [receipt] = import_files(
        [str(folder / name)], source=SOURCE, store=store, state=folder / "state", options=options
    )
    return dict(receipt.values)


def die() -> None:
    """End this process as nothing can catch."""
    os.kill(os.getpid(), signal.SIGKILL)


def set_trap(point: Point) -> None:
    """Make a call fatal."""
    real, calls = getattr(point.owner, point.name), 0

    def deadly(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += not point.about or point.about in arguments
        mine = calls == point.call  # files are written in two threads
        if point.when == "before" and mine:
            die()
        result = real(*arguments, **options)
        if mine:
            die()
        return result

    setattr(point.owner, point.name, deadly)


def write_stream(
    path: Path,
    keys: Sequence[int],
    *,
    deleted: Sequence[int] = (),
    text: str = "a post",
    seen: int = 1_720_000_000,
    broken: int = 0,
) -> None:
    """Write a Jetstream file of posts from three months, with deletions and broken lines."""
    lines = (GOLDEN / "bluesky_stream.ndjson").read_text(encoding="utf-8").split("\n")
    event = next(json.loads(line) for line in lines if '"create"' in line and "feed.post" in line)
    found = []
    for number, key in enumerate(keys):
        commit = event["commit"] | {"rkey": f"key{key}"}
        created = f"2024-{1 + number % 3:02d}-10T10:00:00.000Z"
        commit["record"] = commit["record"] | {"text": f"{text} {key}", "createdAt": created}
        found.append(event | {"time_us": seen * 1_000_000, "commit": commit})
    for key in deleted:
        commit = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": f"key{key}"}
        found.append(event | {"time_us": seen * 1_000_000, "commit": commit})
    records = [json.dumps(record) for record in found]
    path.write_text("\n".join([*records, *['{"broken'] * broken]) + "\n", encoding="utf-8")
    os.utime(path, (seen, seen))


def look(folder: Path) -> dict[str, Any]:
    """All that a store holds, apart from clocks."""
    store = Store(str(folder / "store"), Pseudonyms(KEY))
    frame = load_posts(store=store).compute()
    kept = pa.Table.from_pandas(frame, preserve_index=False).sort_by("post_id")
    files = store.post_files(store.open("posts"))
    imports = store.read("imports").drop_columns(["imported_at"]).sort_by("posts_version")
    quarantine = store.read("quarantine").sort_by(
        [("import_id", "ascending"), ("row", "ascending")]
    )
    tombstones = store.read("tombstones").drop_columns(["at"]).sort_by("hidden_key")
    return {
        "posts": kept.to_pylist(),
        "files": [(file.month, file.rows) for file in files],
        "imports": imports.to_pylist(),
        "quarantine": quarantine.to_pylist(),
        "tombstones": tombstones.to_pylist(),
        "problems": [f.text for f in examine(store, folder / "state") if f.level == "problem"],
        "spilled": [path.name for path in (folder / "state" / "tmp").glob("merge-*")],
    }


@contextmanager
def killer() -> Iterator[Callable[[Path, str, str | float], int]]:
    """Give a function that imports a file in another process, which dies at a point; its exit code."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout

        def run(folder: Path, name: str, point: str | float) -> int:
            server.stdin.write(f"{folder}\t{name}\t{point}\n")
            server.stdin.flush()
            code = int(server.stdout.readline())
            # An import may be faster than a clock, but never pass a point.
            assert code == -signal.SIGKILL or (code == 0 and point not in POINTS)
            return code

        yield run
        server.stdin.close()


def import_and_die(folder: str, name: str, point: str) -> None:
    """Import, and die where it is said."""
    if point in POINTS:
        set_trap(POINTS[point])
    else:
        Timer(float(point), die).start()
    import_file(Path(folder), name)


def main() -> None:
    """Do what each line of the input says in a process of its own; print how that ended.

    The processes are forked before any work was done, so each costs a tenth of a fresh interpreter.
    """
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            import_and_die(*line.rstrip("\n").split("\t"))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
