"""The words a person types: each parses, calls one library function and prints.

Heavy imports stand inside the commands, so that ``--help`` answers at once.
"""

import json
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer

from murmuration import __version__
from murmuration.cli_dashboards import dashboards
from murmuration.cli_schedule import schedule
from murmuration.cli_topics import topics
from murmuration.errors import MurmurationError, ParamError, ReadError
from murmuration.garbage import collect_seldom
from murmuration.terminal import (
    describe_receipt,
    evaluation_progress,
    fields_of,
    import_progress,
    model_facts,
    model_row,
    month_progress,
    number,
    print_alert_evaluations,
    print_audience_evaluations,
    print_evaluations,
    print_json,
    print_run,
    print_table,
    print_topic_evaluations,
    progress_bar,
    receipt_facts,
    run_progress,
    run_row,
)

app = typer.Typer(
    name="murmuration",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Social-media posts → scheduled, reproducible, interactive reports.",
)
evaluate = typer.Typer(
    no_args_is_help=True, help="How good and how fast methods are, on labelled data."
)
app.add_typer(evaluate, name="evaluate")
app.add_typer(schedule, name="schedule")
app.add_typer(topics, name="topics")
app.command("dashboards")(dashboards)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
SourceName = Annotated[
    str, typer.Option("--source", "-s", help="Label of the posts: a-z, 0-9, _ and -.")
]


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM; not KeyboardInterrupt, which Typer would take for its own."""


def _stop(number: int, _frame: object) -> NoReturn:
    raise _Stopped(number)


# Of Typer's own copy of click, where it has no public name.
_UsageError = cast("type[Exception]", typer.BadParameter.__base__)


def main() -> None:
    """Run the command line; what goes wrong on purpose is one sentence and exit code 1, wrong words are exit code 2."""
    collect_seldom()
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, _stop)
    try:
        code = app(prog_name="murmuration", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except _UsageError as err:
        if said := _explain_usage(err):
            typer.secho(said, fg=typer.colors.RED, err=True)
        sys.exit(2)
    except MurmurationError as err:
        typer.secho(f"Error: {err}", fg=typer.colors.RED, err=True)
        sys.exit(1)
    except _Stopped as stopped:
        typer.secho("Interrupted. Nothing is broken; the same command again finishes it.", err=True)
        sys.exit(128 + stopped.args[0])


def _explain_usage(err: Any) -> str:
    """Say in one sentence what is wrong with the words, and where to look; nothing where help was shown instead."""
    told = str(err.format_message()).removesuffix(".")
    if not told:
        return ""
    end = "" if told.endswith("?") else "."
    return f"Error: {told}{end} See '{err.ctx.command_path if err.ctx else 'murmuration'} --help'."


@app.callback()
def setup(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Log steps; twice for details.")
    ] = 0,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Social-media posts → scheduled, reproducible, interactive reports."""
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("murmuration").setLevel(level)
    if version:
        typer.echo(f"murmuration {__version__}")
        raise typer.Exit


