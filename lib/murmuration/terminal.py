"""What commands print: progress while they work, and what came of it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from murmuration.alert_evaluation import AlertEvaluation
    from murmuration.audience_evaluation import AudienceEvaluation
    from murmuration.collect import Progress, Receipt
    from murmuration.evaluation import Evaluation
    from murmuration.models import SavedModel
    from murmuration.reports import RunResult
    from murmuration.reports.runner import RunProgress
    from murmuration.topic_evaluation import TopicEvaluation


_LANGUAGES = 6  # that an import names


@contextmanager
def progress_bar() -> Iterator["Bar"]:
    """Show progress on the terminal's error stream; nothing where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    ]
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield bar


def import_progress(bar: "Bar") -> Callable[["Progress"], None]:
    """Show a bar for each step of each file."""
    tasks: dict[str, Any] = {}

    def tell(progress: "Progress") -> None:
        name = f"{progress.file.name}: {progress.step}"
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=1.0, note="")
        bar.update(tasks[name], completed=progress.share, note=f"{progress.rows:,} rows")

    return tell


def run_progress(bar: "Bar", name: str) -> Callable[["RunProgress"], None]:
    """Show a bar over the cells of a run, with the step it is at; and where Dask shows what it does."""
    task = bar.add_task(name, total=None, note="")
    links: set[str] = set()
    steps: set[str] = set()

    def tell(progress: "RunProgress") -> None:
        _log_step(bar, steps, name, progress.step, progress.seconds)
        share = "" if progress.share is None else f" {progress.share:.0%}"
        note = progress.step + share
        bar.update(task, completed=progress.cell, total=progress.cells or None, note=note)
        if progress.dashboard and progress.dashboard not in links:
            links.add(progress.dashboard)
            bar.console.print(f"Dask dashboard: {progress.dashboard}", soft_wrap=True)

    return tell


def _log_step(bar: "Bar", said: set[str], what: str, step: str, seconds: float) -> None:
    """Where nobody sees the bar, as in a log, say each step in a line."""
    if not bar.console.is_terminal and step not in said:
        said.add(step)
        typer.echo(f"{what}, {seconds:.0f} s: {step}", err=True)


def evaluation_progress(bar: "Bar", what: str) -> Callable[[str, int, int], None]:
    """Show a bar over the steps of an evaluation, `what` names it."""
    task = bar.add_task("reading", total=None, note="")
    began, said = time.monotonic(), set[str]()

    def tell(name: str, done: int, total: int) -> None:
        _log_step(bar, said, what, name, time.monotonic() - began)
        bar.update(task, description="evaluating", completed=done, total=total, note=name)

    return tell


def month_progress(bar: "Bar") -> Callable[[str, int, int], None]:
    """Show a bar over months."""
    task = bar.add_task("folding", total=None, note="")
    return lambda name, done, total: bar.update(task, completed=done, total=total, note=name)


def describe_receipt(receipt: "Receipt") -> str:
    """Say what became of a file, so that every row of it is accounted for."""
    values = receipt.values
    if receipt.repeated:
        when = values["imported_at"].isoformat(timespec="seconds")
        return f"{values['file_name']}: this very file was imported into {values['source']} at {when}; 0 new."
    lines = [f"{values['file_name']} → {values['source']}: {values['shape']}"]
    if values["mapping"]:
        lines.append(
            "columns: " + ", ".join(f"{field} = {column}" for field, column in values["mapping"])
        )
        if "created_at" not in dict(values["mapping"]):
            lines.append(
                "No column of times was recognised, and reports over a period leave these posts out. Name it "
                "with --map created_at=COLUMN."
            )
    if receipt.left_out:
        lines.append(f"left out, since they name the author: {', '.join(receipt.left_out)}")
    lines.append(_counts_text(values))
    if receipt.why_quarantined:
        lines.append(f"in quarantine: {receipt.why_quarantined}")
    if values["rows_repeated"]:
        lines.append(_repeated_text(receipt))
    if receipt.languages:
        lines.append(_languages_text(receipt))
    lines += values["notes"]
    rate = values["rows_read"] / max(receipt.seconds, 1e-9)
    lines.append(f"{receipt.seconds:.1f} s, {rate:,.0f} rows/s, import {values['import_id']}")
    return "\n  ".join(lines)


def _counts_text(values: Mapping[str, Any]) -> str:
    names = {
        "new": "new", "updated": "updated", "unchanged": "unchanged", "older": "older than known",
        "repeated": "repeating an id of the file", "skipped": "no posts", "forgotten": "forgotten, kept out",
        "quarantined": "in quarantine",
    }  # fmt: skip
    always = ("new", "updated", "unchanged", "quarantined")
    parts = [
        f"{values[f'rows_{key}']:,} {words}"
        for key, words in names.items()
        if key in always or values[f"rows_{key}"]
    ]
    return f"{number(values['rows_read'], 'row')}: {', '.join(parts)}"


