"""A run: what it leaves behind when it succeeds, fails, hangs, dies or is stopped."""

import hashlib
import html
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import murmuration as mm
from murmuration.errors import ParamError, UnknownNameError
from murmuration.reports import endings, find_run, list_runs

SAVE = """
import murmuration as mm
import pandas as pd
run = mm.start_run("small")
with run.step("count", rows_in=3) as step:
    posts = mm.load_posts(columns=["post_id"], as_of=run.as_of).compute(scheduler="threads")
    step.rows_out = len(posts)
run.answer([f"{len(posts)} posts."])
run.warn("only a test")
path = run.save_table(pd.DataFrame({"post_id": posts["post_id"], "n": range(len(posts))}), "posts", key=["post_id"])
"""
ESTIMATE = """
with run.step("group"):
    for n in (2, 3, 3):
        run.make_estimator("KMeans", n_clusters=n)
    run.make_estimator("PCA")
"""
# A child that left its session and its parent, as a careless notebook may start one.
STRAY = """
import subprocess, sys, time
code = "import os, sys, time; os.setsid(); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"], start_new_session=True)
subprocess.Popen([sys.executable, "-c", f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {{code!r}}, '{mark}'])"])
time.sleep(600)
"""


def processes_with(mark: str) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if mark in (process.info["cmdline"] or []) and process.pid != os.getpid()
    ]


