"""Imports killed at many random moments, several times in a row, leave what an uninterrupted one leaves."""

import random
import shutil
from time import perf_counter

import pytest

from ..collect import killed_import

ROUNDS = 60


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_imports_that_are_killed_at_random_moments_end_like_any_other(tmp_path):
    begun = tmp_path / "begun"
    begun.mkdir()
    killed_import.write_stream(begun / "first.jsonl", range(20_000), broken=50)
    killed_import.write_stream(
        begun / "second.jsonl", range(10_000, 45_000), deleted=range(0, 45_000, 97), text="an edit",
        seen=1_730_000_000, broken=100,
    )  # fmt: skip
    killed_import.import_file(begun, "first.jsonl")
    # The first one loads libraries, which those that are killed have.
    for name in ("first time", "reference"):
        reference = shutil.copytree(begun, tmp_path / name)
        started = perf_counter()
        killed_import.import_file(reference, "second.jsonl")
        seconds = perf_counter() - started
    expected = killed_import.look(reference)
    assert not expected["problems"]

    kills, dice = 0, random.Random(2)
    with killed_import.killer() as kill:
        for number in range(ROUNDS):
            folder = shutil.copytree(begun, tmp_path / str(number))
            for _ in range(dice.randint(1, 3)):
                kills += kill(folder, "second.jsonl", dice.uniform(0, 1.2 * seconds)) != 0
            killed_import.import_file(folder, "second.jsonl")
            assert killed_import.look(folder) == expected, f"round {number} of seed 2"
            shutil.rmtree(folder)
    assert kills > ROUNDS / 2
