"""`evaluate audience`: groups that are known are found, by ours and by the references, and a wrong name is told."""

import pytest

from murmuration.audience_evaluation import (
    METHODS,
    OURS,
    AudienceSet,
    evaluate,
    find_audiences,
    measure,
)
from murmuration.errors import ParamError, ReadError
from murmuration.terminal import print_audience_evaluations

from .conftest import CRAFTS


@pytest.fixture(scope="module")
def crafts(crafters) -> AudienceSet:
    groups = crafters["author_key"].str[1:].astype(int) % 3
    return AudienceSet("crafts", crafters, tuple(CRAFTS[one] for one in groups))


@pytest.mark.parametrize("method", [one for one in METHODS if one.startswith("k-means")])
def test_a_reference_finds_groups_that_are_plain(crafts, method):
    found = measure(crafts, method, seeds=1)
    if method.endswith("words"):  # these posts have none in common
        assert found.segments == 1
    else:
        assert found.ari > 0.9
    assert found.stability is None


@pytest.mark.soak
def test_ours_is_measured_with_stability_and_interests(crafts, capsys):
    found = measure(crafts, OURS, seeds=1, samples=2)
    assert found.ari > 0.95
    assert found.stability > 0.9
    assert found.same_number == 1
    assert found.precision > 0
    print_audience_evaluations([found])
    said = capsys.readouterr().out
    assert "crafts" in said
    assert "times)" in said


def test_unknown_names_are_told(tmp_path, crafts):
    with pytest.raises(ParamError, match="trolls"):
        find_audiences(tmp_path, ["trols"])
    with pytest.raises(ReadError, match="There are no trolls"):
        find_audiences(tmp_path, ["trolls"])
    with pytest.raises(ParamError, match="k-means, words"):
        list(evaluate([crafts], ["k-means, word"]))