def wait_until(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_run_leaves_notebook_page_tables_and_last_a_manifest(add_report, some_posts):
    said = []
    report = add_report(SAVE, ESTIMATE)
    result = mm.run_report(report, {"note": "hello"}, on_progress=said.append)
    manifest = result.manifest
    assert result.status == "succeeded"
    assert manifest["answer"] == ["3 posts."]
    assert manifest["warnings"] == ["only a test"]
    assert [one["estimator"] for one in manifest["backend"]["estimators"]] == ["KMeans", "PCA"]
    assert manifest["parameters"] == {"note": "hello"}
    assert manifest["given"] == ["note"]
    tables = {"posts", "imports", "quarantine", "tombstones", "labels"}
    assert manifest["pinned"]["tables"].keys() == tables
    step, grouping = manifest["steps"]
    assert (step["name"], step["rows_in"], step["rows_out"]) == ("count", 3, 3)
    assert step["peak_memory_bytes"] > 50_000_000
    backend = manifest["backend"]
    assert (step["backend"], grouping["backend"]) == (None, backend["chosen"])
    assert f"on the {backend['chosen'].upper()}: " in (result.folder / "report.html").read_text()
    assert result.table("posts").column_names == ["post_id", "n"]
    assert {"murmuration", "pandas"}.isdisjoint(result.table("posts").schema.metadata or {})
    assert said[-1].cells >= 2

    named = {artefact["path"]: artefact["sha256"] for artefact in manifest["artefacts"]}
    assert named.keys() == {"notebook.ipynb", "report.html", "tables/posts.parquet"}
    for path, digest in named.items():
        assert hashlib.sha256((result.folder / path).read_bytes()).hexdigest() == digest
    assert [run.folder for run in list_runs(result.folder.parents[1])] == [result.folder]
    assert result.folder.name in (result.folder.parents[1] / "index.html").read_text()


def test_a_run_reads_the_state_that_it_was_pinned_to(
    add_report, some_posts, take_in, write_csv, store_of_settings
):
    before = store_of_settings.open("posts").version()
    more = [{"id": "99", "text": "later", "created_at": "2026-01-02T00:00:00Z", "author": "b"}]
    take_in(write_csv(more, "more.csv"), into=store_of_settings)
    old = mm.run_report(add_report(SAVE), as_of=before)
    assert old.manifest["answer"] == ["3 posts."]
    assert len(mm.load_posts()) == 4  # what it would read now


def test_a_failed_run_is_kept_with_its_cell_and_error_in_one_sentence(add_report, some_posts, here):
    name = add_report("x = 1", "raise ValueError('no luck\\nat all')", "y = 2")
    done = here("report", name, code=1)
    folder = Path(done.stdout.strip().splitlines()[-1])
    assert "Error: Cell 3 ended with ValueError: no luck at all" in done.stderr
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert manifest["error"] == {
        "cell": 3,
        "kind": "ValueError",
        "sentence": "Cell 3 ended with ValueError: no luck at all",
    }
    assert "This run failed" in (folder / "report.html").read_text()
    assert (folder / "notebook.ipynb").exists()


def test_an_error_quotes_no_data(add_report, some_posts):
    result = mm.run_report(add_report("int('a secret word')"))
    sentence = "Cell 2 ended with ValueError: invalid literal for int() with base 10: '…'"
    assert result.manifest["error"]["sentence"] == sentence
    assert "secret" not in (result.folder.parents[1] / "index.html").read_text()
    page = html.unescape((result.folder / "report.html").read_text())
    assert "secret" not in page
    assert sentence.removeprefix("Cell 2 ended with ") in page
    assert list((mm.settings.get_settings().state / "runs").glob(f"{result.folder.name}.*")) == []


def test_an_error_quotes_code(add_report, workspace):
    name = add_report("print(nme)")
    path = workspace / "notebooks" / "reports" / f"{name}.ipynb"
    notebook = json.loads(path.read_text())
    with pytest.raises(NameError) as caught:
        exec("print(nme)", {})
    failed = {"output_type": "error", "ename": "NameError", "evalue": str(caught.value), "traceback": []}  # fmt: skip
    notebook["cells"][1]["outputs"] = [failed]
    path.write_text(json.dumps(notebook))
    said = endings._failed_cell(path)
    assert said == (2, "NameError: name 'nme' is not defined", "NameError")


@pytest.mark.parametrize("name", ["../explore/getting_started", "sub/small", "/etc/passwd", ""])
def test_a_report_is_named_and_no_path(add_report, some_posts, workspace, name):
    add_report("x = 1")
    (workspace / "notebooks/reports/sub").mkdir()
    (workspace / "notebooks/reports/small.ipynb").rename(
        workspace / "notebooks/reports/sub/small.ipynb"
    )
    with pytest.raises(UnknownNameError, match="There is no report"):
        mm.run_report(name)


def test_a_worker_that_is_killed_leaves_nothing_of_what_it_started(add_report, some_posts):
    stray = f"stray-{os.getpid()}-killed"
    cell = STRAY.format(mark=stray).replace("time.sleep(600)\n", "") + (
        "time.sleep(2)\nimport os, signal, psutil\n"
        "os.kill(psutil.Process().ppid(), signal.SIGKILL)\ntime.sleep(600)"
    )
    result = mm.run_report(add_report("print('what came before')", cell))
    assert result.status == "failed"
    # The notebook is written once a second: what was done, and at which cell it ended.
    _, _, before, *_, ended = json.loads((result.folder / "notebook.ipynb").read_text())["cells"]
    assert before["outputs"][0]["text"] == ["what came before\n"]
    assert ended["metadata"]["papermill"]["status"] == "running"
    assert result.manifest["error"]["kind"] == "lost kernel"
    assert (
        "the process that runs the kernel was killed (SIGKILL)"
        in (result.manifest["error"]["sentence"])
    )
    assert wait_until(lambda: not processes_with(stray))


def test_what_a_run_keeps_in_a_temporary_folder_is_gone_with_it(add_report, some_posts, tmp_path):
    held = f"held = tempfile.TemporaryDirectory(dir={str(tmp_path)!r}, prefix='held-')"
    result = mm.run_report(add_report(f"import tempfile\n{held}"))
    assert result.status == "succeeded"
    assert list(tmp_path.glob("held-*")) == []


def test_a_wrong_parameter_starts_nothing(add_report, some_posts):
    name = add_report("x = 1")
    with pytest.raises(ParamError, match="no parameter 'nte'"):
        mm.run_report(name, {"nte": "x"})
    with pytest.raises(UnknownNameError, match=r"'smal'.*Did you mean 'small'"):
        mm.run_report("smal")
    assert list_runs(mm.settings.get_settings().reports) == []
    assert not mm.settings.get_settings().reports.exists()


def test_a_run_that_hangs_is_ended_with_all_that_it_started(add_report, some_posts):
    mark = f"stray-{os.getpid()}"
    result = mm.run_report(add_report(STRAY.format(mark=mark)), deadline_seconds=12)
    assert result.status == "timed out"
    assert result.manifest["error"]["sentence"] == (
        "The run took longer than its deadline of 12 s and was ended in cell 2."
    )
    assert processes_with(mark) == []
    assert result.manifest["seconds"] < 25


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_command_leaves_no_process_behind(add_report, some_posts, workspace, number):
    mark = f"stray-{number}-{os.getpid()}"
    command = [
        sys.executable,
        "-m",
        "murmuration.cli",
        "report",
        add_report(STRAY.format(mark=mark)),
    ]
    child = subprocess.Popen(
        command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert wait_until(lambda: len(processes_with(mark)) >= 2)
    child.send_signal(number)
    out, _ = child.communicate(timeout=60)
    assert wait_until(lambda: processes_with(mark) == [])
    if number == signal.SIGTERM:
        assert child.returncode == 1
        run = find_run(mm.settings.get_settings().reports, Path(out.strip().splitlines()[-1]).name)
        assert run.status == "interrupted"
    else:  # nobody was left to write a manifest, so there is no run
        assert list_runs(mm.settings.get_settings().reports) == []


def test_a_half_written_run_is_no_run(tmp_path):
    folder = tmp_path / "small" / "20260302T000000Z-ab12"
    folder.mkdir(parents=True)
    facts = {"report": "small", "run_id": folder.name, "started_at": "2026-03-02T00:00:00+00:00"}
    whole = json.dumps(facts)
    (folder / "manifest.json").write_text(whole)
    assert [run.folder for run in list_runs(tmp_path)] == [folder]
    (folder / "manifest.json").write_text(whole[:15])
    assert list_runs(tmp_path) == []


@pytest.mark.soak
def test_a_run_scores_with_the_models_that_were_current_and_says_so(add_report, some_posts):
    texts = [f"{word} flight {n}" for n in range(8) for word in ("good", "bad", "long")]
    model = mm.sentiment.train_classifier(
        texts,
        ["positive", "negative", "neutral"] * 8,
        params=mm.sentiment.ClassifierParams(strength=1.0, folds=2),
    )
    saved = mm.models.save(model, "tone", make_current=True)
    cells = """
import murmuration as mm
run = mm.start_run("small")
posts = mm.load_posts(columns=["text", "lang"], as_of=run.as_of).assign(lang="en")
scored = mm.sentiment.score_posts(posts, models=run.sentiment_models()).compute()
run.answer(sorted(set(scored["sentiment_model"])))
"""
    manifest = mm.run_report(add_report(cells)).manifest
    assert manifest["answer"] == [saved.version]
    pin = {"model": saved.address, "version": saved.version, "digest": saved.digest}
    assert manifest["pinned"]["models"] == {"en": pin}