@app.command("import")
def import_(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders or patterns; also s3://…")
    ] = None,
    *,
    source: SourceName,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", help="field=column,…  e.g. text=content,author=user; id= leaves it out."
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the files; detected unless given.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of CSV files; detected unless given.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="IANA zone of times that name none; UTC unless given.")
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(help="As in Python, e.g. '%d/%m/%Y %H:%M'; recognised unless given."),
    ] = None,
    platform: Annotated[str | None, typer.Option(help="Where the posts were published.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of posts that do not say.")] = None,
    observed_at: Annotated[
        str | None, typer.Option(help="When the posts were seen; the file's time unless given.")
    ] = None,
    detect_language: Annotated[
        bool, typer.Option("--detect-language/--no-detect-language", help="Where none is declared.")
    ] = True,
    max_bad: Annotated[
        str, typer.Option(help="Share of rows that may be unreadable, e.g. 20% or 0.2.")
    ] = "20%",
    as_json: AsJson = False,
) -> None:
    """Take post files into the store: CSV, JSON, JSON lines, Parquet, also packed."""
    from murmuration.catalog import load_catalog
    from murmuration.collect import ImportOptions, import_files
    from murmuration.reports.period import check_zone
    from murmuration.settings import get_settings
    from murmuration.store.delta import open_store
    from murmuration.store.moments import as_moment

    settings = get_settings()
    entry = load_catalog(settings.catalog).source(source)
    options = ImportOptions(
        mapping=entry.map | _pairs(mapping or [], "--map"),
        encoding=encoding or entry.encoding,
        delimiter=_delimiter(delimiter or entry.delimiter),
        timezone=check_zone(timezone or entry.timezone).key,
        time_format=time_format or entry.time_format,
        platform=platform or entry.platform,
        language=language or entry.language,
        observed_at=as_moment(observed_at, "--observed-at"),
        detect_language=detect_language,
        max_bad_share=_share(max_bad),
    )
    wanted = paths or [str(settings.root / path) for path in entry.files]
    if not wanted:
        raise ParamError(
            f"Say which files to import, or list them under sources.{source}.files in data_catalog.yaml."
        )
    store = open_store(settings)
    receipts, failed = [], list[str]()
    with progress_bar() as bar:
        told = import_progress(bar)

        def go_on(err: ReadError) -> None:
            failed.append(str(err))
            bar.console.print(f"Error: {err}", style="red", markup=False, soft_wrap=True)

        for receipt in import_files(
            wanted,
            source=source,
            store=store,
            state=settings.state,
            options=options,
            on_progress=told,
            on_error=go_on,
        ):
            receipts.append(receipt)
            if not as_json:
                bar.console.print(
                    describe_receipt(receipt), highlight=False, markup=False, soft_wrap=True
                )
    if as_json:
        facts = [receipt_facts(one) for one in receipts]
        print_json({"store": store.location, "imports": facts, "failed": failed})
    elif receipts:
        new = sum(0 if one.repeated else one.values["rows_new"] for one in receipts)
        typer.echo(f"{number(new, 'new post')}. Store: {store.location}")
    if failed and receipts:
        files = number(len(failed) + len(receipts), "file")
        typer.echo(f"{len(failed):,} of {files} not taken in; nothing of them was kept.", err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="A notebook in notebooks/reports/.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="name=value; repeat it for more.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="State of the store: a version or a time.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Logical time, which stands for now.")] = None,
    deadline: Annotated[float, typer.Option(help="Seconds after which the run is ended.")] = 3600,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="Only list what the report takes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run one report and print the folder it made last."""
    if parameters:
        _list_parameters(name, as_json=as_json)
        return
    from murmuration.reports.runner import run_report
    from murmuration.store.moments import as_moment, as_state

    with progress_bar() as bar:
        result = run_report(
            name,
            _pairs(param or [], "-p"),
            as_of=as_state(as_of),
            at=as_moment(at, "--at"),
            deadline_seconds=deadline,
            on_progress=run_progress(bar, name),
        )
    print_run(result, as_json=as_json)


def _list_parameters(report: str, *, as_json: bool) -> None:
    from murmuration.reports.parameters import read_parameters
    from murmuration.reports.runner import report_path
    from murmuration.settings import get_settings

    found = read_parameters(report_path(get_settings().root, report)).values()
    if as_json:
        print_json([fields_of(one) for one in found])
        return
    rows = [[one.name, one.type, json.dumps(one.default), one.describe()] for one in found]
    print_table(["parameter", "type", "default", "meaning"], rows)


