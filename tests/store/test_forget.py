import hashlib
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from murmuration import models
from murmuration.collect import ImportOptions, import_files
from murmuration.errors import StoreError, UnknownNameError
from murmuration.registry import forget_texts
from murmuration.schema import QUARANTINE
from murmuration.store import load_posts
from murmuration.store.doctor import examine
from murmuration.store.forget import Erasure, _Target, forget
from murmuration.store.tombstones import Tombstones
from murmuration.store.upkeep import compact
from murmuration.topics import TopicParams, fit_topics
from murmuration.topics.known import hash_posts

from ..conftest import soak_but

LATER = datetime(2026, 4, 1, tzinfo=UTC)
# Words that stand nowhere else, so that a search for their bytes means something.
VICTIM, OTHER = "zz-victim", "zz-other"
SECRET, EDITED, BROKEN = "quokka secret", "quokka edited", "quokka broken"
POST = "id-777"


def post(name, text, author, day="2026-01-05T12:00:00Z", **more):
    return {"id": name, "created_at": day, "text": text, "author": author} | more


@pytest.fixture
def full_store(store, stamp, put):
    """A store with all that can hold a trace: versions, months, quarantine, edits, a checkpoint."""
    rows = [
        post(POST, SECRET, VICTIM),
        post("id-778", "quokka elsewhere", VICTIM, "2026-02-05T12:00:00Z"),
        post("id-1", "stays", OTHER),
        post("id-779", BROKEN, VICTIM, "no time at all"),
        post("id-2", "broken but stays", OTHER, "no time at all"),
    ]

    def build():
        put(rows, max_bad_share=0.9)
        put([post(POST, EDITED, VICTIM), post("id-3", "stays too", OTHER)], observed_at=LATER)
        for name in ("posts", "quarantine"):
            store.open(name).create_checkpoint()

    stamp("full", build)
    return store


def traces(holders, store, words):
    return {word: found for word in words if (found := holders(word))}


def test_an_author_is_found_nowhere_afterwards(full_store, state, holders, rows_of, problems):
    pseudonym = full_store.pseudonyms.author_key("test", VICTIM)
    words = [SECRET, EDITED, BROKEN, "quokka", POST, "id-778", "id-779", pseudonym]
    assert all(holders(word) for word in words)  # the search does find what is there
    done = forget(full_store, state, source="test", author=VICTIM)
    assert (done.posts, done.quarantined) == (2, 1)
    assert traces(holders, full_store, [*words, VICTIM]) == {}
    assert [row["text"] for row in rows_of()] == ["stays", "stays too"]
    assert full_store.read("quarantine")["post_id"].to_pylist() == ["id-2"]
    assert problems() == []


def test_saved_topics_do_not_know_its_texts_any_more(full_store, state):
    posts = load_posts(store=full_store).compute()
    saved = models.save(fit_topics(posts, TopicParams(method="nmf")), "weekly", store=full_store)
    later = fit_topics(posts, TopicParams(method="nmf", seed=1))
    models.save(later, "weekly", store=full_store)
    told = partial(forget_texts, store=full_store)
    mine = posts["author_key"] == full_store.pseudonyms.author_key("test", VICTIM)
    done = forget(full_store, state, source="test", author=VICTIM, from_models=told)
    again = models.load_exactly(saved.address, saved.digest, store=full_store)
    places = again.known.seen.find(hash_posts(posts, "text"))
    assert done.models == 2
    assert mine.sum() == 2
    assert (places[mine] == -1).all()
    assert (places[~mine] >= 0).all()
    assert again.version == saved.version
    assert forget(full_store, state, source="test", author=VICTIM, from_models=told).models == 0


def test_a_kill_while_topics_forget_leaves_them_whole(full_store, state):
    posts = load_posts(store=full_store).compute()
    saved = models.save(fit_topics(posts, TopicParams(method="nmf")), "weekly", store=full_store)
    folder = Path(f"{full_store.location}/models/weekly/{saved.digest[:8]}")
    left = folder / "weights-00000000.safetensors"
    left.write_bytes(
        (folder / "weights.safetensors").read_bytes()
    )  # not named yet, or not any more
    assert models.load(saved.address, store=full_store).version == saved.version
    told = partial(forget_texts, store=full_store)
    forget(full_store, state, source="test", author="nobody", from_models=told)
    assert not left.exists()
    assert models.load(saved.address, store=full_store).version == saved.version


