from .compare import compare_runs as compare_runs
from .manifest import RunResult as RunResult
from .manifest import find_run as find_run
from .manifest import list_runs as list_runs
from .manifest import load_run as load_run
from .period import Period as Period
from .period import resolve_period as resolve_period
from .replay import replay_run as replay_run
from .run import Run as Run
from .run import start_run as start_run
from .runner import run_report as run_report

__all__ = [
    "Period",
    "Run",
    "RunResult",
    "compare_runs",
    "find_run",
    "list_runs",
    "load_run",
    "replay_run",
    "resolve_period",
    "run_report",
    "start_run",
]
