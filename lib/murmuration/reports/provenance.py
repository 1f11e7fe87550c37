"""Which code a run used: the commit, whether it was changed since, the lock and the packages.

Code is what can change a result: ``lib/`` and the notebook of the report. Brands, words and posts are pinned apart, packages
by their lock; schedules, pages and notes change nothing.
"""

import hashlib
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from murmuration import __version__

LOCK = "requirements.lock"
_NAMED_MAX = 3
_KEPT_MAX = 20


def describe_code(root: Path, report: str) -> dict[str, Any]:
    """Describe the code that a report runs in a workspace.

    Parameters
    ----------
    root
        The workspace's folder.
    report
        Name of the report.

    Returns
    -------
    dict
        ``version``, ``python``, ``commit`` (None outside git), ``dirty`` (whether files of the code, known to git or new,
        differ from the commit), ``changed`` (the first of these files), ``changed_files`` (how many there are) and ``lock_sha256`` (None without a lock).
    """
    commit = _git(root, "rev-parse", "HEAD")
    changes = _find_changes(root, report) if commit else None
    lock = root / LOCK
    return {
        "version": __version__,
        "python": platform.python_version(),
        "commit": commit,
        "dirty": None if changes is None else bool(changes),
        "changed": (changes or [])[:_KEPT_MAX],
        "changed_files": len(changes or []),
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
    }


def name_changed(code: Mapping[str, Any]) -> str:
    """Name the files in which the code of a run differs from its commit, three at most; nothing where none is known."""
    files: Sequence[str] = code.get("changed") or ()
    left = int(code.get("changed_files") or len(files)) - _NAMED_MAX
    more = f" and {left:,} more" if left > 0 else ""
    return ", ".join(files[:_NAMED_MAX]) + more


def describe_changed(code: Mapping[str, Any]) -> str:
    """Say that a run cannot be replayed as it was because its code differs from the commit; nothing where it can."""
    if not code.get("dirty"):
        return ""
    files = code.get("changed") or ("its code",)
    return (
        f"This run cannot be replayed exactly later: {name_changed(code) or files[0]} "
        f"{'is' if len(files) == 1 else 'are'} changed since the last commit."
    )


def _find_changes(root: Path, report: str) -> list[str] | None:
    """Give the files of the code that differ from the commit; None if git does not say."""
    notebook = f"notebooks/reports/{report}.ipynb"
    words = ["--porcelain", "-z", "--untracked-files=all", "--no-renames"]
    told = _git(root, "status", *words, "--", "lib", notebook)
    if told is None:
        return None
    return sorted(
        entry[3:] for entry in told.split("\0") if entry
    )  # two letters and a space before


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), *words],  # noqa: S607  whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip("\n")