def _repeated_text(receipt: "Receipt") -> str:
    repeated, equal = receipt.values["rows_repeated"], receipt.repeated_equal
    rows = number(repeated, "row")
    text = f"of {rows} with the id of another (a derived one, where there is none) {equal:,} {'is' if equal == 1 else 'are'} equal to it"
    if not receipt.differing:
        return f"{text}."
    most = sorted(receipt.differing.items(), key=lambda pair: (-pair[1], pair[0]))
    columns = ", ".join(f"{name} ({count:,})" for name, count in most[:8])
    return (
        f"{text}; the other {repeated - equal:,} differ in {columns}.\n  Of rows that differ one wins: the latest edit, "
        "else the latest observation, else the highest content hash, so that the order of rows cannot matter."
    )


def _languages_text(receipt: "Receipt") -> str:
    from murmuration.schema import NO_LANG

    ranked = receipt.languages.most_common()
    said = ", ".join(
        f"{'unknown' if name == NO_LANG else name} {count:,}" for name, count in ranked[:_LANGUAGES]
    )
    if left := ranked[_LANGUAGES:]:
        said += f" and {number(len(left), 'other')}, {sum(count for _, count in left):,}"
    return f"languages (declared, else detected with py3langid): {said}"


def receipt_facts(receipt: "Receipt") -> dict[str, Any]:
    """Give a receipt for JSON; of a file that was imported before, when that was."""
    if receipt.repeated:
        names = ("import_id", "source", "file_name", "file_hash", "imported_at")
        known = {name: receipt.values[name] for name in names}
        return known | {"repeated_import": True, "rows_new": 0}
    return {
        **receipt.values,
        "repeated_import": receipt.repeated,
        "seconds": receipt.seconds,
        "rows_repeated_equal": receipt.repeated_equal,
        "repeated_differ_in": dict(receipt.differing),
        "left_out": list(receipt.left_out),
        "languages": dict(receipt.languages),
        "why_quarantined": receipt.why_quarantined,
    }


def print_run(result: "RunResult", *, as_json: bool) -> None:
    """Print the answer of a run, its page and, last, its folder; end with exit code 1 if it failed."""
    if as_json:
        print_json(dict(result.manifest) | {"folder": str(result.folder)})
    else:
        for sentence in result.manifest["answer"]:
            typer.echo(sentence)
    from murmuration.reports.provenance import describe_changed

    if said := describe_changed(result.manifest["code"]):
        typer.secho(said, fg=typer.colors.YELLOW, err=True)
    if result.status != "succeeded":
        typer.secho(f"Error: {result.manifest['error']['sentence']}", fg=typer.colors.RED, err=True)
    if not as_json:
        typer.echo(f"Page: {result.page}")
        typer.echo(str(result.folder))
    if result.status != "succeeded":
        raise typer.Exit(1)


