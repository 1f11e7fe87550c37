"""Folders of drafts: notebooks that somebody runs by hand write to one each, outside of the reports.

They may hold what posts say, so they go when nobody works in them any more: each names the process that made it, and whoever
makes the next one, `doctor` and the scheduler remove those whose process is gone.
"""

import json
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil

_PREFIX = "murmuration-draft-"
_OWNER = ".owner.json"
_UNOWNED_SECONDS = 86_400.0  # of those that name no process, so long after the last change
_SAME_START_SECONDS = 2.0


def make_draft(report: str) -> Path:
    """Make a folder for a draft of a report, for as long as this process lives."""
    sweep_drafts()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{report}-"))
    me = psutil.Process()
    (folder / _OWNER).write_text(json.dumps({"pid": me.pid, "started": me.create_time()}))
    return folder


def sweep_drafts() -> int:
    """Remove the drafts of processes that are gone; give how many."""
    gone = [
        folder for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if _is_left(folder)
    ]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)  # another user's stays
    return sum(not folder.exists() for folder in gone)


def _is_left(folder: Path) -> bool:
    try:
        owner = json.loads((folder / _OWNER).read_text())
        started = psutil.Process(int(owner["pid"])).create_time()
    except psutil.NoSuchProcess:
        return True
    except (OSError, ValueError, KeyError, psutil.Error):
        with suppress(OSError):
            return folder.is_dir() and time.time() - folder.stat().st_mtime > _UNOWNED_SECONDS
        return False
    return abs(started - float(owner["started"])) > _SAME_START_SECONDS
