"""The parameters of a report: read from its notebook, and checked before a kernel starts.

The cell tagged ``parameters`` is the contract. Each line is ``name: type = default  # help``; the help may
end in a range, ``(1..20)``, or in choices, ``{auto, day, week}``. Names that mean the same in every
report (`brand`, `source`, `since`, …) are checked for what they mean as well.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from murmuration.catalog import Catalog
from murmuration.errors import (
    MurmurationError,
    ParamError,
    ReportError,
    UnknownNameError,
    suggest,
)
from murmuration.reports.period import check_zone, resolve_period

Value = str | int | float | bool | list[str] | None

_RANGE = re.compile(r"\((-?[\d.]+)\.\.(-?[\d.]+)\)\s*$")
_CHOICES = re.compile(r"\{([^{}]+)\}\s*$")
NO_LEXICON = "none"  # given for a lexicon: not even those of the brands
TIMES = ("since", "until", "window", "timezone")  # parameters that say which period
# Parameters whose values are names, which mean the same in every report.
_NAMED = ("brand", "competitors", "lexicon", "source")
_TYPES = ("str", "int", "float", "bool", "list[str]")
PAPERMILL_TAGS = frozenset({"injected-parameters", "papermill-error-cell-tag"})
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a report.

    Attributes
    ----------
    name, type, default
        As in the notebook; types are ``str``, ``int``, ``float``, ``bool`` and ``list[str]``.
    help
        What it means, with its unit.
    choices
        Allowed values; empty where anything of the type is.
    low, high
        Allowed range of a number, both included.
    """

    name: str
    type: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def read(self, value: object) -> Value:
        """Give a value in the parameter's type.

        Parameters
        ----------
        value
            Of the type, or text from a command line.

        Raises
        ------
        ParamError
            If it is of another type, out of range or no choice.
        """
        read = _READERS[self.type](self, value)
        if self.choices and read not in self.choices:
            raise self.refuse(value, f"one of {', '.join(self.choices)}")
        if isinstance(read, int | float) and not isinstance(read, bool):
            self._check_range(read)
        return read

    def _check_range(self, value: float) -> None:
        if (self.low is not None and value < self.low) or (
            self.high is not None and value > self.high
        ):
            raise self.refuse(value, f"a number from {self.low:g} to {self.high:g}")

    def describe(self) -> str:
        """Say what it means and what it may be."""
        allowed = ", ".join(self.choices)
        if self.low is not None and self.high is not None:
            allowed = f"{self.low:g} to {self.high:g}"
        return f"{self.help} ({allowed})" if allowed else self.help

    def refuse(self, value: object, allowed: str) -> ParamError:
        """Give the error for a value that is not allowed."""
        return ParamError(f"{self.name} is {value!r}, but it must be {allowed} ({self.help}).")


def _text(parameter: Parameter, value: object) -> Value:
    if isinstance(value, str):
        return value
    raise parameter.refuse(value, "text")


def _whole(parameter: Parameter, value: object) -> Value:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,18}\s*", value):
        return int(value)
    raise parameter.refuse(value, "a whole number")


def _number(parameter: Parameter, value: object) -> Value:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except ValueError:
            raise parameter.refuse(value, "a number") from None
        if abs(number) < float("inf"):
            return number
    raise parameter.refuse(value, "a number")


def _yes_or_no(parameter: Parameter, value: object) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in (*_YES, *_NO):
        return value.strip().lower() in _YES
    raise parameter.refuse(value, "true or false")


def _texts(parameter: Parameter, value: object) -> Value:
    if isinstance(value, str):
        # Also as YAML and Python write it: ['a', 'b'].
        inside = value.strip().removeprefix("[").removesuffix("]")
        parts = [part.strip().strip("'\"") for part in inside.split(",")]
        return [part for part in parts if part]
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return list(value)
    raise parameter.refuse(value, "a list of words, separated by commas")


_READERS: dict[str, Callable[[Parameter, object], Value]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": _yes_or_no,
    "list[str]": _texts,
}


def read_parameters(notebook: Path) -> dict[str, Parameter]:
    """Read the parameters that a report notebook declares.

    Raises
    ------
    ReportError
        If the notebook cannot be read, or its parameters cell is missing or not as agreed; says where.
    """
    cells = [cell for cell in load_notebook(notebook)["cells"] if "parameters" in cell_tags(cell)]
    if len(cells) != 1:
        raise ReportError(
            f"{notebook} has {len(cells)} cells tagged 'parameters', but a report needs exactly one."
        )
    source = cell_source(cells[0])
    try:
        nodes, comments = ast.parse(source).body, _comments(source)
    except (SyntaxError, tokenize.TokenError) as err:
        raise ReportError(f"{notebook}, parameters cell: this is no Python: {err}.") from err
    found = {}
    for node in nodes:
        parameter = _declared(node, comments, notebook)
        found[parameter.name] = parameter
    return found


def load_notebook(path: Path) -> dict[str, Any]:
    """Read a notebook (format 4) as JSON, or raise ReportError.

    Not with nbformat, whose validation takes a second to import and is papermill's job anyway.
    """
    try:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise ReportError(f"{path} cannot be read as a notebook: {err}.") from err
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise ReportError(f"{path} is no notebook of format 4. Save it with JupyterLab.")
    return notebook