def number(count: int, noun: str) -> str:
    """Give a number of things: “1 post”, “2,000 posts”."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def model_row(saved: "SavedModel") -> list[str]:
    """Give a saved model as a row of a table."""
    languages = (
        f"{language}*" if language in saved.current_for else language
        for language in saved.card.languages
    )
    recall = saved.card.metrics.get("macro_recall")
    shown = "" if recall is None else f"{recall:.3f}"
    return [saved.address, saved.card.kind, ", ".join(languages), shown]


def model_facts(saved: "SavedModel") -> dict[str, Any]:
    """Give what is known about a saved model, for `print_json`."""
    from murmuration.sentiment.model import card_facts

    own = {"model": saved.address, "version": saved.version, "digest": saved.digest}
    return own | {"current_for": list(saved.current_for), "card": card_facts(saved.card)}


def run_row(run: "RunResult") -> list[str]:
    """Give a run as a row of the table of runs."""
    from murmuration.reports.manifest import describe_maker, describe_period

    manifest = run.manifest
    given = {name: manifest["parameters"][name] for name in manifest["given"]}
    return [
        manifest["run_id"],
        manifest["report"],
        manifest["status"],
        manifest["started_at"],
        str(manifest["seconds"]),
        describe_maker(manifest),
        describe_period(manifest),
        ", ".join(f"{name}={value}" for name, value in given.items()),
    ]


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; into a pipe, which has no width, nothing is cut or wrapped."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console() if Console().is_terminal else Console(width=10_000)
    console.print(table, highlight=False, markup=False)


def print_evaluations(evaluations: Sequence["Evaluation"]) -> None:
    """Print how good and fast models are on labelled posts, and which posts none of them scored."""
    from murmuration.show.sentiment_quality import (
        SEEN_MARK,
        decimals,
        describe_seen,
        is_seen,
        measure_with_interval,
        model_name,
    )

    scored = [one for one in evaluations if one.row["scored"]]
    print_table(
        ["data", "model", "lang", "scored", "macro recall", "macro F1", "weighted F1", "accuracy", "ECE", "texts/s"],
        [
            [
                one.data, model_name(one.row["model"]) + SEEN_MARK * is_seen(one.seen), one.row["lang"], f"{one.row['scored']:,}",
                measure_with_interval(one.row, "macro_recall"), decimals(one.row["macro_f1"]),
                decimals(one.row["weighted_f1"]), decimals(one.row["accuracy"]), decimals(one.row["ece"]),
                f"{one.texts_per_second:,.0f}",
            ]
            for one in scored
        ],
    )  # fmt: skip
    for one in scored:
        if one.seen is not None and is_seen(one.seen) and one.row["lang"] == "all":
            warning = describe_seen(one.row["model"], one.seen)
            typer.secho(f"{SEEN_MARK.strip()} {one.data}: {warning}", fg=typer.colors.YELLOW)
    for one in evaluations:
        left = one.row["posts"] - one.row["scored"]
        if left and one.row["lang"] == "all":
            typer.echo(
                f"{one.data}: {model_name(one.row['model'])} left {left:,} of {number(one.row['posts'], 'post')} "
                "unscored, which are in languages that it does not read or in none that could be told."
            )


def print_topic_evaluations(evaluations: Sequence["TopicEvaluation"]) -> None:
    """Print how good, steady, fast and large methods are on posts, and what papers report."""
    measures = {
        "NMI": "nmi", "ARI": "ari", "purity": "purity", "NPMI": "npmi", "C_v": "c_v", "diversity": "diversity",
    }  # fmt: skip
    shares = {"left out": "left_out", "seeds": "steady_seeds", "weeks": "steady_weeks"}
    print_table(
        ["data", "method", "topics", *measures, *shares, "CPU s", "posts/s", "MB"],
        [
            [
                one.data, one.method + " (published)" * one.published, _plain_number(one.topics, ".0f"),
                *(_plain_number(getattr(one, name), ".3f") for name in measures.values()),
                *(_plain_number(getattr(one, name), ".1%") for name in shares.values()),
                _plain_number(one.cpu_seconds, ",.1f"), _plain_number(one.posts_per_second, ",.0f"),
                _plain_number(one.peak_mb, ",.0f"),
            ]
            for one in evaluations
        ],
    )  # fmt: skip
    typer.echo(
        "Means over numbers of topics and seeds. Posts that are left out count as wrong; seeds and weeks: the share of "
        "posts that keep their topic, as far as topics of two fits can be told to be the same."
    )


def print_audience_evaluations(evaluations: Sequence["AudienceEvaluation"]) -> None:
    """Print how well segments find known groups of authors, how stable they are, and how interests are foretold."""
    print_table(
        [
            "data", "method", "asked", "found", "NMI", "ARI", "left out", "stability", "same number", "CPU s", "MB",
        ],
        [
            [
                one.data, one.method, "–" if one.asked is None else str(one.asked), f"{one.segments:.1f}", f"{one.nmi:.3f}", f"{one.ari:.3f}",
                f"{one.left_out:.1%}", _plain_number(one.stability, ".3f"), _plain_number(one.same_number, ".0%"), f"{one.cpu_seconds:,.1f}",
                f"{one.peak_mb:,.0f}",
            ]
            for one in evaluations
        ],
    )  # fmt: skip
    for one in evaluations:
        if one.precision is not None and one.popularity:
            typer.echo(
                f"{one.data}: of ten hashtags and communities foretold for an author {one.precision:.1%} were held out; of the "
                f"ten most popular ones {one.popularity:.1%} ({one.precision / one.popularity:.1f} times)."
            )
    typer.echo(
        "Means over seeds. Stability: median adjusted Rand index of segments of bootstrap samples of the authors; same number: "
        "samples with the number of segments that most have."
    )


def print_alert_evaluations(evaluations: Sequence["AlertEvaluation"]) -> None:
    """Print how soon alerts find planted crises, and how often they are false."""
    print_table(
        [
            "posts an hour", "times", "noise", "threshold", "crises", "found in 1 h", "2 h", "6 h", "half found in", "false a month", "of months",
        ],
        [
            [
                f"{one.posts:g}", f"{one.factor:g}",
                "sample posts" if one.excess is None else f"{one.excess:g}, {one.correlation:g}",
                f"{one.threshold:g}", f"{one.crises}",
                f"{one.within_1:.0%}", f"{one.within_2:.0%}", f"{one.within_6:.0%}",
                _plain_number(one.median_hours, ".0f") + " h" * (one.median_hours is not None),
                _plain_number(one.false_a_month, ".2f"), f"{one.months}",
            ]
            for one in evaluations
        ],
    )  # fmt: skip
    typer.echo(
        "Counts by the hour with four weeks before, negative binomial; noise: variance beyond Poisson as a share of the squared "
        "mean, and how far it goes on from hour to hour. Threshold: false alarms of a brand that chance may bring in 30 days; "
        "false: those that there were without a crisis."
    )


def _plain_number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Path) else repr(value)


def fields_of(thing: Any) -> dict[str, Any]:
    """Give the fields of a result as a mapping."""
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}