def test_an_author_is_forgotten_by_pseudonym_as_well(full_store, state, holders):
    pseudonym = full_store.pseudonyms.author_key("test", VICTIM)
    assert forget(full_store, state, source="test", author=pseudonym).posts == 2
    assert traces(holders, full_store, ["quokka", POST, pseudonym]) == {}


def test_a_post_is_found_nowhere_afterwards_and_its_author_stays(
    full_store, state, holders, rows_of, problems
):
    done = forget(full_store, state, source="test", post=POST)
    assert done.posts == 1
    assert traces(holders, full_store, [SECRET, EDITED, POST]) == {}
    assert [row["post_id"] for row in rows_of()] == ["id-1", "id-3", "id-778"]
    assert problems() == []


def test_the_moment_of_a_post_does_not_outlive_it_in_the_log(store, state, put, holders):
    put([post(POST, SECRET, VICTIM, "2026-01-05T12:34:56.789012Z")])
    assert holders("12:34:56.789012")
    forget(store, state, source="test", post=POST)
    assert holders("12:34:56.789012") == []
    assert holders(str(1_767_616_496_789_012)) == []


def test_old_states_stay_readable_without_what_was_erased(full_store, state, rows_of):
    newest = full_store.open("posts").version()
    before = {version: rows_of(as_of=version) for version in range(newest + 1)}
    forget(full_store, state, source="test", author=VICTIM)
    erased = {POST, "id-778"}
    for version, rows in before.items():
        assert rows_of(as_of=version) == [row for row in rows if row["post_id"] not in erased]


def test_old_states_of_a_store_that_was_folded_lose_it_too(full_store, state, rows_of, holders):
    compact(full_store, state)
    forget(full_store, state, source="test", post=POST)
    assert traces(holders, full_store, [SECRET, EDITED, POST]) == {}
    assert [row["post_id"] for row in rows_of(as_of=1)] == ["id-1", "id-778"]


@pytest.mark.parametrize("target", [{"author": VICTIM}, {"post": POST}])
def test_a_later_import_keeps_it_out(full_store, state, put, holders, rows_of, problems, target):
    forget(full_store, state, source="test", **target)
    receipt = put([post(POST, SECRET, VICTIM), post("id-9", "new", OTHER)], observed_at=LATER)
    assert (receipt.values["rows_forgotten"], receipt.values["rows_new"]) == (1, 1)
    assert traces(holders, full_store, [SECRET, POST]) == {}
    assert "id-9" in [row["post_id"] for row in rows_of()]
    assert problems() == []


def test_an_export_without_authors_does_not_bring_an_author_back(store, state, put, rows_of):
    put([post(POST, SECRET, VICTIM), post("id-1", "stays", OTHER)])
    forget(store, state, source="test", author=VICTIM)
    put([post(POST, SECRET, ""), post("id-1", "stays", "")], observed_at=LATER)
    assert [row["post_id"] for row in rows_of()] == ["id-1"]


def test_versions_that_name_no_author_go_with_those_that_do(store, state, put, holders, problems):
    put([post(POST, SECRET, VICTIM)])
    put([post(POST, EDITED, "")], observed_at=LATER)
    assert forget(store, state, source="test", author=VICTIM).posts == 1
    assert holders("quokka") == []
    assert problems() == []


