"""What changed between two runs of a report: parameters, data, key figures, code, packages."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmuration.errors import ParamError
from murmuration.reports.compare_figures import (
    Change,
    FigureChange,
    find_moved,
    find_named,
    list_changes,
)
from murmuration.reports.manifest import RunResult
from murmuration.reports.page import put_text
from murmuration.reports.provenance import LOCK
from murmuration.reports.tables import TableChange, compare_tables
from murmuration.settings import get_settings

if TYPE_CHECKING:
    from murmuration.reports.compare_data import DataChange

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed from one run to another.

    Attributes
    ----------
    first, second
        Their ids.
    report
        Their report.
    parameters, inputs, code, packages
        What is not as it was; `inputs` are brands, lexicons, models and tables of the store.
    data
        None where the runs read no time in common, or nobody asked for it.
    tables
        Every result table.
    figures
        Those that clearly moved, the clearest first.
    named
        Rows with a label that came and went, such as topics and segments.
    """

    first: str
    second: str
    report: str
    parameters: tuple[Change, ...]
    inputs: tuple[Change, ...]
    code: tuple[Change, ...]
    packages: tuple[Change, ...]
    data: "DataChange | None"
    tables: tuple[TableChange, ...]
    figures: tuple[FigureChange, ...]
    named: tuple[Change, ...]

    def as_facts(self) -> dict[str, Any]:
        """Give it as plain values, for JSON."""
        return asdict(self)

    def describe(self) -> list[str]:
        """Say it in sentences, the most telling first."""
        same = sum(table.equal for table in self.tables)
        tables = f"{same} of {len(self.tables)} result tables are equal."
        told = [one.describe() for one in self.figures]
        if same < len(self.tables) and not told:
            told = ["No figure moved beyond its interval."]
        told += _list(self.named)
        if self.data is not None:
            told.append(
                f"Of the time that both read ({self.data.since} to {self.data.until}) the first saw "
                f"{self.data.before:,} posts and the second {self.data.after:,}: {self.data.late:,} came in late, "
                f"{self.data.gone:,} are gone, {self.data.edited:,} were edited. The second read {self.data.added:,} "
                "posts of other times."
            )
        for kind in ("parameters", "inputs", "code", "packages"):
            told += _list(getattr(self, kind))
        return [*told, tables]


def _list(changes: tuple[Change, ...]) -> list[str]:
    return [f"{one.what}: {one.before or '(none)'} → {one.after or '(none)'}" for one in changes]


def compare_runs(first: RunResult, second: RunResult, *, posts: bool = True) -> Comparison:
    """Say what changed from one run of a report to another.

    Parameters
    ----------
    first, second
        From `find_run` or `load_run`.
    posts
        Whether to read in the store what became of the posts that both read.

    Raises
    ------
    ParamError
        If they are runs of different reports.
    StoreError
        If the store no longer has the state that a run saw.
    """
    old, new = first.manifest, second.manifest
    if old["report"] != new["report"]:
        raise ParamError(
            f"{first.folder.name} is a run of {old['report']} and {second.folder.name} one of {new['report']}. "
            "Compare two runs of one report."
        )
    return Comparison(
        first=first.folder.name,
        second=second.folder.name,
        report=new["report"],
        parameters=list_changes(
            old["parameters"] | {"at": old["at"]}, new["parameters"] | {"at": new["at"]}
        ),
        inputs=list_changes(_inputs(old), _inputs(new)),
        code=list_changes(_code(old), _code(new)),
        packages=_packages(old["code"], new["code"]),
        data=_compare_data(old, new) if posts else None,
        tables=tuple(compare_tables(first, second)),
        figures=find_moved(first, second),
        named=find_named(first, second),
    )


def _compare_data(old: Mapping[str, Any], new: Mapping[str, Any]) -> "DataChange | None":
    # Dask and the store, which whoever compares results alone shall not wait for.
    from murmuration.reports.compare_data import compare_data

    return compare_data(old, new)


def _inputs(manifest: Mapping[str, Any]) -> dict[str, Any]:
    pinned = manifest.get("pinned", {})
    return {
        f"{what} {name}": value
        for what, named in pinned.items()
        if isinstance(named, Mapping) and what != "sources"
        for name, value in named.items()
    }


def _code(manifest: Mapping[str, Any]) -> dict[str, Any]:
    code = manifest["code"]
    changed = " with changes that were not committed" if code.get("dirty") else ""
    commit = f"{code['commit']}{changed}" if code.get("commit") else None
    return {"commit": commit, "Python": code.get("python"), "murmuration": code.get("version")}


def _packages(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Compare two locks, as git has them."""
    if old.get("lock_sha256") == new.get("lock_sha256"):
        return ()
    locks = [_read_lock(code.get("commit")) for code in (old, new)]
    if not all(locks):
        return (Change(what=LOCK, before="another", after="another"),)
    return list_changes(*locks)


def _read_lock(commit: str | None) -> dict[str, str]:
    if not commit:
        return {}
    words = ["git", "-C", str(get_settings().root), "show", f"{commit}:{LOCK}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    return dict(_LOCKED.findall(done.stdout))


def write_comparison(comparison: Comparison, reports: Path) -> Path:
    """Write the page of a comparison into the folder of reports, and give its path."""
    path = reports / "compared" / f"{comparison.first}..{comparison.second}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    return put_text(path, render_comparison(comparison, up=f"../{comparison.report}"))


def render_comparison(comparison: Comparison, *, up: str) -> str:
    """Give the page of a comparison; `up` leads from where it lies to the folder of the report's runs."""
    from markupsafe import Markup

    from murmuration.reports.page import resource, templates

    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
    page = templates().get_template("compare.html.j2")
    css = Markup(resource("report.css"))
    return page.render(it=comparison, up=up, css=css, policy=policy)
