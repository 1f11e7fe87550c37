"""Topics of many posts: a second run reads only what is new, and two runs give the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3_600)]

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "topics_scale.py"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}


def measure(*words, **environment):
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--only", *words],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_second_run_with_few_new_posts_takes_less_than_a_fifth():
    row = measure("sample", "200000")
    assert row["again_share"] < 0.2
    assert row["left_out"] <= 0.05
    assert row["again_left_out"] <= 0.05
    assert row["peak"] < 2_000


def test_two_processes_give_equal_tables():
    one, other = (measure("repeated", **ONE_THREAD) for _ in range(2))
    assert one["tables"] == other["tables"]
    assert one["model"] == other["model"]