def test_mentions_of_a_forgotten_author_lose_the_pseudonym_and_nothing_else(
    store, state, put, rows_of, holders
):
    put([post("1", "hi @zz_victim and @zz_third", OTHER), post("2", "none", OTHER)])
    put([post("3", "bye @zz_victim", OTHER, "2026-02-01"), post("4", SECRET, "zz_victim")])
    before = rows_of()
    pseudonym = store.pseudonyms.author_key("test", "zz_victim")
    assert holders(pseudonym)
    forget(store, state, source="test", author="zz_victim")
    put([post("5", "again @zz_victim", OTHER)], observed_at=LATER)
    assert holders(pseudonym) == []
    after = {row["post_id"]: row for row in rows_of()}
    third = store.pseudonyms.author_key("test", "zz_third")
    assert [after[name]["mention_keys"] for name in "1235"] == [[third], None, [], []]
    for row in before:
        if row["post_id"] != "4":
            assert row | {"mention_keys": 0} == after[row["post_id"]] | {"mention_keys": 0}


def test_mentions_in_texts_are_found_however_the_author_is_written(
    store, state, put, rows_of, holders, problems
):
    put([post("1", "hi @JNardino and @jNARDINO", OTHER), post("2", SECRET, "JNardino")])
    put([post("3", "somebody else where case matters", "jnardino", "2026-02-01")])
    forget(store, state, source="test", author="JNardino")
    put([post("4", "again @jnardino", OTHER)], observed_at=LATER)
    put([post("5", "still somebody else", "jnardino")], observed_at=LATER)
    found = {row["post_id"]: row["mention_keys"] for row in rows_of()}
    assert found == {"1": [], "3": None, "4": [], "5": None}
    assert problems() == []


def test_who_answered_a_forgotten_post_keeps_saying_so(store, state, put, rows_of):
    put([post(POST, SECRET, VICTIM), post("2", "I answer", OTHER, reply_to_id=POST)])
    forget(store, state, source="test", post=POST)
    [row] = rows_of()
    assert (row["kind"], row["reply_to_id"]) == ("reply", POST)


def test_it_is_idempotent(full_store, state):
    assert forget(full_store, state, source="test", author=VICTIM).posts == 2
    versions = {name: full_store.open(name).version() for name in ("posts", "quarantine")}
    assert forget(full_store, state, source="test", author=VICTIM) == Erasure(0, 0, 0)
    assert versions == {name: full_store.open(name).version() for name in versions}
    assert len(full_store.read("tombstones")) == 1 + 2  # the author and the two posts


def test_an_unknown_id_counts_nothing_and_is_kept_out_from_now_on(full_store, state, put, rows_of):
    assert forget(full_store, state, source="test", post="id-55") == Erasure(0, 0, 0)
    assert forget(full_store, state, source="test", author="nobody-yet") == Erasure(0, 0, 0)
    put([post("id-55", "late", OTHER), post("id-56", "late", "nobody-yet")])
    assert not {"id-55", "id-56"} & {row["post_id"] for row in rows_of()}


def test_a_misspelt_source_is_an_error_and_not_a_silent_success(full_store, state):
    with pytest.raises(UnknownNameError, match="Did you mean 'test'"):
        forget(full_store, state, source="tset", author=VICTIM)
    assert len(full_store.read("tombstones")) == 0


def test_a_source_of_which_everything_was_erased_is_still_known(store, state, put):
    put([post(POST, SECRET, VICTIM)])
    assert forget(store, state, source="test", author=VICTIM).posts == 1
    assert forget(store, state, source="test", author=VICTIM).posts == 0


@pytest.mark.parametrize("target", [{}, {"post": "1", "author": "2"}])
def test_either_a_post_or_an_author_has_to_be_named(full_store, state, target):
    with pytest.raises(StoreError, match="either a post or an author"):
        forget(full_store, state, source="test", **target)


def test_an_id_that_looks_like_a_pseudonym_is_still_found(store, state, put, rows_of, holders):
    hashed = hashlib.md5(b"somebody").hexdigest()
    put([post(POST, SECRET, hashed), post("id-1", "stays", OTHER)])
    assert forget(store, state, source="test", author=hashed).posts == 1
    assert [row["post_id"] for row in rows_of()] == ["id-1"]
    assert holders("quokka") == []


