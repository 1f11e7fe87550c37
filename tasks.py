"""Everything a person types: python3 tasks.py demo, test, report, import, ...

Needs only Python to start. It makes the environment .venv from requirements.lock, again when the lock has
changed and also when it was killed half-way; then it is an ordinary Invoke file, and hands every other
word to the command `murmuration`. Inside a conda environment (other than base) it uses that one.

The first part must be readable by Pythons that are too old to run it, so that they can say so.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Murmuration needs Python 3.11 or newer, but this is Python %d.%d (%s). "
        "Start it with a newer one, for instance: python3.12 tasks.py demo"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

import contextlib
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
OLD, NEW = VENV + ".old", VENV + ".new"  # on its way out, on its way in
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "murmuration-setup.json")  # written last: the environment is whole
BEGUN = os.path.join(VENV, "murmuration-setup.begun")  # written first: it is ours to make anew
LOG = os.path.join(ROOT, ".murmuration", "setup.log")
PROBE = ("invoke", "typer", "dask", "deltalake", "papermill", "murmuration")
NETWORK_SIGNS = (
    "NewConnectionError", "ConnectTimeoutError", "Temporary failure in name resolution", "Name or service not known",
    "Network is unreachable", "Connection refused", "ConnectionResetError", "ReadTimeoutError", "getaddrinfo failed",
    "Failed to establish a new connection", "ProxyError", "Could not find a version that satisfies",
)  # fmt: skip


def venv_python():
    """Path of the environment's Python."""
    return os.path.join(
        VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python"))
    )


def conda_prefix():
    """Path of the active conda environment, if there is one that is not base."""
    prefix = os.environ.get("CONDA_PREFIX", "")
    is_base = os.environ.get("CONDA_DEFAULT_ENV", "base") == "base"
    return prefix if prefix and not is_base and os.path.isdir(prefix) else ""


def wanted_stamp():
    """What a whole environment says of itself: the lock and the Python it was made for."""
    with open(LOCK, "rb") as file:
        lock = hashlib.sha256(file.read()).hexdigest()
    return {"lock": lock, "python": "%d.%d" % sys.version_info[:2], "root": ROOT}


