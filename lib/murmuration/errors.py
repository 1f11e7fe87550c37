"""Every error that the library raises on purpose.

Each says what was wrong, where, and how to mend it, in one sentence or two, and derives from the
builtin that a caller would catch::

    MurmurationError
    ├── SettingsError      (ValueError)    the environment or .env
    ├── CatalogError       (ValueError)    data_catalog.yaml
    ├── UnknownNameError   (LookupError)   a brand, source, report, run, ... that is not there
    ├── ParamError         (ValueError)    a parameter of a report or of a function
    ├── SchemaError        (ValueError)    a table without the columns that are needed
    ├── ReadError          (ValueError)    a post file that cannot be read
    ├── ModelError         (ValueError)    a model, or its folder, that cannot be used
    ├── BackendError       (RuntimeError)  an estimator that cannot run where it was asked for
    ├── ScheduleError      (ValueError)    a schedule, or a command about one, that cannot be meant
    ├── LedgerError        (RuntimeError)  the ledger of runs cannot be opened, read or written
    ├── StoreError         (OSError)       the store cannot be opened, read or written
    │   └── StoreChangedError          somebody else changed it meanwhile
    └── ReportError        (RuntimeError)  a report that did not finish
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 30  # as many parameters as the largest report has, and more
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


class MurmurationError(Exception):
    """Base of all errors raised on purpose; its text is meant for the person who reads it."""


class SettingsError(MurmurationError, ValueError):
    """A setting in the environment or in .env is wrong."""


class CatalogError(MurmurationError, ValueError):
    """data_catalog.yaml is wrong; names file, line, key, what was found and what is allowed."""


class UnknownNameError(MurmurationError, LookupError):
    """Something was asked for by a name that nothing has."""


class ParamError(MurmurationError, ValueError):
    """A parameter is unknown, of the wrong type or out of range."""


class SchemaError(MurmurationError, ValueError):
    """A table does not have the columns or types that were asked of it."""


class ReadError(MurmurationError, ValueError):
    """A post file cannot be read; nothing of it was kept."""


class ModelError(MurmurationError, ValueError):
    """A model, or the folder that holds it, cannot be used as it is."""


class PolicyError(MurmurationError, PermissionError):
    """The policy of a source does not allow what was asked."""


class BackendError(MurmurationError, RuntimeError):
    """An estimator cannot run where it was asked to, or not with these arguments."""


class ScheduleError(MurmurationError, ValueError):
    """A schedule is wrong; names file, line, field, what was found and what is allowed."""


class LedgerError(MurmurationError, RuntimeError):
    """The ledger of scheduled runs cannot be opened, read or written."""


class StoreError(MurmurationError, OSError):
    """The store cannot be opened, read or written."""


class StoreChangedError(StoreError):
    """Somebody else changed the store meanwhile, so nothing was committed."""


class ReportError(MurmurationError, RuntimeError):
    """A report run did not finish."""


def hide_quoted(text: str) -> str:
    """Blank out what a library's message quotes, which may be a post."""
    return _QUOTED.sub("'…'", text)


def suggest(name: str, known: Iterable[str]) -> str:
    """Complete a message about an unknown name.

    Parameters
    ----------
    name
        What was asked for.
    known
        What there is.

    Returns
    -------
    str
        ``" Did you mean 'x'?"``, or the list of what there is, or that there is nothing.
    """
    names = sorted(known)
    folded = {known_name.casefold(): known_name for known_name in names}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {folded[near[0]]!r}?"
    if not names:
        return " There is none yet."
    shown = ", ".join(names[:_SHOWN])
    if len(names) > _SHOWN:
        shown += f" and {len(names) - _SHOWN:,} more"
    return f" There is: {shown}."
