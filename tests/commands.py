"""What a person types, done in this process: a process of its own imports everything anew, which takes two seconds."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from murmuration.cli import main
from murmuration.settings import get_settings


@contextmanager
def inside(folder: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Be in a workspace, with these settings and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MURMURATION_")]:
            patch.delenv(name)
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        get_settings.cache_clear()
        yield
    get_settings.cache_clear()


def type_words(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command where this process is, with the settings that it has; give exit code, output and errors."""
    kept = {wish: signal.getsignal(wish) for wish in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    get_settings.cache_clear()
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["murmuration", *words])
            with pytest.raises(SystemExit) as ended:
                main()
    finally:
        for wish, handler in kept.items():
            signal.signal(wish, handler)
    return subprocess.CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())