def number_cells(notebook: Mapping[str, Any]) -> list[tuple[int | None, Mapping[str, Any]]]:
    """Give the cells with their number from 1 as in the report's own notebook.

    Cells that papermill put in (the injected parameters, its remarks on an error) have no number.
    """
    found: list[tuple[int | None, Mapping[str, Any]]] = []
    number = 0
    for cell in notebook["cells"]:
        own = not (PAPERMILL_TAGS & cell_tags(cell))
        number += own
        found.append((number if own else None, cell))
    return found


def cell_source(cell: Mapping[str, Any]) -> str:
    """Give the text of a cell, which a file may hold in lines."""
    return joined(cell["source"])


def joined(text: str | list[str]) -> str:
    """Give text that a notebook file may hold in lines."""
    return text if isinstance(text, str) else "".join(text)


def cell_tags(cell: Mapping[str, Any]) -> set[str]:
    """Give the tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", []))


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _declared(node: ast.stmt, comments: Mapping[int, str], notebook: Path) -> Parameter:
    where = f"{notebook}, parameters cell, line {node.lineno}"
    if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
        raise ReportError(
            f'{where}: only lines such as `brand: str = "aurora"  # a brand` may stand here.'
        )
    kind = ast.unparse(node.annotation)
    if kind not in _TYPES:
        raise ReportError(
            f"{where}: the type is {kind}, but it must be one of {', '.join(_TYPES)}."
        )
    words = comments.get(node.end_lineno or node.lineno, "")
    if not words:
        raise ReportError(f"{where}: say after a # what {node.target.id} means, with its unit.")
    choices, numbers = _CHOICES.search(words), _RANGE.search(words)
    parameter = Parameter(
        name=node.target.id,
        type=kind,
        default=_literal(node.value, where),
        help=_RANGE.sub("", _CHOICES.sub("", words)).strip().rstrip(";,"),
        choices=tuple(part.strip() for part in choices[1].split(",")) if choices else (),
        low=float(numbers[1]) if numbers else None,
        high=float(numbers[2]) if numbers else None,
    )
    parameter.read(parameter.default)
    return parameter


def _literal(node: ast.expr, where: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError as err:
        raise ReportError(
            f"{where}: the value is {ast.unparse(node)}, but it must be written out, not worked out."
        ) from err


def check_parameters(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, object],
    *,
    catalog: Catalog,
    sources: Callable[[], list[str]],
    at: datetime,
) -> dict[str, Value]:
    """Give the effective value of every parameter.

    Parameters
    ----------
    parameters
        What the report declares.
    given
        What was asked for.
    catalog
        Where brands and lexicons have their names.
    sources
        Gives the sources that the store has, when needed.
    at
        The logical time of the run.

    Returns
    -------
    dict
        Name to value, all of the declared types.

    Raises
    ------
    ParamError
        If a name is unknown, or a value is of the wrong type, out of range or contradicts another.
    UnknownNameError
        If a brand, source or lexicon is not there.
    """
    problems, values = find_problems(parameters, given, catalog=catalog, sources=sources, at=at)
    if problems:
        raise problems[0][1]
    return values


def find_problems(
    parameters: Mapping[str, Parameter],
    given: Mapping[str, object],
    *,
    catalog: Catalog,
    sources: Callable[[], list[str]],
    at: datetime,
) -> tuple[list[tuple[str, MurmurationError]], dict[str, Value]]:
    """Give all that `check_parameters` would refuse, each with the parameter's name, and the values that are fine."""
    found: list[tuple[str, MurmurationError]] = []
    values: dict[str, Value] = {}
    for name in given:
        if name not in parameters:
            said = suggest(name, parameters)
            found.append((name, ParamError(f"This report has no parameter {name!r}.{said}")))
    for name, parameter in parameters.items():
        try:
            values[name] = parameter.read(given[name]) if name in given else parameter.default
        except ParamError as err:
            found.append((name, err))
    for name in _NAMED:
        try:
            for text in _texts_of(values, name):
                _check_name(name, text, catalog, sources)
        except MurmurationError as err:
            found.append((name, err))
    try:
        _check_times(values, at)
    except ParamError as err:
        found.append((next((name for name in TIMES if values.get(name)), ""), err))
    return found, values


def _check_name(
    parameter: str, name: str, catalog: Catalog, sources: Callable[[], list[str]]
) -> None:
    if parameter in ("brand", "competitors"):
        catalog.brand(name)
    elif parameter == "lexicon":
        if name != NO_LEXICON:
            catalog.lexicon(name)
    elif name not in (there := sources()):
        raise UnknownNameError(
            f"The store has no posts of a source {name!r}.{suggest(name, there)}"
        )


def _texts_of(values: Mapping[str, Value], name: str) -> list[str]:
    value = values.get(name)
    return value if isinstance(value, list) else [value] if isinstance(value, str) and value else []


def _check_times(values: Mapping[str, Value], at: datetime) -> None:
    times = {name: str(values[name]) for name in TIMES if values.get(name)}
    if times:
        resolve_period(**times, at=at)
    if "timezone" in times:
        check_zone(times["timezone"])