@pytest.mark.parametrize("name", ["1", "post", "test", "true", "posts", "0"])
def test_ids_that_stand_in_every_log_can_be_forgotten(store, state, put, rows_of, name):
    put([post(name, "goes", OTHER), post("9", "stays", name), post("10", "stays", OTHER)])
    store.open("posts").create_checkpoint()
    assert forget(store, state, source="test", post=name).posts == 1
    assert [row["post_id"] for row in rows_of()] == ["10", "9"]
    assert forget(store, state, source="test", author=name).posts == 1
    assert [row["post_id"] for row in rows_of()] == ["10"]


def test_a_short_id_does_not_take_the_whole_quarantine_with_it(store, state, put):
    bad = "no time at all"
    rows = [post("1", "x", "a", bad), post("21", "y", "b", bad), post("3", "of 1 kind", "c", bad)]
    put([*rows, post("4", "good", "d")], max_bad_share=0.9)
    assert (
        forget(store, state, source="test", post="1").quarantined == 2
    )  # its own, and one that names it
    assert store.read("quarantine")["post_id"].to_pylist() == ["21"]


def keep_content(store, text):
    """Put into quarantine what older versions kept of a row that they could not take apart."""
    rows = store.read("quarantine")
    assert rows["content"].to_pylist() == [""]
    place = rows.schema.get_field_index("content")
    store.replace("quarantine", rows.set_column(place, "content", pa.array([text])))


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "a.b*c(d", "日本", "zoë", "zo🦜"])
@pytest.mark.parametrize("escaped", [False, True])
def test_who_is_named_in_the_content_of_a_bad_row_is_found_however_json_writes_the_name(
    name, escaped
):
    target = _Target("test", name, frozenset(), frozenset(), frozenset())
    records = [{"content": BROKEN, "account": {"acct": who}} for who in (name, OTHER)]
    content = [json.dumps(record, ensure_ascii=escaped) for record in records]
    rows = [{"source": "test", "content": text} for text in content]
    rows.append(rows[0] | {"source": "another"})
    found = target.is_spoken_of(pa.Table.from_pylist(rows, schema=QUARANTINE.arrow))
    assert found.to_pylist() == [True, False, False]


@pytest.mark.parametrize(("name", "escaped"), [("zo🦜", True), ('say "hi"', False)])
def test_authors_of_records_that_were_not_understood_are_found_in_quarantine(
    store, state, take_in, tmp_path, holders, name, escaped
):
    bad = {"content": BROKEN, "account": {"acct": name}, "visibility": "public"}
    records = [bad | {"id": "1", "content": "good", "account": {"acct": OTHER}}, bad]
    path = tmp_path / "statuses.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    take_in(path, max_bad_share=1)
    keep_content(store, json.dumps(bad, ensure_ascii=escaped))
    assert holders("quokka")
    assert forget(store, state, source="test", author=name).quarantined == 1
    assert holders("quokka") == []


def test_a_name_behind_a_line_break_as_json_writes_it_is_found_in_quarantine(
    store, state, take_in, tmp_path, holders
):
    records = [
        {"id": "1", "content": "good", "account": {"acct": OTHER}, "visibility": "public"},
        {"content": f"{BROKEN}\nwillow: hello", "account": {"acct": OTHER}, "visibility": "public"},
    ]
    path = tmp_path / "statuses.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    take_in(path, max_bad_share=1)
    keep_content(store, json.dumps(records[1]))
    assert forget(store, state, source="test", author="willow").quarantined == 1
    assert holders("willow") == []


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash"])
def test_ids_that_json_writes_otherwise_are_found_in_quarantine(store, state, put, holders, name):
    put([post(name, BROKEN, OTHER, "no time at all"), post("4", "good", OTHER)], max_bad_share=0.9)
    assert forget(store, state, source="test", post=name).quarantined == 1
    assert holders("quokka") == []


def test_other_sources_keep_their_posts_of_the_same_id_and_author(store, state, put, rows_of):
    for source in ("test", "other"):
        put([post(POST, SECRET, VICTIM)], source=source)
    forget(store, state, source="test", post=POST)
    forget(store, state, source="test", author=VICTIM)
    assert [row["source"] for row in rows_of()] == ["other"]


