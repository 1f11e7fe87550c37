import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from murmuration.errors import StoreError
from murmuration.store.doctor import examine
from murmuration.store.forget import forget
from murmuration.store.tombstones import Tombstones, bury, mark_swept
from murmuration.store.upkeep import compact, vacuum
from murmuration.store.write import FILE_SCHEMA

LATER = datetime(2026, 4, 1, tzinfo=UTC)


def post(number, month=1, **more):
    return {"id": str(number), "created_at": f"2026-0{month}-05", "text": f"post {number}"} | more


@pytest.fixture
def sound(stamp, put, store):
    def build():
        put([post(n, 1 + n % 2) for n in range(8)] + [post("bad", 9, created_at="?")])
        put([post(1, 2, text="edited"), post(20, 3)], observed_at=LATER)
        put([post(1)], source="other")

    stamp("sound", build)
    return store


@pytest.fixture
def findings(state):
    """Give the texts that doctor says, by level."""

    def run(store):
        found = {"ok": [], "note": [], "problem": []}
        for finding in examine(store, state):
            found[finding.level].append(finding.text)
        return found

    return run


def files_of(store, source="test"):
    return store.post_files(store.open("posts"), source=source)


def place(store, file):
    return Path(store.uri("posts")) / file.path


def commit(store, *, add=(), remove=()):
    """Change the table behind the library's back."""
    store.commit_posts(store.open("posts"), add=add, remove=remove, facts={})


def rewrite(store, file, rows, name=None):
    """Put another data file into the table, with the rows that are given."""
    new = replace(file, path=name or file.path.replace(".00000", ".90000"), rows=len(rows))
    place(store, new).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows.select(FILE_SCHEMA.names), place(store, new))
    return replace(new, bytes=place(store, new).stat().st_size)


def test_a_sound_store_has_no_problems_and_says_what_was_checked(sound, findings, state):
    steps = []
    list(examine(sound, state, on_step=steps.append))
    assert steps == ["files", "keys", "tombstones", "labels", "receipts"]
    found = findings(sound)
    assert (found["problem"], found["note"]) == ([], [])
    assert "5 data files with 11 rows are as the log says." in found["ok"]
    assert "test has 9 posts, as many as its imports brought and nobody erased." in found["ok"]
    assert list((state / "tmp").iterdir()) == []


def test_it_stays_sound_through_folding_forgetting_and_deleting(sound, findings, state, put):
    bury(sound, "post", "test", ["2"], reason="deleted", alive=["2"])
    compact(sound, state)
    forget(sound, state, source="test", post="3")
    forget(sound, state, source="other", post="1")
    put([post(30, 4)])
    found = findings(sound)
    assert (found["problem"], found["note"]) == ([], [])
    assert "test has 8 posts, as many as its imports brought and nobody erased." in found["ok"]
    assert "other has 0 posts, as many as its imports brought and nobody erased." in found["ok"]


def test_a_missing_file_is_found_and_everything_else_is_still_checked(sound, findings):
    gone = files_of(sound)[0]
    place(sound, gone).unlink()
    found = findings(sound)
    [problem] = found["problem"]
    assert gone.path in problem
    assert "cannot be read" in problem
    assert any("other has 1 posts" in text for text in found["ok"])


@pytest.mark.parametrize("keep", [0, 3, 200, -40])
def test_a_truncated_file_is_found(sound, findings, keep):
    path = place(sound, files_of(sound)[0])
    path.write_bytes(path.read_bytes()[:keep])
    [problem] = findings(sound)["problem"]
    assert files_of(sound)[0].path in problem


def test_a_file_with_broken_pages_is_found(sound, findings):
    path = place(sound, files_of(sound)[0])
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    assert findings(sound)["problem"]


def test_a_file_with_other_rows_than_the_log_says_is_found(sound, findings):
    file = files_of(sound)[0]
    path = place(sound, file)
    pq.write_table(sound.read_file(str(path)).slice(1), path)
    [problem] = findings(sound)["problem"]
    assert f"the log says {file.rows:,}" in problem


