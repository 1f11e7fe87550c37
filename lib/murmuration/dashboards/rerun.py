"""A report run again with other parameters: a form made of what the report declares, and how far the run is."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from filelock import FileLock, Timeout

from murmuration.dashboards.access import Access
from murmuration.dashboards.page import Opened, markup
from murmuration.dashboards.posts_widget import describe_problem
from murmuration.errors import MurmurationError, ParamError
from murmuration.settings import get_settings

log = logging.getLogger(__name__)

# What may be said of models by those who were not given all brands: nothing that names one of somebody else.
_KEPT = {"continue_from": ("", "latest"), "topics": ("", "latest"), "model": ("", "none")}
DAYS = ("since", "until")  # parameters that are days, which a calendar picks
_BUSY = "A run is going on, and another one waits for its place already. Start yours when one of them has ended."


class RunAgain:
    """The form of a report, and a bar while it runs.

    Parameters
    ----------
    opened
        The run whose parameters it begins with.
    on_done
        Told the id of the new run.
    sources
        Names of sources that the form offers; others may be typed.
    """

    def __init__(
        self, opened: Opened, *, on_done: Callable[[str], None], sources: Sequence[str] = ()
    ) -> None:
        from murmuration.reports.parameters import read_parameters
        from murmuration.reports.runner import report_path

        self.report = opened.run.folder.parent.name
        self.access, self._on_done = opened.request.access, on_done
        self.declared = read_parameters(report_path(get_settings().root, self.report))
        given = {
            name: opened.parameters.get(name, one.default) for name, one in self.declared.items()
        }
        self.fields = {
            name: _field(one, given[name], sources if name == "source" else ())
            for name, one in self.declared.items()
        }
        self.start = widgets.Button(description="Run")
        self.start.on_click(lambda _button: self.run())
        self.bar = widgets.IntProgress(value=0, max=100, description="")
        self.bar.layout.display = "none"
        self.said = markup("")
        form = widgets.VBox(
            [
                widgets.VBox([field, markup(f'<p class="mm-quiet">{_escape(one.describe())}</p>')])
                for one, field in zip(self.declared.values(), self.fields.values(), strict=True)
            ]
        )
        form.add_class("mm-form")
        self.widget = widgets.VBox([form, self.start, self.bar, self.said])

    def values(self) -> dict[str, Any]:
        """Give what the form says, for those parameters that are not at their default.

        Raises
        ------
        ParamError
            If a value is of the wrong type, out of range, or not the person's to ask for.
        """
        found = {}
        for name, field in self.fields.items():
            value = field.value
            if isinstance(value, date):
                value = value.isoformat()
            read = self.declared[name].read("" if value is None else value)
            if read != self.declared[name].default:
                found[name] = read
        effective = {name: one.default for name, one in self.declared.items()} | found
        _check_rights(self.access, self.report, effective)
        return found

    def run(self) -> None:
        """Start the run; the page goes on answering."""
        try:
            values = self.values()
            child = start(self.report, values)
        except (MurmurationError, OSError) as err:
            self._tell(describe_problem(err), failed=True)
            return
        log.info("%s runs %s", self.access.name, self.report)
        self.start.disabled = True
        self.bar.layout.display = ""
        self._tell("Waiting for a place …")
        threading.Thread(target=self._follow, args=(child,), daemon=True).start()

    def _follow(self, child: "subprocess.Popen[str]") -> None:
        """Tell how far the run is, until it has ended."""
        last: dict[str, Any] = {}
        for line in child.stdout or ():
            try:
                last = json.loads(line)
            except ValueError:
                continue
            if "cell" in last:
                self.bar.max, self.bar.value = int(last["cells"]), int(last["cell"])
                self._tell(f"{last['step'] or 'Running'} ({last['seconds']:.0f} s)")
        child.wait()
        self.start.disabled = False
        self.bar.layout.display = "none"
        if last.get("status") == "succeeded":
            self._tell("Done. The new run opens.")
            self._on_done(str(last["run"]))
        else:
            self._tell(str(last.get("problem") or "The run ended before it was done."), failed=True)

    def _tell(self, sentence: str, *, failed: bool = False) -> None:
        kind, role = ("mm-warning", "alert") if failed else ("mm-quiet", "status")
        self.said.value = f'<p class="{kind}" role="{role}">{_escape(sentence)}</p>'


def _check_rights(access: Access, report: str, values: Mapping[str, Any]) -> None:
    if not access.may_run:
        raise ParamError(
            "You may look at runs, but not start them. Ask whoever runs these dashboards."
        )
    if not access.may_see(report, values):
        raise ParamError(
            "This brand or report is not among those that you were given, so it cannot be run for you."
        )
    if not access.has_all_brands:
        _check_others(access, values)


def _check_others(access: Access, values: Mapping[str, Any]) -> None:
    """Refuse what brings posts or words of other brands into a run, or is kept where theirs are."""
    from murmuration.catalog import load_catalog

    brand = load_catalog(get_settings().catalog).brands.get(str(values["brand"]))
    mine = {*access.brands, *(brand.competitors if brand else ())}
    strange = [one for one in values.get("competitors", []) if one not in mine]
    if strange:
        raise ParamError(
            f"competitors names {', '.join(strange)}, which you were not given and the catalog does not name as a "
            "competitor. Leave it out."
        )
    for name, free in _KEPT.items():
        value = values.get(name, "")  # in some reports `topics` is a number
        if isinstance(value, str) and value not in free:
            raise ParamError(
                f"{name} is {value!r}, but what was kept under a name may be of any brand, so that needs all "
                f"brands. Leave it at one of: {', '.join(one or 'empty' for one in free)}."
            )


def _field(parameter: Any, value: Any, known: Sequence[str] = ()) -> widgets.Widget:
    """Give the field of a parameter by its type, choices and range."""
    name = parameter.name.replace("_", " ")
    try:
        value = parameter.read(value)
    except ParamError:  # an older version of the report took it
        value = parameter.default
    if parameter.choices:
        return widgets.Dropdown(options=list(parameter.choices), value=value, description=name)
    if parameter.type == "bool":
        return widgets.Checkbox(value=bool(value), description=name, indent=False)
    if parameter.name in DAYS:
        day = _day(value)
        if day or not value:
            return widgets.DatePicker(value=day, description=name)
    if parameter.type in ("int", "float") and parameter.low is not None:
        low, high = parameter.low, parameter.high
        if parameter.type == "float":
            return widgets.BoundedFloatText(value=value, min=low, max=high, description=name)
        return widgets.BoundedIntText(value=value, min=int(low), max=int(high), description=name)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    if known:
        return widgets.Combobox(value=text, options=list(known), description=name)
    return widgets.Text(value=text, description=name)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _escape(text: str) -> str:
    import html

    return html.escape(text)


def start(report: str, values: Mapping[str, Any]) -> "subprocess.Popen[str]":
    """Start a run in a process of its own, which goes on when the page is closed; it says how far it is, line by line."""
    words = [sys.executable, "-m", "murmuration.dashboards.rerun", report, json.dumps(dict(values))]
    return subprocess.Popen(  # noqa: S603
        words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        cwd=get_settings().root,
    )  # fmt: skip


def main(report: str, values: str) -> None:
    """Run a report once, when none else of the dashboards runs, and print how far it is; refuse where one waits already."""
    from murmuration.reports.runner import run_report

    settings = get_settings()
    # As many at a time as a scheduler's worker runs: one.
    settings.state.mkdir(parents=True, exist_ok=True)
    place = FileLock(settings.state / "dashboards.lock")
    turn = FileLock(settings.state / "dashboards.next.lock")
    try:
        turn.acquire(timeout=0)
    except Timeout:
        _print({"problem": _BUSY})
        return
    with place:
        turn.release()
        try:
            result = run_report(
                report, json.loads(values), on_progress=lambda one: _print(_progress(one))
            )
        except MurmurationError as err:
            _print({"problem": str(err)})
            return
    error = result.manifest.get("error") or {}
    _print(
        {
            "status": result.status,
            "run": Path(result.folder).name,
            "problem": error.get("sentence", ""),
        }
    )


def _progress(one: Any) -> dict[str, Any]:
    return {"cell": one.cell, "cells": one.cells, "step": one.step, "seconds": one.seconds}


def _print(facts: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:3])