IMPORTING = """
from murmuration.collect import importer
from murmuration.store import write
from murmuration.store.delta import Store
{end}
list(importer.import_files([path], source="test", store=store, state=state, options=options))
"""


def test_what_a_killed_import_left_behind_is_erased_too(
    full_store, state, apart, write_csv, holders, rows_of
):
    path = write_csv([post("id-780", "quokka orphan", VICTIM), post("id-8", "x", OTHER)], "k.csv")
    names = {"path": str(path), "store": full_store, "state": state, "options": ImportOptions()}
    end = "end_at(Store, 'commit_posts')"
    assert apart(IMPORTING.format(end=end), **names)() == -9
    path.unlink()
    assert len(holders("quokka orphan")) == 1
    cut = Path(full_store.uri("posts")) / "source=test/created_month=2026-01/cut.00000.parquet"
    cut.write_bytes(b"PAR1 quokka cut short")
    forget(full_store, state, source="test", author=VICTIM)
    assert holders("quokka") == []
    assert holders("quokka", state) == []
    # What the killed import brought of others is no worse off: the import can be repeated.
    assert [row["post_id"] for row in rows_of()] == ["id-1", "id-3"]


FORGETTING = """
from murmuration.store import forget, tombstones, upkeep
from murmuration.store.delta import Store
{end}
forget.forget(store, state, source="test", author=author)
"""


@pytest.mark.parametrize(
    "end",
    soak_but(
        [
            "end_at(forget, 'bury_together')",
            "end_at(forget, 'bury_together', after=True)",
            "end_at(Store, 'commit_posts')",
            "end_at(Store, 'commit_posts', after=True)",
            "end_at(Store, 'commit_posts', 2, after=True)",
            "end_at(forget, '_clean_quarantine', after=True)",
            "end_at(forget.pq, 'write_table', after=True)",
            "end_at(forget, '_overwrite', after=True)",
            "end_at(forget, '_overwrite', 2)",
            "end_at(forget, '_find_traces')",
            "end_at(forget, 'mark_swept')",
            "end_at(forget, 'mark_swept', after=True)",
        ],
        "end_at(forget, 'bury_together', after=True)",
        "end_at(Store, 'commit_posts', after=True)",
        "end_at(forget, '_overwrite', 2)",
        "end_at(forget, 'mark_swept')",
    ),
)
def test_killed_at_any_step_and_run_again_it_ends_the_same(
    full_store, state, apart, rows_of, holders, problems, end
):
    names = {"store": full_store, "state": state, "author": VICTIM}
    assert apart(FORGETTING.format(end=end), **names)() == -9
    assert problems() == []
    if end != "end_at(forget, 'bury_together')":
        assert POST not in {row["post_id"] for row in rows_of()}
        assert POST not in {row["post_id"] for row in rows_of(as_of=1)}
    compact(full_store, state)  # which may come in between
    assert problems() == []
    forget(full_store, state, source="test", author=VICTIM)
    pseudonym = full_store.pseudonyms.author_key("test", VICTIM)
    assert traces(holders, full_store, ["quokka", POST, pseudonym, VICTIM]) == {}
    assert holders("quokka", state) == []
    assert [row["post_id"] for row in rows_of()] == ["id-1", "id-3"]
    assert not Tombstones.unswept(full_store).keys
    assert problems() == []


def test_killed_twice_and_run_again_nothing_waits_to_be_erased(
    full_store, state, apart, rows_of, problems
):
    names = {"store": full_store, "state": state, "author": VICTIM}
    for end in ("end_at(Store, 'commit_posts')", "end_at(forget, '_find_traces')"):
        assert apart(FORGETTING.format(end=end), **names)() == -9
    forget(full_store, state, source="test", author=VICTIM)
    assert not Tombstones.unswept(full_store).keys
    assert [row["post_id"] for row in rows_of()] == ["id-1", "id-3"]
    assert problems() == []


