"""Which code a run used: the commit, whether it was changed since, the lock and the packages."""

import hashlib
import platform
import subprocess
from pathlib import Path
from typing import Any

from murmuration import __version__

LOCK = "requirements.lock"


def describe_code(root: Path) -> dict[str, Any]:
    """Describe the code of a workspace.

    Parameters
    ----------
    root
        The workspace's folder.

    Returns
    -------
    dict
        ``version``, ``python``, ``commit`` (None outside git), ``dirty`` (whether tracked or new files
        differ from the commit) and ``lock_sha256`` (None without a lock).
    """
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain") if commit else None
    lock = root / LOCK
    return {
        "version": __version__,
        "python": platform.python_version(),
        "commit": commit,
        "dirty": None if changes is None else bool(changes),
        "lock_sha256": hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
    }


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
    return done.stdout.strip()
