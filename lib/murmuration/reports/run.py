"""A run, seen from inside its notebook: pinned inputs in, steps and tables out."""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from murmuration.audience.params import KIND as SEGMENTS
from murmuration.collect.labelled import Labelled
from murmuration.compute import Cluster, choose_backend, choose_device, start_cluster
from murmuration.errors import ModelError, SchemaError, UnknownNameError, hide_quoted, suggest
from murmuration.models import (
    find_newest,
    list_models,
    load,
    load_exactly,
    pin_model,
    read_facts,
    save,
)
from murmuration.reports.context import Context, Journal, given_context
from murmuration.reports.drafts import make_draft
from murmuration.reports.labelled import find_labelled
from murmuration.reports.parameters import NO_LEXICON
from murmuration.reports.period import Period, resolve_period
from murmuration.reports.pins import NAMED, pin_inputs
from murmuration.schema import RESULTS, Table, check_columns
from murmuration.sentiment.model import Model
from murmuration.sentiment.people import find_random
from murmuration.settings import get_settings
from murmuration.store import State, load_labels, open_store
from murmuration.text import Brand
from murmuration.topics.params import KIND as TOPICS

if TYPE_CHECKING:
    import dask.dataframe as dd

    from murmuration.audience.policy import Policy
    from murmuration.audience.segments import SegmentModel
    from murmuration.topics.model import TopicModel
    from murmuration.topics.params import Backend
    from murmuration.vectors import VectorCache

log = logging.getLogger(__name__)

_SAMPLE_SECONDS = 0.05
_SAMPLES_BETWEEN = 20  # samples of this process for one of its workers
_PROGRESS_SECONDS = 0.5  # between two entries of the journal
_ROW_GROUP = 16_384  # rows; so that a page of posts is read without all the others


@dataclass
class Step:
    """One step of a run while it goes on; set `rows_out` when it is known."""

    name: str
    rows_in: int | None = None
    rows_out: int | None = None


