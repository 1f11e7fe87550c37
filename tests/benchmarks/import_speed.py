"""How fast real posts come into the store, in how much memory, and against what pandas needs to copy the file.

    python tests/benchmarks/import_speed.py --times 1 10

Reddit titles (no author, no language) and troll tweets (languages left out), as CSV files, once and ten
times as long with ids made distinct. The reference reads the same file with pandas.read_csv and writes
it with to_parquet: no ids, times, pseudonyms, hashes, versions, months or languages.

Each import runs in a process of its own, so that peaks do not mix. Bars: 20,000 rows/s with and 60,000
without detecting languages, a peak below 1 GB, and no larger for the longer file.
"""

import argparse
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from murmuration.collect import ImportOptions, import_files
from murmuration.store import Pseudonyms, Store

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("MURMURATION_REAL_DATA") or ROOT / "../shared/data").resolve()
FILES = {
    "reddit": ("reddit/reddit_titles_dev.parquet", "id"),
    "trolls": ("trolls/trolls_segments_dev.parquet", "row_id"),
}


# Rows a second on two cores, and memory: what was promised.
BARS = {"import": 60_000, "import, languages detected": 20_000}
PEAK_MEGABYTES = 1_000


def write_csv(name: str, times: int, folder: Path) -> Path:
    """Write a data set as CSV, so many times over; the language goes, so that it has to be detected."""
    place, key = FILES[name]
    rows = pq.read_table(DATA / place)
    rows = rows.drop_columns([column for column in rows.column_names if column == "language"])
    column = rows.schema.get_field_index(key)
    ids = rows[key].cast(pa.string()).to_pylist()
    path = folder / f"{name}-{times}.csv"
    with path.open("wb") as file:
        for number in range(times):
            own = [f"{one}-{number}" for one in ids] if number else ids
            part = rows.set_column(column, key, pa.array(own))
            options = pyarrow.csv.WriteOptions(include_header=not number)
            pyarrow.csv.write_csv(part, file, options)
    return path


def import_file(path: Path, folder: Path, detect: bool) -> int:
    """Import a file into a new store; gives its rows."""
    store = Store(str(folder / "store"), Pseudonyms(b"a key for benchmarks, long enough"))
    options = ImportOptions(detect_language=detect)
    given = {"store": store, "state": folder / "state", "options": options}
    [receipt] = import_files([str(path)], source="bench", **given)
    return int(receipt.values["rows_written"])


def copy_with_pandas(path: Path, folder: Path) -> int:
    """Do the least that could be done; gives the rows."""
    frame = pd.read_csv(path, dtype={key: str for _, key in FILES.values()})
    frame.to_parquet(folder / "copy.parquet", compression="zstd")
    return len(frame)


def measure(work: Callable[..., int], *arguments: Any) -> tuple[int, float, float, float]:
    """Give rows, seconds, CPU seconds and this process's peak in MB; the work gets an empty folder too."""
    with tempfile.TemporaryDirectory() as folder:
        path, *others = arguments
        started, spent = perf_counter(), process_time()
        rows = work(path, Path(folder), *others)
        seconds, cpu = perf_counter() - started, process_time() - spent
    return rows, seconds, cpu, peak_megabytes()


def peak_megabytes() -> float:
    """Peak of this process; ru_maxrss on Linux would count what the parent held."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def main() -> None:
    """Print a line for each import and each reference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--times", nargs="+", type=int, default=[1, 10], help="how long the file is"
    )
    parser.add_argument("--only", choices=FILES, help="one of the data sets")
    parser.add_argument("--check", action="store_true", help="fail below the bars")
    options = parser.parse_args()
    missed: list[str] = []
    ways: dict[str, tuple[Any, ...]] = {
        "pandas: read_csv + to_parquet": (copy_with_pandas,),
        "import": (import_file, False),
        "import, languages detected": (import_file, True),
    }
    print(
        f"{'file':<11} {'what':<30} {'rows':>9} {'seconds':>8} {'CPU s':>6} {'rows/s':>9} {'peak MB':>8} {'× pandas':>9}"
    )
    for name in [options.only] if options.only else FILES:
        if not (DATA / FILES[name][0]).exists():
            print(f"{name}: not in {DATA}; set MURMURATION_REAL_DATA to where real posts are")
            continue
        for times in options.times:
            with tempfile.TemporaryDirectory() as folder:
                path = apart(write_csv, name, times, Path(folder))
                base = 0.0
                for what, (work, *others) in ways.items():
                    rows, seconds, cpu, peak = apart(measure, work, path, *others)
                    base = base or seconds
                    print(
                        f"{f'{name} × {times}':<11} {what:<30} {rows:>9,} {seconds:>8.1f} {cpu:>6.1f} "
                        f"{rows / seconds:>9,.0f} {peak:>8,.0f} {seconds / base:>9.1f}",
                        flush=True,
                    )
                    if rows / seconds < BARS.get(what, 0) or (
                        what in BARS and peak > PEAK_MEGABYTES
                    ):
                        missed.append(f"{name} × {times}, {what}")
    if options.check and missed:
        sys.exit(f"Below the bars: {'; '.join(missed)}.")


if __name__ == "__main__":
    main()