def is_whole():
    """Whether .venv was made to its end, from this lock."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return False
    wanted = wanted_stamp()
    # Any Python may start us; the one that made the environment stays.
    same = stamp.get("lock") == wanted["lock"] and stamp.get("root") == wanted["root"]
    return same and version_of(venv_python()) == stamp.get("python")


def version_of(python):
    """Which Python this is now: a system that moves on takes that of an environment along, its packages not."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run(
            [python, "-I", "-S", "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:  # not there, or may not be run
        return ""
    return said.stdout.decode("ascii", "replace").strip()


@contextlib.contextmanager
def setup_lock():
    """Let one set-up run at a time; a second one waits and then finds the work done."""
    with open(os.path.join(ROOT, ".venv.lock"), "w", encoding="utf-8") as file:
        with contextlib.suppress(ImportError):  # Windows has no fcntl; two set-ups at once are rare
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_environment():
    """Make or repair .venv; one sentence if that cannot be done."""
    if is_whole():
        return
    with setup_lock():
        if is_whole():
            return
        try:
            build_environment()
        except OSError as err:
            fail("The environment .venv cannot be made: %s." % (err.strerror or err))


def build_environment():
    started = time.time()
    for module in ("venv", "ensurepip"):
        try:
            importlib.import_module(module)
        except ImportError:
            fail(
                "This Python (%s) lacks the module %s, which makes environments. Install it, on Debian and Ubuntu "
                "with: sudo apt install python3-venv" % (sys.executable, module)
            )
    if os.path.lexists(VENV):
        if not (os.path.exists(STAMP) or os.path.exists(BEGUN)):
            fail(
                "There is a .venv here that tasks.py did not make, so it is left alone. Move it away, or use it "
                "directly: .venv/bin/murmuration --help"
            )
        say(
            "The environment .venv is unfinished, or of another requirements.lock or Python; making it anew."
        )
    clear_place()
    say("Setting up .venv from requirements.lock, once; this takes a minute or two.")
    os.makedirs(os.path.dirname(LOG), exist_ok=True)
    open(LOG, "w", encoding="utf-8").close()
    begin_place()
    run_step([sys.executable, "-m", "venv", VENV], "making .venv")
    pip = [
        venv_python(),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--no-deps",
    ]
    packages = [*pip, "--no-compile", "--require-hashes", "--progress-bar", "off", "-r", LOCK]
    run_step(packages, "installing packages", total=count_packages())
    run_step([*pip, "--no-index", "--no-build-isolation", "-e", ROOT], "installing murmuration")
    # Without bytecode every start is twice as slow, and some machines forbid Python to write it on the way.
    site = [
        venv_python(),
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        os.path.join(VENV, "lib"),
        os.path.join(ROOT, "lib"),
    ]
    subprocess.call(site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fresh = STAMP + ".new"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(wanted_stamp(), file)
    os.replace(fresh, STAMP)
    say("The environment stands after %.0f s." % (time.time() - started))


def clear_place():
    """Remove .venv under another name: if we are killed on the way, none without its marks is left."""
    for name in (OLD, NEW):
        shutil.rmtree(name, ignore_errors=True)
    if os.path.lexists(VENV):
        os.rename(VENV, OLD)
        shutil.rmtree(OLD)


def begin_place():
    """Make an empty .venv that has our mark from its first moment on."""
    os.mkdir(NEW)
    open(os.path.join(NEW, os.path.basename(BEGUN)), "w", encoding="utf-8").close()
    os.rename(NEW, VENV)


def count_packages():
    with open(LOCK, encoding="utf-8") as file:
        return sum(1 for line in file if "==" in line and line[0].isalnum())


def run_step(command, what, total=0):
    """Run a command, show how far it is, keep what it says in a log."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    lines, seen = [], 0
    with open(LOG, "a", encoding="utf-8") as log:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            lines.append(line)
            log.write(line + "\n")
            if line.startswith("Collecting "):
                seen += 1
                show("%s: %d of up to %d, %s" % (what, seen, total, line.split()[1].split("==")[0]))
            elif line.startswith("Installing collected"):
                show("%s: unpacking" % what)
    show("")
    if process.wait() != 0:
        fail(explain(lines, what))


def explain(lines, what):
    """One sentence for what a command complained about."""
    text = "\n".join(lines)
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            "No package could be downloaded: there is no network, or it does not reach the Python package index. "
            "Connect and run the same command again; what was downloaded is kept."
        )
    if "No space left" in text:
        return "The disk is full: the environment needs about 2 GB. Free some space and run the same command again."
    errors = (
        [line for line in lines if line.lower().startswith("error")]
        or lines[-1:]
        or ["no reason was given"]
    )
    return "%s failed: %s. All it said is in %s; run the same command again to repair it." % (
        what[0].upper() + what[1:], errors[-1].rstrip("."), os.path.relpath(LOG, ROOT),
    )  # fmt: skip


def show(text):
    """Show where a long step is, on a terminal only."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r\033[K" + text[:width])
        sys.stderr.flush()


def say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def fail(sentence):
    show("")
    say("Error: " + sentence)
    sys.exit(1)


def check_conda(prefix):
    """Use the active conda environment as it is; say what it lacks."""
    missing = [name for name in PROBE if importlib.util.find_spec(name) is None]
    if missing:
        fail(
            "The conda environment %s lacks %s. Fill it with: conda env update -p %s -f environment.yml && "
            "pip install --no-deps -e ." % (os.path.basename(prefix), ", ".join(missing), prefix)
        )


def enter_environment():
    """Go on in the environment's Python; returns only when this is it."""
    prefix = conda_prefix()
    if prefix:
        python = os.path.join(
            prefix, "python.exe" if os.name == "nt" else os.path.join("bin", "python")
        )
        if os.path.realpath(sys.prefix) == os.path.realpath(prefix):
            check_conda(prefix)
            return
    elif os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        if is_whole():
            return
        # An environment cannot make itself anew: let the Python that it was made with do it.
        python = os.path.join(
            sys.base_prefix, "python.exe" if os.name == "nt" else os.path.join("bin", "python3")
        )
    else:
        make_environment()
        python = venv_python()
    command = [python, os.path.abspath(__file__), *sys.argv[1:]]
    if os.name == "nt":  # exec there lets the shell go on before we end
        sys.exit(subprocess.call(command))
    os.execv(python, command)


if __name__ == "__main__":
    enter_environment()

try:
    from invoke import Collection, Exit, Program, task
except ImportError:
    sys.exit("Start this file with: python3 tasks.py (Invoke is not in this Python)")

CHECKS = (
    ("format", ["ruff", "format", "--check", "."]),
    ("lint", ["ruff", "check", "."]),
    ("import rules", ["lint-imports"]),
)
# Done once before the tests: what is imported or called for the first time is compiled, and four workers at once would each do it.
FIRST_TIME = """
import papermill.execute, playwright.sync_api, voila.app, moto.server
import murmuration as mm, pandas as pd
posts = mm.sentiment.score_posts(pd.concat(mm.sample.make_posts(300)))
mm.topics.fit_topics(posts, mm.topics.TopicParams(n_topics=3, min_posts=5))
"""
# JupyterLab would ask its makers for news and newer versions, and list what could be installed.
LAB_OFFLINE = (
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)  # fmt: skip
SAMPLE_POSTS = 60_000
SAMPLE_VIEW = {
    "source": "sample", "brand": "aurora", "since": "2026-02-02", "until": "2026-03-02",
}  # fmt: skip


def tool(*words):
    """A command of this environment."""
    folder = os.path.dirname(sys.executable)
    path = shutil.which(words[0], path=folder) or words[0]
    return [path, *words[1:]]


def run(words, env=None):
    """Run a command in the workspace; stop with its exit code if it fails."""
    code = subprocess.call(tool(*words), cwd=ROOT, env=dict(os.environ, **(env or {})))
    if code != 0:
        raise Exit(code=code)


@task(help={"all": "every report, not just brand_health"})
def demo(context, all=False):
    """Sample posts, imported and reported on: what there is to see, in one command."""
    from murmuration.reports import list_runs
    from murmuration.reports.parameters import read_parameters
    from murmuration.sample import write_posts
    from murmuration.settings import get_settings
    from murmuration.store import open_store

    settings = get_settings()
    os.makedirs(settings.state, exist_ok=True)
    say("Making %s sample posts." % format(SAMPLE_POSTS, ","))
    path = write_posts(settings.state / "sample_posts.jsonl.gz", SAMPLE_POSTS, overwrite=True)
    run(["murmuration", "import", str(path), "--source", "sample"])
    for notebook in sorted((settings.root / "notebooks" / "reports").glob("*.ipynb")):
        if all or notebook.stem == "brand_health":
            known = read_parameters(notebook)
            chosen = ["-p%s=%s" % pair for pair in SAMPLE_VIEW.items() if pair[0] in known]
            run(["murmuration", "report", notebook.stem, *chosen])
    print("Store:  %s" % open_store(settings).location)
    print("Report: %s" % list_runs(settings.reports)[0].page)


@task(help={"pick": "only tests whose names match, as in pytest -k"})
def test(context, pick=""):
    """Format, lint, types, import rules and all tests; what CI runs."""
    started = time.time()
    for name, words in CHECKS:
        say("== %s" % name)
        run(words)
    say("== tests, and types beside them")
    types = subprocess.Popen(
        tool("mypy"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        if not pick:
            run([sys.executable, "-c", FIRST_TIME])
        run_tests(pick)
    finally:  # whatever the tests say
        say("== types")
        say(types.communicate()[0].decode("utf-8", "replace").rstrip())
    if types.returncode:
        raise Exit(code=types.returncode)
    say("All passed in %.0f s." % (time.time() - started))


def run_tests(pick):
    # Two more than cores, as tests wait for processes. A file stays whole: what its tests share is made once.
    # The order is that of tests/conftest.py: xdist's own begins with files of many tests, and ends with those that take long.
    workers = min(6, (os.cpu_count() or 1) + 2)
    spread = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    # As in a run (docs/decisions/0016): threads of numerical libraries would wait by spinning, and every core is busy anyway.
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    run(["pytest", "-m", "not soak", *spread, *(["-k", pick] if pick else [])], env=alone)


@task(help={"pick": "only tests whose names match, as in pytest -k"})
def soak(context, pick=""):
    """The long tests: crash loops, scale, equality."""
    run(["pytest", "-m", "soak", "--timeout", "3600", *(["-k", pick] if pick else [])])


@task(help={"pick": "only benchmarks whose file names hold this"})
def bench(context, pick=""):
    """Speed and memory, each as a ratio against a named reference in the same run."""
    folder = os.path.join(ROOT, "tests", "benchmarks")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and name[0] != "_" and pick in name:
            say("== %s" % name)
            run([sys.executable, os.path.join(folder, name)])


@task(help={"port": "where it listens", "browser": "open a browser"})
def lab(context, port=8888, browser=True):
    """JupyterLab, on the notebook that shows the way."""
    first = "/lab/tree/notebooks/explore/getting_started.ipynb"
    words = ["jupyter", "lab", "--port=%d" % port, "--LabApp.default_url=" + first]
    words += ["--ServerApp.root_dir=" + ROOT, *LAB_OFFLINE]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append(
            "--allow-root"
        )  # as in most containers; it listens on this machine only, behind a token
    run(words if browser else [*words, "--no-browser"])


namespace = Collection(demo, test, soak, bench, lab)


def main():
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help", "help"):
        print_help()
    elif words[0] in namespace.task_names:
        Program(namespace=namespace, name="tasks.py", binary="tasks.py").run(["tasks.py", *words])
    else:
        from murmuration.cli import main as murmuration

        murmuration()


def print_help():
    print("python3 tasks.py WORD …   (WORD --help says more)\n")
    for name in sorted(namespace.task_names):
        print("  %-10s %s" % (name, (namespace[name].__doc__ or "").splitlines()[0]))
    print("\nand every word of the command murmuration:\n")
    from typer.main import get_command

    from murmuration.cli import app

    for name, command in sorted(get_command(app).commands.items()):
        print("  %-10s %s" % (name, command.get_short_help_str(90)))


if __name__ == "__main__":
    main()
