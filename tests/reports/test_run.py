"""A run as its notebook sees it: steps on record, tables that fit, progress where somebody looks."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import murmuration as mm
from murmuration.errors import ModelError, SchemaError, UnknownNameError
from murmuration.reports.manifest import RunResult, hash_values
from murmuration.reports.pins import pin_inputs
from murmuration.reports.replay import _read_pins
from murmuration.reports.runner import _from_journal
from murmuration.schedule.alerts import read_watch
from murmuration.sentiment.model import ModelCard
from murmuration.sentiment.transformer import TransformerModel
from murmuration.settings import get_settings

from ..test_models import Constant, constant


@pytest.fixture
def draft(workspace, take_in, write_csv):
    """What a notebook gets that somebody runs by hand, with a store of one post."""
    row = {"id": "1", "text": "hello", "created_at": "2026-01-01T00:00:00Z"}
    take_in(write_csv([row]), into=mm.store.open_store())
    return mm.start_run("small")


def entries(run, kind):
    lines = run.context.journal.read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["kind"] == kind]


def test_a_draft_is_pinned_and_publishes_nothing(draft, tmp_path):
    assert draft.context.draft
    assert draft.as_of.tables["posts"] == mm.store.open_store().open("posts").version()
    draft.save_table(pd.DataFrame({"n": [2, 1]}), "numbers")
    assert not (tmp_path / "reports").exists()


def test_a_draft_shows_how_far_a_computation_is(draft, monkeypatch):
    from murmuration.show import ProgressBar

    seen = []
    monkeypatch.setattr(ProgressBar, "tell", lambda bar, done, total: seen.append((done, total)))
    frame = dd.from_pandas(pd.DataFrame({"x": range(6)}), npartitions=3).abs()
    with draft.start_cluster(6) as cluster, draft.step("add up", rows_in=6):
        assert draft.compute(frame, cluster)["x"].sum() == 15
    assert seen == [(1, 3), (2, 3), (3, 3)]
    [step] = entries(draft, "step")
    assert (step["name"], step["rows_in"], step["cluster"]) == ("add up", 6, "threads")


def test_an_estimator_is_on_record_with_where_it_runs_and_why(draft, monkeypatch):
    monkeypatch.setenv("MURMURATION_BACKEND", "cpu")
    get_settings.cache_clear()
    with draft.step("group"):
        made = draft.make_estimator("kmeans", n_clusters=2, random_state=0)
    assert (type(made).__name__, made.n_clusters) == ("KMeans", 2)
    [entry], [step] = entries(draft, "backend"), entries(draft, "step")
    assert entry == {
        "kind": "backend",
        "estimator": "KMeans",
        "chosen": "cpu",
        "path": "sklearn.cluster:KMeans",
        "reason": "the backend is set to cpu",
    }
    assert step["backend"] == "cpu"


def test_a_transformer_is_on_record_with_where_it_runs_and_why(draft, monkeypatch, caplog):
    card = ModelCard(name="net", kind="transformer", languages=("en",))
    net = TransformerModel(card, (), {})
    pin = {"model": "net@00000000", "version": net.version, "digest": "0" * 64}
    monkeypatch.setattr("murmuration.reports.run.pin_model", lambda name: pin)
    monkeypatch.setattr("murmuration.reports.run.load_exactly", lambda address, digest: net)
    monkeypatch.setattr("murmuration.compute.device.find_spec", lambda name: None)  # no torch
    with draft.step("score"), caplog.at_level("INFO", "murmuration.compute.device"):
        assert draft.named_models(["net"]) == [net]
    [entry], [step] = entries(draft, "backend"), entries(draft, "step")
    assert entry == {
        "kind": "backend",
        "estimator": net.version,
        "chosen": "cpu",
        "path": "murmuration.sentiment.transformer:TransformerModel",
        "reason": "torch finds no GPU",
    }
    assert step["backend"] == "cpu"
    assert caplog.messages == ["neural models run on cpu: torch finds no GPU"]


def test_a_replay_has_the_models_that_were_named_then(
    workspace, take_in, write_csv, monkeypatch, tmp_path
):
    monkeypatch.setitem(mm.models._LOADERS, "constant", Constant.load)
    row = {"id": "1", "text": "hello", "created_at": "2026-01-01T00:00:00Z"}
    take_in(write_csv([row]), into=mm.store.open_store())
    first = mm.models.save(constant(name="team"))
    constant(0.2, 0.2, 0.6, name="beside").save(tmp_path / "beside")
    run = mm.start_run("small")
    run.named_models(["team", str(tmp_path / "beside")])
    facts = {"pinned": _from_journal(run.context)["pinned"], "started_at": "2026-01-01T00:00:00Z"}
    mm.models.save(constant(0.1, 0.1, 0.8, name="team"))
    again = replace(
        run, context=replace(run.context, pinned=_read_pins(RunResult(tmp_path, facts)))
    )
    [team, _] = again.named_models(["team", str(tmp_path / "beside")])
    assert team.version == first.version
    [now] = mm.start_run("small").named_models(["team"])
    assert now.version != first.version
    shutil.rmtree(tmp_path / "beside")
    constant(0.3, 0.3, 0.4, name="beside").save(tmp_path / "beside")
    with pytest.raises(ModelError, match="This machine holds another model"):
        again.named_models([str(tmp_path / "beside")])


def test_a_progress_bar_says_what_it_counts_and_goes_away():
    with mm.show.ProgressBar("partitions") as bar:
        bar.tell(3, 4_000)
        assert (bar.bar.value, bar.bar.max) == (3, 4_000)
        assert bar.label.value == "3 of 4,000 partitions"
    assert bar.bar.comm is None


def test_alerts_are_on_record_as_the_scheduler_reads_them(draft):
    began = pd.Timestamp("2026-03-01 10:00", tz="UTC")
    alerts = pd.DataFrame(
        {
            "brand": ["a", "b"], "severity": [3, 8], "began": began, "ended": began + pd.Timedelta(hours=2),
            "ongoing": [True, False],
        }
    )  # fmt: skip
    draft.raise_alerts(alerts, ["b is worse.", "a is bad."], seen_until=began.to_pydatetime())
    watch = read_watch(_from_journal(draft.context))
    assert [(one.name, one.severity, one.ongoing, one.sentence) for one in watch.alerts] == [
        ("b", 8, False, "b is worse."),
        ("a", 3, True, "a is bad."),
    ]
    assert (watch.alerts[0].began, watch.seen_until) == (began, began)


def test_a_step_that_fails_is_on_record(draft):
    with pytest.raises(ZeroDivisionError), draft.step("divide"):
        1 / 0  # noqa: B018
    assert [entry["name"] for entry in entries(draft, "step")] == ["divide"]


def test_a_table_is_sorted_by_its_key_and_holds_nothing_of_pandas(draft):
    table = pd.DataFrame({"name": ["b", "a"], "n": [1, 2]}, index=[7, 3])
    path = draft.save_table(table, "numbers", key=["name"])
    saved = pq.read_table(path)
    assert saved.to_pylist() == [{"name": "a", "n": 2}, {"name": "b", "n": 1}]
    assert saved.schema.metadata is None


def test_a_declared_table_must_have_its_columns_and_types(draft):
    run = mm.start_run("brand_health")
    with pytest.raises(SchemaError, match="over_time"):
        run.save_table(pd.DataFrame({"brand": ["a"]}), "over_time")
    with pytest.raises(UnknownNameError, match=r"no table 'over_tim'.*Did you mean 'over_time'"):
        run.save_table(pd.DataFrame({"brand": ["a"]}), "over_tim")


def test_the_embedding_is_the_one_that_was_there_when_the_run_was_pinned(draft):
    pinned = {**draft.context.pinned, "embedding": {"auto": "model2vec:of/then"}}
    then = replace(draft, context=replace(draft.context, pinned=pinned))
    assert (then.embedding("auto"), then.embedding("lsa")) == ("model2vec:of/then", "lsa")
    assert [(one["what"], one["name"]) for one in entries(then, "used")] == [("embedding", "auto")]


def test_an_unknown_brand_is_named_with_the_near_match(draft):
    with pytest.raises(UnknownNameError, match=r"No brand called 'auror'.*Did you mean 'aurora'"):
        draft.brand("auror")


def test_a_brand_is_not_its_own_competitor(draft):
    names = [brand.key for brand in draft.brands("aurora", ["velora", "aurora", "velora"])]
    assert names == ["aurora", "velora"]


def test_a_lexicon_of_brands_is_found_and_none_switches_it_off(draft):
    united = draft.brands("united", ["delta"])
    assert draft.lexicon(united) == {"united": 0.0, "help": 0.0, "please": 0.0}
    assert draft.lexicon(united, "none") == {}


def test_labels_are_those_of_posts_drawn_at_random_at_the_pinned_state(draft):
    store = mm.store.open_store()
    label = {"source": "test", "post_id": "1", "labeller": "ann", "label": "negative"}
    assert draft.random_labels().empty
    mm.save_labels([label], store=store)
    assert mm.start_run("small").random_labels().empty  # chosen, not drawn
    mm.save_labels([label | {"drawn": "random", "inclusion_probability": 0.5}], store=store)
    run = mm.start_run("small")
    mm.save_labels([label | {"drawn": "random", "label": "positive"}], store=store)
    said = {"source": "test", "post_id": "1", "said": "negative"}
    assert run.random_labels().to_dict("records") == [said]
    assert mm.start_run("small").random_labels().to_dict("records") == [said | {"said": "positive"}]
    mm.save_labels([label | {"drawn": "random", "action": "skip"}], store=store)
    assert mm.start_run("small").random_labels()["said"].isna().tolist() == [True]


def test_labels_are_pinned_to_the_state_that_the_posts_have(draft, take_in, write_csv):
    store, catalog = mm.store.open_store(), get_settings().catalog
    version = store.open("posts").version()
    label = {"source": "test", "post_id": "1", "labeller": "ann", "label": "negative"}
    mm.save_labels([label], store=store)
    asked = datetime.now(UTC)
    row = {"id": "2", "text": "hello", "created_at": "2026-01-01T00:00:00Z"}
    take_in(write_csv([row]), into=store)
    mm.save_labels([label | {"label": "positive"}], store=store)
    pinned = [pin_inputs(catalog, at)["tables"]["labels"] for at in (None, asked, version, 0)]
    assert pinned == [2, 1, 1, 0]


def test_tables_are_equal_whatever_their_chunks_and_differ_in_every_value():
    table = pa.table({"n": [1, 2, 3], "text": ["a", None, ""]})
    chunked = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    assert hash_values(chunked) == hash_values(table)
    others = [
        pa.table({"n": [1, 2, 3], "text": ["a", "", ""]}),
        pa.table({"n": [1, 3, 2], "text": ["a", None, ""]}),
        pa.table({"n": [1, 2, 3], "texts": ["a", None, ""]}),
        table.cast(pa.schema([("n", pa.int32()), ("text", pa.string())])),
    ]
    assert len({hash_values(one) for one in [table, *others]}) == 5


def test_a_run_loads_the_models_that_it_was_pinned_to(workspace, take_in, write_csv, monkeypatch):
    monkeypatch.setitem(mm.models._LOADERS, "constant", Constant.load)
    row = {"id": "1", "text": "hello", "created_at": "2026-01-01T00:00:00Z"}
    take_in(write_csv([row]), into=mm.store.open_store())
    assert mm.start_run("small").sentiment_models() == {}
    both = mm.models.save(constant(name="both", languages=("da", "de")), make_current=True)
    run = mm.start_run("small")
    mm.models.save(constant(0.1, 0.1, 0.8, name="german", languages=("de",)), make_current=True)
    found = run.sentiment_models()
    assert {language: model.version for language, model in found.items()} == {
        "da": both.version, "de": both.version,
    }  # fmt: skip
    assert found["da"] is found["de"]
    pin = {"model": both.address, "version": both.version, "digest": both.digest}
    assert run.context.pinned["models"] == {"da": pin, "de": pin}
    assert [(entry["what"], entry["name"]) for entry in entries(run, "used")] == [
        ("models", "da"), ("models", "de"),
    ]  # fmt: skip