@dataclass
class Run:
    """What a report notebook holds on to.

    Attributes
    ----------
    context
        What it was told: pinned versions, parameters, folder, logical time.
    journal
        What it tells back.
    """

    context: Context
    journal: Journal
    _memory: "_MemoryWatch" = field(repr=False, default_factory=lambda: _MemoryWatch())
    _noted: float = field(repr=False, default=0.0)
    _ran_on: Cluster | None = field(repr=False, default=None)
    _backends: set[str] = field(repr=False, default_factory=set)
    _period: Period | None = field(repr=False, default=None)

    @property
    def at(self) -> datetime:
        """The logical time, which stands for now."""
        return self.context.at

    @property
    def as_of(self) -> State:
        """The state of the store that it is pinned to."""
        pinned = self.context.pinned
        return State(pinned["tables"], datetime.fromisoformat(pinned["moment"]))

    def period(
        self, *, since: str = "", until: str = "", window: str = "", timezone: str = "UTC"
    ) -> Period:
        """Work out the period of the report, see `murmuration.reports.resolve_period`."""
        period = resolve_period(
            since=since, until=until, window=window, timezone=timezone, at=self.at
        )
        self.journal.add("period", since=period.since, until=period.until, timezone=timezone)
        self._period = period
        return period

    def brand(self, name: str) -> Brand:
        """Give a brand as it was pinned for this run."""
        brands = self.context.pinned["brands"]
        if name not in brands:
            raise UnknownNameError(
                f"No brand called {name!r} in data_catalog.yaml.{suggest(name, brands)}"
            )
        self.journal.add("used", what="brands", name=name)
        return Brand(**{key: _tuples(value) for key, value in brands[name].items()})

    def describe_source(self, name: str) -> str:
        """Give what the catalog says of a source; nothing for one that it does not name."""
        if name in self.context.pinned["sources"]:
            self.journal.add("used", what="sources", name=name)
        return str(self.context.pinned["sources"].get(name, ""))

    def policy(self, source: str) -> "Policy":
        """Give what may be said of the authors of a source; of all sources the strictest."""
        from murmuration.audience.policy import LEAST_AUTHORS, Policy

        pins = self.context.pinned.get("policies", {})
        if source in pins:
            self.journal.add("used", what="policies", name=source)
            return Policy(**pins[source])
        if source:
            return Policy()
        for name in pins:
            self.journal.add("used", what="policies", name=name)
        return Policy(
            least_authors=max(
                [LEAST_AUTHORS, *(int(pin["least_authors"]) for pin in pins.values())]
            )
        )

    def brands(self, name: str, competitors: Sequence[str] = ()) -> list[Brand]:
        """Give a brand and those it is compared with; the catalog's unless some are named."""
        brand = self.brand(name)
        rivals = [rival for rival in competitors or brand.competitors if rival != name]
        return [brand, *map(self.brand, dict.fromkeys(rivals))]

    def lexicon(self, brands: Sequence[Brand], name: str = "") -> dict[str, float]:
        """Give the words of a lexicon, or of all lexicons of some brands; 'none' gives no words."""
        names = [name] if name else sorted({brand.lexicon for brand in brands if brand.lexicon})
        words: dict[str, float] = {}
        for one in names:
            if one != NO_LEXICON:
                self.journal.add("used", what="lexicons", name=one)
                words |= self.context.pinned["lexicons"][one]
        return words

    def sentiment_models(self) -> dict[str, Model]:
        """Load the models that this run is pinned to, by language; none where the store has none."""
        pins = self.context.pinned["models"]
        for language in pins:
            self.journal.add("used", what="models", name=language)
        # A model of several languages is loaded once.
        addresses = {pin["digest"]: pin["model"] for pin in pins.values()}
        loaded = {digest: load_exactly(where, digest) for digest, where in addresses.items()}
        for model in loaded.values():
            self._note_device(model)
        return {language: loaded[pin["digest"]] for language, pin in pins.items()}

    def named_models(self, names: Sequence[str]) -> list[Model]:
        """Load models by name and put their versions on record; without names those that the run is pinned to."""
        if not names:
            found = {model.version: model for model in self.sentiment_models().values()}
            return list(found.values())
        replayed = self.context.pinned.get(NAMED, {})
        pins = {name: replayed.get(name) or pin_model(name) for name in names}
        models = [load_exactly(pin["model"], pin["digest"]) for pin in pins.values()]
        for (name, pin), model in zip(pins.items(), models, strict=True):
            self.journal.add("read", what=NAMED, name=name, **pin)
            self._note_device(model)
        return models

    def earlier_topics(
        self, continue_from: str, *, name: str, before: datetime | None = None
    ) -> "TopicModel | None":
        """Load the topics that those of this run go on from, and put their version on record.

        Parameters
        ----------
        continue_from
            Nothing for none; ``latest`` for those that were kept last under `name`, if there are any; else a name of
            topics (those kept last), or a version of them, ``name@xxxxxxxx``.
        name
            What the topics of this run are kept under.
        before
            Of ``latest`` those whose period ended before this time: of all that are kept under `name` those of the latest
            period. Those kept last are taken as they are if they do not know their period.

        Raises
        ------
        UnknownNameError
            If there are no such topics.
        ModelError
            If it is another kind of model.
        """
        return cast("TopicModel | None", self._earlier(TOPICS, continue_from, name, before))

    def earlier_segments(
        self, continue_from: str, *, name: str, before: datetime | None = None
    ) -> "SegmentModel | None":
        """Load segments that were kept, and put their version on record; see `earlier_topics`."""
        return cast("SegmentModel | None", self._earlier(SEGMENTS, continue_from, name, before))

    def _earlier(self, kind: str, continue_from: str, name: str, before: datetime | None) -> Any:
        if continue_from == "latest" and before is not None:
            return self._latest_before(kind, name, before)
        return self._named(kind, continue_from, name)

    def _latest_before(self, kind: str, name: str, before: datetime) -> Any:
        pin = self.context.pinned.get(kind, {}).get(name)
        if pin is None:
            return None
        # The run that is replayed noted which it went on from, as the next lines do, or that there were none.
        if not _ends_before(pin["model"], before):
            pin = None if self.context.is_replay else _find_kept(kind, name, before)
            if pin is not None:
                self.journal.add("read", what=kind, name=name, **pin)
        else:
            self.journal.add("used", what=kind, name=name)
        if pin is None:
            return None
        found = load_exactly(pin["model"], pin["digest"])
        log.info("ids go on from %s, of posts until %s", found.version, found.until or "an unknown day")  # fmt: skip
        return found

    def _named(self, kind: str, continue_from: str, name: str) -> Any:
        kept: Mapping[str, Mapping[str, str]] = self.context.pinned.get(kind, {})
        if not continue_from or (continue_from == "latest" and name not in kept):
            return None
        wanted = name if continue_from == "latest" else continue_from
        if wanted in kept:
            pin = kept[wanted]
            self.journal.add("used", what=kind, name=wanted)
            return load_exactly(pin["model"], pin["digest"])
        known = (pin["model"] for pin in kept.values())
        if "@" not in wanted:
            raise UnknownNameError(
                f"The store has no {kind} called {wanted!r}.{suggest(wanted, [*kept, *known])}"
            )
        model = load(wanted)
        if model.card.kind != kind:
            raise ModelError(
                f"{wanted} is no model of {kind}. Use the name of {kind} that a report kept."
            )
        self.journal.add(
            "read", what=kind, name=model.card.name, model=wanted, version=model.version
        )
        return model

    @property
    def backend(self) -> "Backend":
        """Where the settings say that estimators and networks run."""
        return cast("Backend", get_settings().backend)

    def embedding(self, name: str) -> str:
        """Say which embedding ``auto`` is in this run, as it was when the run was pinned; others are what they are."""
        pins = self.context.pinned.get("embedding", {})
        if name in pins:
            self.journal.add("used", what="embedding", name=name)
        return str(pins.get(name, name))

    @property
    def vectors(self) -> "VectorCache":
        """The vectors of texts that this workspace keeps, so that a network embeds only texts that are new."""
        from murmuration.vectors import VectorCache

        return VectorCache.open()

    def keep_topics(self, model: "TopicModel", *, name: str) -> str:
        """Keep topics in the store, and put their version on record; a draft or a replay keeps nothing.

        Their name means them once the run is published, if they go on from those that it meant before, and are of no older
        posts.
        """
        if self.context.draft or self.context.is_replay or not len(model.topics):
            return ""
        from murmuration.registry import apply_said

        if self._period is not None:
            model = model.with_period(self._period.since, self._period.until)
        saved = save(apply_said(model, name), name, make_newest=False)
        self.journal.add(
            "kept", what="topics", model=saved.address, version=saved.version, digest=saved.digest
        )
        return saved.address

    def keep_segments(self, model: "SegmentModel", *, name: str) -> str:
        """Keep segments in the store, and put their version on record; a draft or a replay keeps nothing.

        Their name means them once the run is published. One segment of all authors tells later runs nothing: those that were
        kept before stay.
        """
        if self.context.draft or self.context.is_replay or len(model.ids) < 2:
            return ""
        if self._period is not None:
            model = model.with_period(self._period.since, self._period.until)
        saved = save(model, name, make_newest=False)
        self.journal.add(
            "kept", what=SEGMENTS, model=saved.address, version=saved.version, digest=saved.digest
        )
        return saved.address

    def _note_device(self, model: Model) -> None:
        """Put on record where a neural model runs, and why there."""
        from murmuration.sentiment.transformer import TransformerModel

        if isinstance(model, TransformerModel):
            backend = "gpu" if model.device == "cuda" else "cpu"
            self._backends.add(backend)
            self.journal.add(
                "backend",
                estimator=model.version,
                chosen=backend,
                path=f"{TransformerModel.__module__}:{TransformerModel.__name__}",
                reason=choose_device(get_settings().backend).reason,
            )

    def labelled(self, data: str, *, text: str = "", label: str = "", lang: str = "") -> Labelled:
        """Read labelled posts, see `find_labelled`, and put on record which: name, SHA-256, rows."""
        found = find_labelled(
            data, root=get_settings().root, text=text, label=label, lang=lang,
            as_of=self.as_of,
        )  # fmt: skip
        self.journal.add(
            "read", what="labelled", name=found.name, sha256=found.sha256, rows=found.rows
        )
        return found

    def random_labels(self) -> pd.DataFrame:
        """Give what most people say of posts that were drawn at random: `source`, `post_id`, `said`.

        The label is null where as many say one thing as another, and where everybody skipped the post. What is
        drawn otherwise stands for no share; and what was drawn at random stands for the posts it was drawn from.
        """
        said = find_random(load_labels(as_of=self.as_of))
        self.journal.add("read", what="labels", name="drawn at random", rows=len(said))
        return said

    def count_quarantined(self, source: str = "") -> int:
        """Count the rows of imported files that could not be read as posts."""
        rows = open_store().read("quarantine", as_of=self.as_of)
        return len(rows) if not source else rows["source"].to_pylist().count(source)

    @contextmanager
    def step(self, name: str, *, rows_in: int | None = None) -> Iterator[Step]:
        """Measure a step: its seconds, peak memory of this process and its workers, rows in and out."""
        step = Step(name, rows_in)
        self.journal.add("begin", step=name)
        self._memory.reset()
        self._ran_on = None
        self._backends.clear()
        started = time.perf_counter()
        try:
            yield step
        finally:
            self.journal.add(
                "step",
                name=name,
                seconds=round(time.perf_counter() - started, 3),
                peak_memory_bytes=self._memory.peak(),
                rows_in=step.rows_in,
                rows_out=step.rows_out,
                cluster=self._ran_on.kind if self._ran_on else None,
                backend=" and ".join(sorted(self._backends)) or None,
            )

    def start_cluster(self, rows: int | None = None) -> Cluster:
        """Choose where Dask tasks run, start it, and put the choice and its reason on record."""
        cluster = start_cluster(rows, setting=get_settings().cluster)
        self.journal.add(
            "cluster",
            chosen=cluster.kind,
            reason=cluster.reason,
            workers=cluster.workers,
            dashboard=cluster.dashboard,
        )
        if self.context.draft and cluster.dashboard:
            print(f"Dask dashboard: {cluster.dashboard}")  # noqa: T201  somebody is looking
        return cluster

    def make_estimator(
        self,
        name: str,
        *,
        backend: str | None = None,
        distributed: bool = False,
        sparse: bool = False,
        **arguments: Any,
    ) -> Any:
        """Make an estimator as `murmuration.compute.make_estimator` does, and put on record where it runs and why.

        Analysis functions that need estimators take this method as an argument. The backend is that of the
        settings unless a step says that it knows one only.
        """
        choice = choose_backend(
            name,
            arguments,
            backend=backend or get_settings().backend,
            distributed=distributed,
            sparse=sparse,
        )
        self._backends.add(choice.backend)
        self.journal.add(
            "backend",
            estimator=choice.estimator,
            chosen=choice.backend,
            path=choice.path,
            reason=choice.reason,
        )
        return choice.make()

    def compute(self, frame: "dd.DataFrame", cluster: Cluster) -> pd.DataFrame:
        """Compute a Dask frame on a cluster, with progress where somebody looks: notebook or terminal."""
        self._ran_on = cluster
        if self.context.draft:
            from murmuration.show import ProgressBar  # widgets are slow to import

            with ProgressBar("partitions") as bar:
                return cluster.compute(frame, on_part=bar.tell)
        return cluster.compute(frame, on_part=self._note_progress)

    def _note_progress(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done == total or now - self._noted >= _PROGRESS_SECONDS:
            self._noted = now
            self.journal.add("progress", done=done, total=total)

    def warn(self, text: str) -> None:
        """Put on record that something is valid but not what was asked."""
        self.journal.add("warning", text=text)

    def note_gap(self, text: str) -> None:
        """Put on record what the data do not cover."""
        self.journal.add("gap", text=text)

    def answer(self, sentences: Sequence[str]) -> None:
        """Put the report's first sentences on record, for the index and for notices."""
        self.journal.add("answer", sentences=list(sentences))

    def raise_alerts(
        self, alerts: pd.DataFrame, sentences: Sequence[str], *, seen_until: datetime
    ) -> None:
        """Put alerts on record, for notices.

        Parameters
        ----------
        alerts
            With `brand`, `severity`, `began`, `ended`, `ongoing`; the severest first, as the sentences are.
        sentences
            One for each.
        seen_until
            Up to when there are posts at all: an alert is not seen to be over where none come in any more.
        """
        self.journal.add("watch", until=seen_until)
        ordered = alerts.sort_values(["severity", "began"], ascending=[False, True], kind="stable")
        for row, sentence in zip(ordered.to_dict("records"), sentences, strict=True):
            self.journal.add(
                "alert", name=str(row["brand"]), severity=int(row["severity"]), began=row["began"],
                ended=row["ended"], ongoing=bool(row["ongoing"]), sentence=sentence,
            )  # fmt: skip

    def save_table(
        self, table: pd.DataFrame, name: str, *, key: Sequence[str] = (), as_csv: bool = False
    ) -> Path:
        """Write a result table: sorted by its key, without pandas metadata, run ids or clocks.

        Parameters
        ----------
        table
            With at least the columns that `murmuration.schema.RESULTS` declares for this report.
        name
            Name of the table.
        key
            Columns to sort by, for a report whose tables are not declared.
        as_csv
            Whether it is written as CSV beside as well.

        Returns
        -------
        Path
            The Parquet file.

        Raises
        ------
        UnknownNameError
            If the report declares its tables and this is none of them.
        SchemaError
            If a column is missing or does not fit its type.
        """
        declared = _declared_table(self.context.report, name)
        schema = declared.arrow if declared else None
        columns = declared.names if declared else list(table.columns)
        check_columns(table.columns, columns, what=f"The table {name!r}")
        try:
            rows = pa.Table.from_pandas(table[columns], schema=schema, preserve_index=False)
        except (pa.ArrowException, TypeError, ValueError) as err:
            raise SchemaError(
                f"The table {name!r} does not fit its declared types: {hide_quoted(str(err))}."
            ) from err
        order = (declared.key if declared else tuple(key)) or tuple(columns)
        rows = rows.sort_by([(column, "ascending") for column in order])
        path = self.context.folder / "tables" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(
            rows.replace_schema_metadata(None), path, compression="zstd", row_group_size=_ROW_GROUP
        )
        if as_csv:
            from pyarrow.csv import write_csv

            write_csv(rows, path.with_suffix(".csv"))
        self.journal.add("table", name=name, rows=len(rows))
        return path


def _declared_table(report: str, name: str) -> Table | None:
    if report not in RESULTS:
        return None
    for table in RESULTS[report]:
        if table.name == name:
            return table
    there = [table.name for table in RESULTS[report]]
    raise UnknownNameError(f"{report} has no table {name!r}.{suggest(name, there)}")


def start_run(report: str) -> Run:
    """Begin a run in a notebook.

    Parameters
    ----------
    report
        Name of the report.

    Returns
    -------
    Run
        With the inputs that the runner pinned; in JupyterLab, where nobody did, a draft that is pinned to
        this moment and writes to a temporary folder.
    """
    import plotly.io

    from murmuration.show.markup import NO_UPLOAD

    # One line of JSON for a figure; the default adds plotly's script of 5 MB to every notebook.
    plotly.io.renderers.default = "plotly_mimetype"
    plotly.io.renderers["plotly_mimetype"].config = NO_UPLOAD
    context = given_context() or _draft(report)
    return Run(context, Journal(context.journal))


def _draft(report: str) -> Context:
    settings = get_settings()
    folder = make_draft(report)
    return Context(
        run_id=folder.name,
        report=report,
        folder=folder,
        journal=folder / "journal.jsonl",
        notebook=Path(),
        at=datetime.now(UTC),
        parameters={},
        given=(),
        pinned=pin_inputs(settings.catalog),
        draft=True,
    )


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class _MemoryWatch:
    """Samples the memory of this process and all below it."""

    def __init__(self) -> None:
        self._peak = self._below = 0
        self._process = psutil.Process(os.getpid())
        threading.Thread(target=self._sample, daemon=True, name="memory-watch").start()

    def reset(self) -> None:
        self._look_below()
        self._peak = 0
        self._look()

    def peak(self) -> int:
        """Highest total since `reset`, in bytes."""
        self._look_below()
        self._look()
        return self._peak

    def _look(self) -> None:
        self._peak = max(self._peak, self._process.memory_info().rss + self._below)

    def _look_below(self) -> None:
        """Add up the workers; this walks through all processes, so it is done more rarely."""
        total = 0
        for child in self._process.children(recursive=True):
            with suppress(psutil.Error):
                total += child.memory_info().rss
        self._below = total

    def _sample(self) -> None:
        while True:
            for _ in range(_SAMPLES_BETWEEN):
                time.sleep(_SAMPLE_SECONDS)
                self._look()
            with suppress(psutil.Error):
                self._look_below()


def _ends_before(address: str, time: datetime) -> bool:
    """Say whether the period of saved topics or segments ended before a time; so does one that is not known."""
    until = read_facts(address).get("until")
    return not until or datetime.fromisoformat(until) < time


def _ends_at(address: str, time: datetime) -> bool:
    until = read_facts(address).get("until")
    return bool(until) and datetime.fromisoformat(str(until)) == time


def _find_kept(kind: str, name: str, before: datetime) -> dict[str, str] | None:
    """Give the pin of what is kept under a name and whose period is the latest that ended before a time.

    Of several of one period it is the one that those kept last went on from. Where those are of the very period that ends at
    that time, it is what they went on from, if anything.
    """
    line = list(_go_back(name))
    if line and _ends_at(line[0], before):
        return next((pin_model(one) for one in line[1:] if _ends_before(one, before)), None)
    ended: dict[datetime, list[str]] = {}
    for saved in list_models():
        if saved.card.kind == kind and saved.card.name == name:
            until = read_facts(saved.address).get("until")
            if until and datetime.fromisoformat(until) < before:
                ended.setdefault(datetime.fromisoformat(until), []).append(saved.address)
    if not ended:
        return None
    latest = sorted(ended[max(ended)])
    return pin_model(next((one for one in line if one in latest), latest[-1]))


def _go_back(name: str) -> Iterator[str]:
    """Give the addresses of what is kept last under a name, and of those that it went on from, the newest first."""
    newest = find_newest(name)
    address = newest.address if newest else ""
    with suppress(UnknownNameError):  # what is not in the store any more
        while address:
            yield address
            facts = read_facts(address)
            of, _, digits = str(facts.get("history", facts).get("previous", "")).rpartition("-")
            address = f"{of}@{digits}" if of else ""
