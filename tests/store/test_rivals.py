"""Two machines that write at the same moment: no post lives twice, and none that was forgotten comes back."""

from datetime import UTC, datetime, timedelta

import pytest

from murmuration.collect import ImportOptions, import_files, job
from murmuration.errors import StoreError
from murmuration.store import Store
from murmuration.store.forget import forget
from murmuration.store.upkeep import compact

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SECRET = "what nobody may read again"


def post(number, month=1, text="x"):
    return {"id": str(number), "created_at": f"2026-0{month}-05T12:00:00Z", "text": text}


@pytest.fixture
def elsewhere(store, tmp_path, write_csv):
    """Do things to the store from another machine."""

    class Machine:
        state = tmp_path / "other-state"

        def take_in(self, rows, source="test", day=1):
            path = str(write_csv(rows, "other.csv"))
            options = ImportOptions(observed_at=FIRST + timedelta(days=day), detect_language=False)
            return list(
                import_files([path], source=source, store=store, state=self.state, options=options)
            )

        def forget(self, **target):
            return forget(store, self.state, source="test", **target)

    return Machine()


def test_of_two_imports_of_a_new_post_in_other_months_one_is_refused_at_the_last_moment(
    put, rows_of, problems, meanwhile, elsewhere
):
    put([post(1)])
    meanwhile(Store, "commit_posts", lambda: elsewhere.take_in([post(2, 3, "theirs")]))
    with pytest.raises(StoreError, match="No posts were committed; run the import again"):
        put([post(2, 2, "mine"), post(3)])
    assert [row["text"] for row in rows_of()] == ["x", "theirs"]
    receipt = put([post(2, 2, "mine"), post(3)], observed_at=FIRST + timedelta(days=2))
    assert (receipt.values["rows_new"], receipt.values["rows_updated"]) == (1, 1)
    assert [row["text"] for row in rows_of()] == ["x", "mine", "x"]
    assert problems() == []


def test_an_import_of_another_source_at_the_last_moment_stops_nobody(
    put, rows_of, problems, meanwhile, elsewhere
):
    put([post(1)])
    meanwhile(Store, "commit_posts", lambda: elsewhere.take_in([post(9)], source="other"))
    put([post(2)])
    assert [(row["source"], row["post_id"]) for row in rows_of()] == [
        ("other", "9"),
        ("test", "1"),
        ("test", "2"),
    ]
    assert problems() == []


def test_what_is_forgotten_at_the_last_moment_is_erased_again(
    store, put, rows_of, problems, holders, meanwhile, elsewhere
):
    put([post(1)])
    meanwhile(Store, "commit_posts", lambda: elsewhere.forget(post="2"))
    put([post(2, text=SECRET), post(3)])
    assert [row["post_id"] for row in rows_of()] == ["1", "3"]
    assert holders(SECRET) == []
    assert problems() == []


def test_a_post_that_lives_in_two_months_is_folded_into_one(
    store, state, put, rows_of, problems, meanwhile, elsewhere, monkeypatch
):
    monkeypatch.setattr(job.ImportJob, "_check_alone", lambda self, seen: store.open("posts"))
    put([post(1)])
    meanwhile(
        job, "write_units", lambda: elsewhere.take_in([post(2, 3, "newer"), post(4, 3)], day=1)
    )
    put([post(2, 2, "older"), post(3, 2)], observed_at=FIRST)
    assert [row["text"] for row in rows_of()] == ["x", "older", "newer", "x", "x"]
    assert any("1 posts of test live in two months; `compact` folds" in text for text in problems())
    assert compact(store, state).rows_after == 3
    found = {row["post_id"]: (row["text"], row["created_month"]) for row in rows_of()}
    assert found == {
        "1": ("x", "2026-01"),
        "2": ("newer", "2026-03"),
        "3": ("x", "2026-02"),
        "4": ("x", "2026-03"),
    }
    assert problems() == []
    assert compact(store, state).months == 0