@pytest.mark.parametrize("other", [{"post": "id-1"}, {"author": OTHER}])
def test_a_forget_that_ends_does_not_close_an_interrupted_one_of_something_else(
    full_store, state, apart, holders, other
):
    code = FORGETTING.replace("author=author", "post=post")
    names = {"store": full_store, "state": state, "post": "id-779"}
    end = "end_at(forget, '_clean_quarantine')"
    assert apart(code.format(end=end), **names)() == -9

    def is_noted():
        found = [finding.text for finding in examine(full_store, state)]
        return any("A `forget` did not end" in text for text in found)

    forget(full_store, state, source="test", **other)
    assert holders(BROKEN)
    assert is_noted()
    forget(full_store, state, source="test", post="id-779")
    assert holders(BROKEN) == []
    assert not is_noted()


def test_a_forget_that_did_not_end_is_noted_by_doctor_even_after_compacting(
    full_store, state, apart
):
    names = {"store": full_store, "state": state, "author": VICTIM}
    apart(FORGETTING.format(end="end_at(forget, '_clean_quarantine')"), **names)()
    compact(full_store, state)

    def notes():
        return [found.text for found in examine(full_store, state) if found.level == "note"]

    assert any("A `forget` did not end" in note for note in notes())
    forget(full_store, state, source="test", author=VICTIM)
    assert notes() == []


def test_readers_that_were_started_before_do_not_fail(full_store, state):
    frame = load_posts(store=full_store)
    forget(full_store, state, source="test", author=VICTIM)
    found = set(frame.compute(scheduler="synchronous")["post_id"])
    assert found == {"id-1", "id-3"}


@pytest.mark.parametrize("target", [{"author": VICTIM}, {"post": "id-779"}])
def test_bad_rows_of_what_was_forgotten_stay_out_of_quarantine_and_are_counted(
    full_store, state, put, holders, problems, target
):
    forget(full_store, state, source="test", **target)
    bad = "no time at all"
    rows = [post("id-779", BROKEN, VICTIM, bad), post("id-2", "x", OTHER, bad), post("5", "y", "")]
    counts = put(rows, max_bad_share=1, observed_at=LATER).values
    assert (counts["rows_forgotten"], counts["rows_quarantined"], counts["rows_new"]) == (1, 1, 1)
    assert counts["rows_read"] == 3
    assert holders(BROKEN) == []
    assert "id-779" not in full_store.read("quarantine")["post_id"].to_pylist()
    assert problems() == []


def test_a_row_that_cannot_be_taken_apart_stays_out_if_it_names_a_forgotten_author(
    full_store, state, take_in, tmp_path, holders, problems
):
    forget(full_store, state, source="test", author=VICTIM)
    path = tmp_path / "broken.csv"
    path.write_text(f"id,user_id,text\n5,amy,hi\n6,{VICTIM},quokka,again\n7,amy,one,too many\n")
    counts = take_in(path, max_bad_share=1).values
    assert (counts["rows_forgotten"], counts["rows_quarantined"], counts["rows_new"]) == (1, 1, 1)
    assert holders("quokka") == []
    assert problems() == []


def test_bad_rows_of_another_source_are_not_held_against_tombstones(store, state, put):
    put([post("1", "x", VICTIM)])
    forget(store, state, source="test", author=VICTIM)
    rows = [post("1", BROKEN, VICTIM, "no time at all"), post("2", "x", OTHER)]
    assert put(rows, source="other", max_bad_share=1).values["rows_quarantined"] == 1


def test_import_of_the_very_same_file_stays_a_repetition(store, state, write_csv, take_in):
    path = write_csv([post(POST, SECRET, VICTIM)])
    take_in(path)
    forget(store, state, source="test", post=POST)
    assert take_in(path).repeated


def test_importing_a_folder_again_after_forgetting_is_sound(
    store, state, write_csv, rows_of, problems
):
    paths = [
        str(write_csv([post(f"id-{n}", f"text {n}", VICTIM if n % 2 else OTHER)], f"{n}.csv"))
        for n in range(4)
    ]
    for _ in range(2):
        list(import_files(paths, source="test", store=store, state=state))
        forget(store, state, source="test", author=VICTIM)
    assert [row["post_id"] for row in rows_of()] == ["id-0", "id-2"]
    assert problems() == []