@app.command()
def runs(
    name: Annotated[str | None, typer.Argument(help="Only runs of this report.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""
    from murmuration.reports import list_runs
    from murmuration.settings import get_settings

    settings = get_settings()
    found = [run for run in list_runs(settings.reports) if name in (None, run.manifest["report"])]
    if as_json:
        print_json([dict(run.manifest) | {"folder": str(run.folder)} for run in found[:limit]])
        return
    print_table(
        ["run", "report", "status", "started", "seconds", "made by", "posts of", "parameters"],
        [run_row(run) for run in found[:limit]],
    )
    typer.echo(f"{number(len(found), 'run')}. Index: {settings.reports / 'index.html'}")


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="Id of a run, or the beginning of it.")],
    code: Annotated[
        str, typer.Option(help="recorded: the commit that it ran; current: the code as it is here.")
    ] = "recorded",
    deadline: Annotated[float, typer.Option(help="Seconds after which it is ended.")] = 3600,
    as_json: AsJson = False,
) -> None:
    """Run a run again on what it read then, and say whether every result table is equal."""
    from murmuration.reports.manifest import find_run
    from murmuration.reports.replay import read_code, replay_run
    from murmuration.settings import get_settings

    original, chosen = find_run(get_settings().reports, run), read_code(code)
    with progress_bar() as bar:
        done = replay_run(
            original,
            code=chosen,
            deadline_seconds=deadline,
            on_progress=run_progress(bar, original.manifest["report"]),
        )
    if as_json:
        print_json(done.as_facts())
    else:
        for table in done.tables:
            typer.echo(f"{'=' if table.equal else '≠'} {table.describe()}")
        typer.echo(done.describe())
        typer.echo(str(done.result.folder))
    # With other code a difference is what was asked for.
    if done.verdict == "failed" or (chosen == "recorded" and done.verdict != "equal"):
        raise typer.Exit(1)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Id of a run, or the beginning of it.")],
    second: Annotated[
        str | None,
        typer.Argument(
            help="Id of a later run of the same report; else the first, which a schedule made, is held against the run before."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two runs: figures, posts, parameters, code, packages."""
    from murmuration.reports.changes import find_previous
    from murmuration.reports.compare import compare_runs, write_comparison
    from murmuration.reports.manifest import find_run
    from murmuration.settings import get_settings

    reports = get_settings().reports
    before = find_run(reports, first)
    before, after = (
        (before, find_run(reports, second)) if second else (find_previous(before), before)
    )
    found = compare_runs(before, after)
    page = write_comparison(found, reports)
    if as_json:
        print_json(found.as_facts() | {"page": str(page)})
        return
    for sentence in found.describe():
        typer.echo(sentence)
    typer.echo(f"Page: {page}")


@app.command()
def models(
    use: Annotated[
        str | None,
        typer.Option(
            help="NAME or NAME@VERSION that scores its languages in reports; vader: none."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the sentiment models of the store; * marks those that reports use now."""
    from murmuration.models import list_models, use_model, use_vader
    from murmuration.store.delta import open_store

    store = open_store()
    if use == "vader":
        use_vader(store=store)
    elif use is not None:
        use_model(use, store=store)
    found = list_models(store=store)
    if as_json:
        print_json([model_facts(one) for one in found])
        return
    print_table(["model", "kind", "languages", "macro recall"], [model_row(one) for one in found])
    typer.echo(f"{number(len(found), 'version')} of models. Store: {store.location}")


@app.command()
def compact(
    keep_days: Annotated[int, typer.Option(min=1, help="Keep replaced files so many days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Fold months in which versions of posts have piled up, and free the space.

    Only runs in this machine's REPORTS keep the versions that they pin: where several people share a store, older runs of
    others cannot be replayed afterwards. Raise --keep-days to give them longer.
    """
    from murmuration.collect.importer import write_lock
    from murmuration.reports.manifest import pinned_versions
    from murmuration.settings import get_settings
    from murmuration.store.delta import open_store
    from murmuration.store.upkeep import compact as fold_months

    settings = get_settings()
    store = open_store(settings)
    with progress_bar() as bar, write_lock(store, settings.state):
        done = fold_months(
            store,
            settings.state,
            keep_versions={
                name: pinned_versions(settings.reports, name)
                for name in ("posts", "imports", "quarantine", "tombstones", "labels")
            },
            keep_days=keep_days,
            on_month=month_progress(bar),
        )
    if as_json:
        print_json(fields_of(done) | {"store": store.location})
    else:
        typer.echo(
            f"{number(done.months, 'month')} folded, {number(done.rows_before, 'row')} became "
            f"{done.rows_after:,}, {number(done.files_removed, 'file')} removed. Store: {store.location}"
        )


@app.command()
def forget(
    source: SourceName,
    post: Annotated[str | None, typer.Option(help="Id of a post.")] = None,
    author: Annotated[str | None, typer.Option(help="Id of an author, or the pseudonym.")] = None,
    with_runs: Annotated[
        bool, typer.Option("--with-runs", help="Also remove runs whose tables hold the posts.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a post or an author: from the store, its old versions and all later imports."""
    from functools import partial

    from murmuration.collect.importer import write_lock
    from murmuration.registry import forget_texts
    from murmuration.reports.context import running_runs
    from murmuration.reports.traces import remove_runs, runs_that_hold
    from murmuration.settings import get_settings
    from murmuration.store.delta import open_store
    from murmuration.store.forget import forget as erase
    from murmuration.vectors import VectorCache

    settings = get_settings()
    store = open_store(settings)
    key = store.pseudonyms.author_key(source, author) if author else None
    with write_lock(store, settings.state):
        from_models = partial(forget_texts, store=store)
        done = erase(
            store, settings.state, source=source, post=post, author=author, from_models=from_models
        )
    VectorCache.open().clear()  # made of texts; those that are left are embedded again
    running = running_runs(settings.state / "runs")
    holding = runs_that_hold(
        settings.reports, source=source, post_id=post, author_keys={author, key}, running=running
    )
    if with_runs:
        remove_runs(settings.reports, holding)
    if as_json:
        print_json(
            fields_of(done)
            | {
                "runs": [str(folder) for folder in holding],
                "runs_removed": with_runs and bool(holding),
                "runs_in_progress": sorted(running),
            }
        )
        return
    if done.posts or done.quarantined:
        typer.echo(
            f"{number(done.posts, 'post')} and {number(done.quarantined, 'quarantined row')} erased, "
            f"{number(done.files, 'file')} rewritten."
        )
    else:
        typer.echo(
            f"Nothing in the store is of this {'post' if post else 'author'} of {source!r}; later imports "
            "keep it out. It was erased before, or look for a typing error."
        )
    if done.models:
        typer.echo(
            f"{number(done.models, 'saved topic model')} knew one of its texts by a hash, and no longer do."
        )
    for folder in holding:
        typer.echo(f"{'Removed' if with_runs else 'Holds one of them, or may'}: {folder}")
    if running:
        typer.echo(
            f"{number(len(running), 'run')} in progress may hold one, or keep topics that know it; look again at the end."
        )
    if holding and not with_runs:
        typer.echo("Remove these runs with --with-runs, or by hand.")
    typer.echo(f"Nothing of it is left in the store. Store: {store.location}")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check what must always be true of the store, and remove drafts and runs that nobody works in any more."""
    from murmuration.reports.context import sweep_killed
    from murmuration.reports.drafts import sweep_drafts
    from murmuration.settings import get_settings
    from murmuration.store.delta import open_store
    from murmuration.store.doctor import Finding, examine

    settings = get_settings()
    store = open_store(settings)
    with progress_bar() as bar:
        task = bar.add_task("checking", total=4, note="")
        steps = examine(
            store, settings.state, on_step=lambda name: bar.update(task, advance=1, note=name)
        )
        findings = list(steps)
    if swept := sweep_drafts():
        text = f"{number(swept, 'draft')} of notebooks that nobody works in any more removed."
        findings.append(Finding("note", text))
    if killed := sweep_killed(settings.state / "runs"):
        text = f"{number(len(killed), 'folder')} of runs whose process was killed removed."
        findings.append(Finding("note", text))
    problems = sum(finding.level == "problem" for finding in findings)
    if as_json:
        print_json({"problems": problems, "findings": [fields_of(finding) for finding in findings]})
    else:
        marks = {"ok": "✓", "note": "·", "problem": "✗"}
        for finding in findings:
            typer.echo(f"{marks[finding.level]} {finding.text}")
        typer.echo(f"{number(problems, 'problem')}. Store: {store.location}")
    if problems:
        raise typer.Exit(1)


@app.command()
def config(as_json: AsJson = False) -> None:
    """Print the effective settings and where each came from."""
    from murmuration.catalog import load_catalog
    from murmuration.settings import get_settings
    from murmuration.store.delta import resolve_location

    settings = get_settings()
    values = settings.describe()
    origins = dict(settings.origins)
    if not settings.store:
        catalog = load_catalog(settings.catalog)
        values["store"] = resolve_location(catalog.store, settings.root)
        origins["store"] = f"{settings.catalog}, store" if settings.catalog.exists() else "default"
    if as_json:
        print_json({name: {"value": values[name], "origin": origins[name]} for name in values})
        return
    rows = [[f"MURMURATION_{name.upper()}", values[name], origins[name]] for name in values]
    print_table(["setting", "value", "from"], rows)
    typer.echo(f"Workspace: {settings.root}")


@evaluate.command("sentiment")
def evaluate_sentiment(
    data: Annotated[
        Path | None,
        typer.Option(
            help="Labelled posts: CSV, JSON lines, Parquet; else those of MURMURATION_REAL_DATA."
        ),
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text; recognised unless given.")] = "",
    label: Annotated[
        str, typer.Option(help="Column with the label; recognised unless given.")
    ] = "",
    lang: Annotated[
        str, typer.Option(help="Language of all posts; else the column lang, else detected.")
    ] = "",
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="A model beside VADER; else all of the store."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure VADER and trained models on labelled posts."""
    from murmuration import evaluation
    from murmuration.show.sentiment_quality import describe_paper

    folder = Path() if data else _real_data()
    with progress_bar() as bar:
        tell = evaluation_progress(bar, "evaluate sentiment")
        found = (
            [evaluation.read_benchmark(data, text=text, label=label, lang=lang)]
            if data
            else evaluation.find_benchmarks(folder)
        )
        rows = evaluation.evaluate(
            found,
            evaluation.find_models(model or []),
            on_progress=tell,
        )
    paper = None if data else evaluation.compare_vader(folder)
    if as_json:
        print_json(
            {
                "results": [fields_of(row) for row in rows],
                "paper": paper and fields_of(paper),
            }
        )
        return
    print_evaluations(rows)
    for sentence in describe_paper(paper) if paper else []:
        typer.echo(sentence)
    same = {"data": data or "FILE", "text_column": text, "label_column": label, "language": lang}
    words = " ".join(f"-p {name}={value}" for name, value in same.items() if value)
    typer.echo(f"Nothing was written. As a report: murmuration report sentiment_quality {words}")


@evaluate.command("topics")
def evaluate_topics(
    data: Annotated[
        Path | None,
        typer.Option(help="Posts: CSV, JSON lines, Parquet; else those of MURMURATION_REAL_DATA."),
    ] = None,
    text: Annotated[str, typer.Option(help="Column with the text; recognised unless given.")] = "",
    label: Annotated[
        str, typer.Option(help="Column that says what posts are about; recognised unless given.")
    ] = "",
    topics: Annotated[
        int | None,
        typer.Option(min=1, help="How many topics; else one a label, or as many as are found."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="StackOverflow, Tweet, BBC or trolls; else all that are there."),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="One of those in the table; else all of them."),
    ] = None,
    embedding: Annotated[
        str, typer.Option(help="lsa, or a network for all methods that take one.")
    ] = "lsa",
    seeds: Annotated[int, typer.Option(min=1, help="How many times each fit is made.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Measure topics beside plain BERTopic, NMF, LDA, k-means and published figures."""
    from murmuration import topic_evaluation

    if data and sets:
        raise ParamError("--data and --set cannot go together: name a file or known sets.")
    folder = Path() if data else _real_data()
    with progress_bar() as bar:
        tell = evaluation_progress(bar, "evaluate topics")
        found = (
            [topic_evaluation.read_set(data, text=text, label=label, n_topics=topics)]
            if data
            else topic_evaluation.find_sets(folder, sets or [])
        )
        measured = topic_evaluation.evaluate(
            found,
            method or [],
            seeds=seeds,
            embedding=embedding,
            on_progress=tell,
        )
        rows = [*measured, *topic_evaluation.published(one.name for one in found if not data)]
    rows.sort(key=lambda row: [one.name for one in found].index(row.data))
    if as_json:
        print_json({"results": [fields_of(row) for row in rows]})
        return
    print_topic_evaluations(rows)
    typer.echo("Nothing was written.")


@evaluate.command("audience")
def evaluate_audience(
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help="trolls or sample; else all that are there."),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="One of those in the table; else all of them."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many times each fit is made.")] = 5,
    samples: Annotated[
        int, typer.Option(min=0, help="Samples of authors that stability is measured with.")
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Measure segments beside k-means on what is obvious, where groups of authors are known."""
    from murmuration import audience_evaluation

    folder = _real_data()
    with progress_bar() as bar:
        tell = evaluation_progress(bar, "evaluate audience")
        rows = list(
            audience_evaluation.evaluate(
                audience_evaluation.find_audiences(folder, sets or []),
                method or [],
                seeds=seeds,
                samples=samples,
                on_progress=tell,
            )
        )
    if as_json:
        print_json({"results": [fields_of(row) for row in rows]})
        return
    print_audience_evaluations(rows)
    typer.echo("Nothing was written.")


@evaluate.command("alerts")
def evaluate_alerts(
    posts: Annotated[
        list[float] | None,
        typer.Option("--posts", min=0.1, help="Posts an hour; else 5, 20 and 60."),
    ] = None,
    factor: Annotated[
        list[float] | None,
        typer.Option("--factor", min=1.1, help="Size of a crisis; else 1.5, 2, 3 and 6."),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option(
            "--threshold", min=1e-6, help="False alarms that chance may bring in a month; else 1."
        ),
    ] = None,
    crises: Annotated[int, typer.Option(min=1, help="How many of each kind.")] = 20,
    months: Annotated[int, typer.Option(min=0, help="Months without a crisis.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Measure how soon alerts find planted crises, and how often they are false."""
    from murmuration import alert_evaluation
    from murmuration.trends import SpikeParams

    with progress_bar() as bar:
        tell = evaluation_progress(bar, "evaluate alerts")
        rows = alert_evaluation.evaluate_alerts(
            posts=posts or (5, 20, 60),
            factors=factor or (1.5, 2, 3, 6),
            thresholds=threshold or (SpikeParams().false_alarms,),
            crises=crises,
            months=months,
            on_progress=tell,
        )
    if as_json:
        print_json({"results": [fields_of(row) for row in rows]})
        return
    print_alert_evaluations(rows)
    typer.echo("Nothing was written.")


def _real_data() -> Path:
    """Give the folder of real data, and say which one it is where nobody named it."""
    from murmuration.settings import get_settings

    settings = get_settings()
    if settings.origins["real_data"] == "default":
        typer.echo(
            f"MURMURATION_REAL_DATA is not set; reading posts in {settings.real_data}.", err=True
        )
    return settings.real_data


def _pairs(words: Sequence[str], option: str) -> dict[str, str]:
    """Read name=value words; a comma only separates pairs where a name and = follow."""
    found: dict[str, str] = {}
    for word in words:
        parts = _split_pairs(word) if option == "--map" else [word]
        for part in parts:
            name, sign, value = part.partition("=")
            if not sign or not name.strip():
                raise ParamError(f"{option} {part!r} must be written as name=value.")
            if name.strip() in found:
                raise ParamError(f"{option} gives {name.strip()!r} twice. Keep one of the two.")
            found[name.strip()] = value.strip()
    return found


def _split_pairs(word: str) -> list[str]:
    parts: list[str] = []
    for piece in word.split(","):
        if "=" in piece or not parts:
            parts.append(piece)
        else:
            parts[-1] += "," + piece  # the column's name holds a comma
    return parts


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    plain = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(text, text)
    if len(plain) != 1:
        raise ParamError(
            f"The delimiter {text!r} must be one character, or tab, comma, semicolon, pipe."
        )
    return plain


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ParamError(f"--max-bad {text!r} must be a share such as 20% or 0.2.")
    return share


if __name__ == "__main__":
    main()
