"""Many posts: the same numbers wherever tasks run, in memory that does not grow."""

import subprocess
import sys

import pytest

from murmuration.reports import load_run

from ..browser.conftest import Workspace
from ..notebooks.conftest import values_of

pytestmark = pytest.mark.soak

VIEW = {"source": "sample", "brand": "aurora", "since": "2026-02-02", "until": "2026-03-02"}


@pytest.fixture(scope="module")
def many_posts(tmp_path_factory):
    from murmuration.sample import write_posts

    workspace = Workspace(tmp_path_factory.mktemp("many"))
    path = write_posts(workspace.root / "posts.jsonl.gz", 600_000)
    workspace.run("import", str(path), "--source", "sample")
    return workspace


def test_many_posts_go_to_processes_and_the_numbers_are_those_of_threads(many_posts):
    chosen = load_run(many_posts.report("brand_health", **VIEW))
    assert chosen.manifest["cluster"]["chosen"] == "local"
    assert "posts are worth processes of their own" in chosen.manifest["cluster"]["reason"]
    many_posts.settings = {"MURMURATION_CLUSTER": "threads"}
    threads = load_run(many_posts.report("brand_health", **VIEW))
    assert threads.manifest["cluster"]["chosen"] == "threads"
    assert values_of(threads) == values_of(chosen)


def test_ten_million_sample_posts_are_made_in_bounded_memory():
    code = (
        "import resource, sys\n"
        "from murmuration.sample import make_posts\n"
        "rows = sum(len(frame) for frame in make_posts(int(sys.argv[1])))\n"
        "print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = {}
    for n in (1_000_000, 10_000_000):
        done = subprocess.run(
            [sys.executable, "-c", code, str(n)], capture_output=True, text=True, check=True
        )
        rows, peaks[n] = map(int, done.stdout.split())
        assert rows == n
    assert peaks[10_000_000] < 1.3 * peaks[1_000_000], peaks