def test_a_post_that_lives_in_two_months_is_found(sound, findings):
    file = files_of(sound)[0]
    rows = sound.read_file(str(place(sound, file))).slice(0, 1)
    elsewhere = "source=test/created_month=2026-09/twin-00.00000.parquet"
    commit(sound, add=[replace(rewrite(sound, file, rows, elsewhere), month="2026-09")])
    assert any("1 posts of test live in two months" in text for text in findings(sound)["problem"])


def test_a_post_that_stands_twice_in_one_batch_is_found(sound, findings):
    file = files_of(sound)[0]
    rows = sound.read_file(str(place(sound, file)))
    twice = pa.concat_tables([rows, rows.slice(0, 1)])
    commit(sound, remove=[file], add=[rewrite(sound, file, twice)])
    problems = findings(sound)["problem"]
    assert any("1 posts of test stand twice in one batch" in text for text in problems)


def test_a_post_that_lives_although_a_tombstone_names_it_is_found(sound, findings):
    bury(sound, "post", "test", ["2"], reason="forgotten", alive=["2"])
    assert findings(sound)["problem"] == []  # readers leave it out
    mark_swept(sound, Tombstones.load(sound), reasons=["forgotten"])
    bury(sound, "post", "test", ["3"], reason="deleted", alive=["3"])  # which must not cover it
    found = findings(sound)
    assert found["problem"] == [
        "1 rows are alive that a tombstone names; run `forget` for them again."
    ]
    assert any("1 rows wait to be erased" in text for text in found["note"])


def test_a_receipt_that_is_missing_is_noted_and_its_posts_are_still_counted(sound, findings, state):
    imports = sound.read("imports")
    sound.replace("imports", imports.filter(pc.not_equal(imports["source"], "other")))
    found = findings(sound)
    assert found["problem"] == []
    assert "1 receipts are in the log only; `compact` adds them to `imports`." in found["note"]
    compact(sound, state)
    assert findings(sound)["note"] == []


def test_a_receipt_of_an_import_that_never_was_is_found(sound, findings):
    rows = sound.read("imports").slice(0, 1)
    place = rows.schema.get_field_index("import_id")
    sound.append("imports", rows.set_column(place, "import_id", pa.array(["feedfeedfeedfeed"])))
    problems = findings(sound)["problem"]
    assert any("imports that the log of `posts` does not know" in text for text in problems)


@pytest.mark.parametrize(
    ("column", "said"),
    [("rows_new", "but its imports brought"), ("rows_written", "wrote")],
)
def test_wrong_counts_are_found(sound, findings, column, said):
    imports = sound.read("imports")
    place = imports.schema.get_field_index(column)
    changed = imports.set_column(place, column, pc.add(imports[column], 1))
    sound.replace("imports", changed)
    assert any(said in text for text in findings(sound)["problem"])


def test_a_file_of_posts_that_somebody_took_out_is_found(sound, findings):
    file = files_of(sound)[0]
    commit(sound, remove=[file])
    problems = findings(sound)["problem"]
    assert any("test has" in text and "but its imports brought 9" in text for text in problems)


def test_files_that_no_version_names_are_noted(sound, findings, state):
    file = files_of(sound)[0]
    rewrite(sound, file, sound.read_file(str(place(sound, file))))
    [note] = findings(sound)["note"]
    assert note.startswith("1 files belong to work that did not end")
    vacuum(sound, {}, keep_days=0)
    assert findings(sound)["note"] == []


def test_a_store_that_is_not_there_is_one_sentence(store, state):
    with pytest.raises(StoreError, match="There is no store at"):
        list(examine(store, state))


def test_the_log_names_days_and_nothing_that_people_wrote(sound):
    for table in ("posts", "imports", "quarantine", "tombstones"):
        for path in Path(sound.uri(table)).glob("_delta_log/*.json"):
            for line in path.read_text().splitlines():
                stats = json.loads(line).get("add", {}).get("stats") or "{}"
                named = json.loads(stats).get("minValues", {}).keys()
                assert named <= {"created_at", "import_id", "imported_at", "row", "kind", "at"}
