"""What a kernel tells its run, whatever is in it and however it ends."""

from murmuration.reports.context import Journal, read_journal


def test_what_is_told_is_read_again_whatever_it_holds(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    texts = ["a\u2028b", "c\x85d", "e\x0bf\x1cg", "h\ni", "😁", "\x00"]
    for text in texts:
        journal.add("warning", text=text)
    assert [entry["text"] for entry in read_journal(journal.path)] == texts


def test_a_line_that_was_cut_by_a_kill_is_left_out(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add("warning", text="whole")
    whole = journal.path.read_bytes()
    journal.add("warning", text="schön")
    cut = journal.path.read_bytes()
    for end in range(len(whole), len(cut) - 1):
        journal.path.write_bytes(cut[:end])
        assert [entry["text"] for entry in read_journal(journal.path)] == ["whole"]


def test_a_journal_that_was_never_begun_is_empty(tmp_path):
    assert list(read_journal(tmp_path / "none.jsonl")) == []
