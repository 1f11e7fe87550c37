"""The words a person types: one line at the end, JSON for machines, one sentence when it is wrong."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT


@pytest.fixture
def murmuration(workspace, tmp_path):
    """Run a command in a workspace of its own; give exit code, output and errors."""

    def run(*words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "murmuration.cli", *words],
            cwd=workspace, env=os.environ | environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def posts(write_csv) -> Path:
    rows = [
        {
            "id": str(n),
            "text": f"I love post {n}",
            "created_at": f"2026-01-0{n + 1}T00:00:00Z",
            "author": f"author-{n % 2}",
        }
        for n in range(5)
    ]
    return write_csv(rows)


def test_import_says_what_became_of_every_row_and_where_the_store_is_and_logs_no_text(
    murmuration, here, posts, tmp_path
):
    done = murmuration("-vv", "import", str(posts), "--source", "test")
    assert "INFO" in done.stderr
    assert "love" not in done.stderr + done.stdout
    assert "author-" not in done.stderr + done.stdout
    assert "5 rows: 5 new, 0 updated, 0 unchanged, 0 in quarantine" in done.stderr
    assert "columns: author = author" in done.stderr
    assert done.stdout.strip() == f"5 new posts. Store: {tmp_path / 'store'}"
    again = here("import", str(posts), "--source", "test")
    assert "this very file was imported" in again.stderr
    assert again.stdout.startswith("0 new posts.")


def test_import_says_why_rows_are_in_quarantine_and_where_but_not_what_stands_in_them(
    here, write_csv
):
    rows = [{"id": str(n), "text": "I love it", "created_at": "2026-01-01"} for n in range(20)]
    rows[4]["created_at"] = rows[9]["created_at"] = "a secret"
    path = write_csv(rows)
    said = here("import", str(path), "--source", "test").stderr
    assert "in quarantine: the time cannot be read (2 rows, the first is row 6)\n" in said
    assert "secret" not in said


def test_import_as_json_is_for_machines(here, posts):
    [receipt] = json.loads(here("import", str(posts), "-s", "test", "--json").stdout)["imports"]
    assert receipt["rows_new"] == 5
    assert receipt["repeated_import"] is False


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(here, posts, tmp_path):
    (posts.parent / "a_picture.csv").write_bytes(b"\x89PNG\x0d\x0a\x00\x00\x00\x0d" * 20)
    done = here("import", str(posts.parent), "--source", "test", code=1)
    assert "Error: " in done.stderr
    assert "a_picture.csv" in done.stderr
    assert done.stderr.endswith("1 of 2 files not taken in; nothing of them was kept.\n")
    assert done.stdout.strip() == f"5 new posts. Store: {tmp_path / 'store'}"


def test_posts_without_a_time_are_counted(here, write_csv):
    posts = write_csv(
        [
            {"id": "1", "text": "a", "created_at": ""},
            {"id": "2", "text": "b", "created_at": "2026-01-01"},
        ]
    )
    done = here("import", str(posts), "--source", "test")
    assert "posts without a time, which reports over a period leave out: 1" in done.stderr


def test_a_file_without_times_says_how_to_name_them(here, write_csv):
    posts = write_csv([{"id": "1", "text": "late", "sent": "2026-01-01"}])
    done = here("import", str(posts), "--source", "test")
    assert "--map created_at=COLUMN" in done.stderr


def test_compact_says_whose_runs_keep_what_they_pin(here):
    assert "Only runs in this machine's REPORTS keep" in " ".join(
        here("compact", "--help").stdout.split()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "nowhere.csv", "--source", "test"], "There is no file or folder nowhere.csv"),
        (["import", "{posts}", "--source", "Not A Name"], "cannot be a name"),
        (["import", "{posts}", "--source", "test", "--map", "txt=text"], "Did you mean 'text'?"),
        (
            ["import", "{posts}", "--source", "test", "--map", "text=txt"],
            "the file has no column 'txt'",
        ),
        (
            ["import", "{posts}", "--source", "test", "--map", "text"],
            "must be written as name=value",
        ),
        (
            ["import", "{posts}", "--source", "test", "--max-bad", "lots"],
            "must be a share such as 20%",
        ),
        (["import", "{posts}", "--source", "test", "--timezone", "Berlin"], "IANA name"),
        (["import", "{posts}", "--source", "test", "--encoding", "utf-9"], "no encoding 'utf-9'"),
        (["import", "--source", "test"], "Say which files to import"),
        (["report", "brand_helth"], "Did you mean 'brand_health'?"),
        (["doctor"], "There is no store at"),
        (["compact"], "There is no store at"),
        (["report", "brand_health"], "There is no store at"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(here, posts, words, said):
    error = here(*(word.format(posts=posts) for word in words), code=1).stderr
    assert (error[:7], error.count("\n")) == ("Error: ", 1)
    assert said in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import"], "Missing option '--source' / '-s'. See 'murmuration import --help'."),
        (["runs", "--zzz"], "No such option: --zzz. See 'murmuration runs --help'."),
        (
            ["reports"],
            "No such command 'reports'. Did you mean 'report', 'import'? See 'murmuration --help'.",
        ),
        (["schedule", "next"], "Missing argument 'name'. See 'murmuration schedule next --help'."),
    ],
)
def test_words_that_no_command_takes_are_one_sentence_that_says_where_to_look(here, words, said):
    assert here(*words, code=2).stderr == f"Error: {said}\n"


def test_a_wrong_word_ends_the_command_itself_likewise(murmuration):
    assert murmuration("reports", code=2).stderr.startswith("Error: No such command 'reports'.")
    assert murmuration("--help").stdout.count("schedule") >= 1


def test_an_unknown_setting_is_named_with_the_near_match(here):
    done = here("config", code=1, MURMURATION_STOER="x")
    assert (
        "MURMURATION_STOER, which is no setting. Did you mean 'MURMURATION_STORE'?" in done.stderr
    )


def test_an_error_in_the_catalog_is_named_with_its_line(here, workspace):
    catalog = workspace / "data_catalog.yaml"
    catalog.write_text("brands:\n  one:\n    term: [x]\n")
    done = here("report", "brand_health", code=1)
    assert (
        "data_catalog.yaml, line 3: brands.one.term: unknown key. Did you mean 'terms'?"
        in done.stderr
    )


def test_config_tells_where_each_value_came_from_and_no_secret(here, tmp_path):
    done = here("config", MURMURATION_KEY="a very secret key of mine")
    assert str(tmp_path / "store") in done.stdout
    assert "environment, MURMURATION_STORE" in done.stdout
    assert "very secret" not in done.stdout
    values = json.loads(here("config", "--json").stdout)
    assert values["cluster"] == {"value": "auto", "origin": "default"}


def test_doctor_compact_and_forget_end_with_what_came_of_it(here, posts, tmp_path):
    here("import", str(posts), "--source", "test")
    assert here("doctor").stdout.strip().splitlines()[-1].startswith("0 problems. Store: ")
    assert here("compact").stdout.startswith("0 months folded")
    vectors = tmp_path / "state" / "vectors"
    vectors.mkdir()
    forgotten = here("forget", "--source", "test", "--post", "3").stdout
    assert not vectors.exists()  # made of texts
    assert forgotten.startswith("1 post and 0 quarantined rows erased")
    assert "Nothing of it is left in the store." in forgotten
    assert json.loads(here("doctor", "--json").stdout)["problems"] == 0
    by_author = json.loads(here("forget", "-s", "test", "--author", "author-0", "--json").stdout)
    assert by_author["posts"] == 3
    nobody = here("forget", "--source", "test", "--author", "author-7").stdout
    assert nobody.startswith(
        "Nothing in the store is of this author of 'test'; later imports keep it out."
    )
    assert here("forget", "-s", "test", code=1).stderr.startswith(
        "Error: Say either a post or an author"
    )


def test_the_parameters_of_a_report_are_listed_without_a_run(here):
    listed = here("report", "brand_health", "--parameters").stdout
    assert re.search(r"^brand +str +\S+ +\S", listed, re.MULTILINE)
    facts = json.loads(here("report", "brand_health", "--parameters", "--json").stdout)
    assert "timezone" in [one["name"] for one in facts]


def test_runs_lists_nothing_where_nothing_ran(here):
    assert here("runs").stdout.strip().splitlines()[-1].startswith("0 runs. Index: ")
    assert json.loads(here("runs", "--json").stdout) == []


def test_an_interrupted_import_keeps_nothing_half_done(here, workspace, tmp_path):
    import time

    rows = "".join(
        f'{{"id": "{n}", "text": "post number {n}", "created_at": 1767225600}}\n'
        for n in range(150_000)
    )
    (tmp_path / "big.jsonl").write_text(rows)
    with subprocess.Popen(
        [sys.executable, "-m", "murmuration.cli", "import", str(tmp_path / "big.jsonl"), "--source", "test"],
        cwd=workspace, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        while not list((tmp_path / "state").rglob("rows.arrow")):
            assert child.poll() is None
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Interrupted. Nothing is broken; the same command again finishes it." in said
    assert "Traceback" not in said
    assert list((tmp_path / "state").rglob("rows.arrow")) == []
    assert json.loads(here("doctor", "--json").stdout)["problems"] == 0


def test_schedule_check_prints_what_each_report_would_be_given(here, workspace):
    folder = workspace / "schedules"
    folder.mkdir()
    text = (
        'report: brand_health\ncron: "@daily"\ntimezone: UTC\nfor_each: {brand: [aurora, velora]}\n'
    )
    (folder / "all.yaml").write_text(text)
    said = here("schedule", "check").stdout
    first, runs, *_ = said.splitlines()
    assert first.startswith("✓ all: brand_health, @daily UTC, next ")
    assert first.endswith(" 00:00 UTC, 2 runs (there is no store yet to look for sources in)")
    assert runs == "    brand=aurora · brand=velora"
    assert " · terms_shown=12 · " in " ".join(said.split())  # lines are as wide as the terminal
    assert said.endswith("1 schedule, 0 problems.\n")
    assert len(said.splitlines()) < 8
    every = here("schedule", "check", "--all").stdout
    assert "  all brand=velora\n" in every
    assert "    terms_shown = 12\n" in every
    (folder / "bad.yaml").write_text(text.replace("@daily", "@dayly"))
    done = here("schedule", "check", "--json", code=1)
    assert "Did you mean '@daily'?" in json.loads(done.stdout)["schedules"]["bad"]["problem"]
    fires = json.loads(here("schedule", "next", "all", "--count", "50", "--json").stdout)
    assert len(fires["fires"]) == 50
    wrong = here("schedule", "next", "al", code=1)
    assert wrong.stderr == "Error: There is no schedule 'al' in schedules/. Did you mean 'all'?\n"


def test_addresses_in_env_are_set_and_an_export_of_one_schedule_leaves_the_others(
    here, workspace, tmp_path
):
    (workspace / "schedules").mkdir()
    for name in ("one", "two"):
        text = "report: brand_health\ncron: '@daily'\ntimezone: UTC\nnotify: [{to: TEAM}]\n"
        (workspace / "schedules" / f"{name}.yaml").write_text(text)
    assert here("schedule", "check").stdout.endswith("2 schedules, 0 problems, 2 warnings.\n")
    (workspace / ".env").write_text("TEAM=json://localhost\n")
    assert here("schedule", "check").stdout.endswith("2 schedules, 0 problems.\n")
    out = tmp_path / "out"
    for name in ("one", "two"):
        here("schedule", "export", name, "--to", "systemd", "--folder", str(out))
    assert {path.suffix for path in out.glob("*one*")} == {".service", ".timer"}
    (workspace / "schedules" / "two.yaml").unlink()
    said = here("schedule", "export", "--to", "systemd", "--folder", str(out)).stdout
    assert "Removed, as no schedule chosen needs them: " in said
    assert not list(out.glob("*two*"))


SMALL = {
    "nbformat": 4, "nbformat_minor": 5,
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "cells": [
        {
            "cell_type": "code", "id": "one", "metadata": {"tags": ["parameters"]}, "outputs": [],
            "source": 'note: str = ""  # anything', "execution_count": None,
        }
    ],
}  # fmt: skip


@pytest.mark.soak
def test_a_schedule_runs_its_report_and_the_ledger_knows(murmuration, posts, workspace, tmp_path):
    murmuration("import", str(posts), "--source", "test")
    (workspace / "notebooks" / "reports" / "small.ipynb").write_text(json.dumps(SMALL))
    (workspace / "schedules").mkdir()
    text = "report: small\ncron: '@yearly'\ntimezone: UTC\nfor_each: {note: [fine, 7]}\n"
    (workspace / "schedules" / "one.yaml").write_text(text)
    assert murmuration("schedule", "tick").stdout.startswith("0 runs. Ledger: ")
    assert murmuration("schedule", "now", "one").stdout.startswith("2 runs of one queued for ")
    done = murmuration("schedule", "tick", "--at-once", "2", code=1)
    assert done.stdout.startswith("2 runs: 1 ")
    assert "1 succeeded" in done.stdout
    assert "1 failed (one note=7: note is 7, but it must be text (anything))." in done.stdout
    [run] = json.loads(murmuration("runs", "--json").stdout)
    assert (run["schedule"], run["attempt"], run["status"]) == ("one", 1, "succeeded")
    assert run["parameters"] == {"note": "fine"}
    status = json.loads(murmuration("schedule", "status", "one", "--json").stdout)
    good, bad = sorted(status["schedules"][0]["last"], key=lambda fire: fire["item"], reverse=True)
    assert (good["state"], good["run_folder"]) == ("succeeded", run["folder"])
    assert (bad["state"], bad["attempt"]) == ("failed", 1)  # a wrong parameter is not tried again
    assert "must be text" in bad["sentence"]
    assert (tmp_path / "reports" / "schedule.html").exists()
    assert "No daemon is alive" in murmuration("schedule", "status").stdout
    murmuration("schedule", "pin", run["run_id"])
    plan = murmuration(
        "schedule", "backfill", "one", "--since", "2024-01-01", "--until", "2026-01-02", "--dry-run"
    )
    assert plan.stdout.endswith("6 runs of one would be queued, 0 left as they are.\n")
    murmuration("schedule", "export", "--to", "kubernetes", "--folder", str(tmp_path / "out"))
    assert (tmp_path / "out" / "murmuration-one.yaml").exists()


def test_the_schedules_of_this_workspace_are_in_order(here, workspace):
    shutil.copytree(ROOT / "schedules", workspace / "schedules")
    said = here("schedule", "check").stdout
    assert said.endswith("schedules, 0 problems.\n")
    assert said.count("✓") == 4
