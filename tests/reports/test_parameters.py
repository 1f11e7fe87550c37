"""The parameters cell is the contract; what breaks it is refused before a kernel starts."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.catalog import load_catalog
from murmuration.errors import ParamError, ReportError, UnknownNameError
from murmuration.reports.parameters import Parameter, check_parameters, read_parameters

from ..conftest import ROOT

AT = datetime(2026, 3, 31, tzinfo=UTC)
CATALOG = load_catalog(ROOT / "data_catalog.yaml")


def write_notebook(path, source, tags=("parameters",), cells=1):
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": []}
    path.write_text(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell] * cells})
    )
    return path


def check(parameters, given, sources=("airline", "sample")):
    return check_parameters(
        parameters, given, catalog=CATALOG, sources=lambda: list(sources), at=AT
    )


@pytest.fixture
def declared(tmp_path):
    return read_parameters(
        write_notebook(
            tmp_path / "one.ipynb",
            'brand: str = "united"  # a brand\n'
            'source: str = ""  # a source\n'
            'bucket: str = "auto"  # length of a step {auto, day, week}\n'
            "count: int = 5  # how many posts (1..20)\n"
            "share: float = 0.5  # of all posts, 0 to 1 (0..1)\n"
            "loud: bool = False  # whether\n"
            "competitors: list[str] = []  # brands\n"
            'since: str = ""  # first day\nuntil: str = ""  # last\nwindow: str = ""  # instead\n'
            'timezone: str = "UTC"  # IANA name\n',
        )
    )


def test_the_cell_gives_type_default_help_range_and_choices(declared):
    assert declared["count"] == Parameter(
        name="count", type="int", default=5, help="how many posts", low=1, high=20
    )
    assert declared["bucket"].choices == ("auto", "day", "week")
    assert declared["bucket"].help == "length of a step"


def test_text_from_a_command_line_becomes_the_declared_type(declared):
    values = check(
        declared,
        {
            "count": "7",
            "share": "0.25",
            "loud": "yes",
            "competitors": "delta, southwest",
            "bucket": "day",
        },
    )
    assert (values["count"], values["share"], values["loud"]) == (7, 0.25, True)
    assert values["competitors"] == ["delta", "southwest"]
    assert values["brand"] == "united"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cuont": "7"}, ["no parameter 'cuont'", "'count'"]),
        ({"count": "seven"}, ["count is 'seven'", "a whole number", "how many posts"]),
        ({"count": "7.5"}, ["a whole number"]),
        ({"count": True}, ["a whole number"]),
        ({"count": "0"}, ["from 1 to 20"]),
        ({"count": 21}, ["from 1 to 20"]),
        ({"share": "nan"}, ["a number"]),
        ({"share": "inf"}, ["a number"]),
        ({"loud": "perhaps"}, ["true or false"]),
        ({"loud": 1}, ["true or false"]),
        ({"bucket": "decade"}, ["one of auto, day, week"]),
        ({"brand": 5}, ["text"]),
        ({"competitors": [1, 2]}, ["a list of words"]),
        ({"window": "7d", "since": "2026-01-01"}, ["either a window"]),
        ({"since": "2026-02-01", "until": "2026-01-01"}, ["must lie before"]),
        ({"timezone": "Mars/Olympus"}, ["IANA"]),
    ],
)
def test_a_wrong_value_is_refused_with_name_value_and_what_is_allowed(declared, given, words):
    with pytest.raises(ParamError) as caught:
        check(declared, given)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"brand": "unitd"}, ["No brand called 'unitd'", "'united'"]),
        ({"competitors": "delta,sothwest"}, ["'sothwest'", "'southwest'"]),
        ({"source": "arline"}, ["source 'arline'", "'airline'"]),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_the_near_match(declared, given, words):
    with pytest.raises(UnknownNameError) as caught:
        check(declared, given)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("count = 5  # no type", "only lines such as"),
        ("import os", "only lines such as"),
        ("count: int = 5", "say after a #"),
        ("when: datetime = None  # a time", "the type is datetime"),
        ('count: int = "five"  # wrong default', "count is 'five'"),
        ("count: int = 50  # out of its own range (1..20)", "from 1 to 20"),
    ],
)
def test_a_cell_that_breaks_the_contract_is_named_with_its_line(tmp_path, source, words):
    with pytest.raises((ReportError, ParamError), match=words):
        read_parameters(write_notebook(tmp_path / "bad.ipynb", source))


@pytest.mark.parametrize("cells", [0, 2])
def test_a_report_has_exactly_one_parameters_cell(tmp_path, cells):
    path = write_notebook(tmp_path / "bad.ipynb", "count: int = 5  # x", cells=cells)
    with pytest.raises(ReportError, match=f"has {cells} cells tagged 'parameters'"):
        read_parameters(path)


def test_a_file_that_is_no_notebook_is_one_sentence(tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text("{")
    with pytest.raises(ReportError, match="cannot be read as a notebook"):
        read_parameters(path)


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_survive_the_command_line(number):
    parameter = Parameter(name="n", type="int", default=0, help="a number")
    assert parameter.read(str(number)) == parameter.read(number) == number


@given(st.lists(st.text(alphabet="abcdefghij_-", min_size=1), max_size=5))
def test_lists_survive_the_command_line(words):
    parameter = Parameter(name="n", type="list[str]", default=[], help="words")
    assert parameter.read(",".join(words)) == words


def test_a_lexicon_is_one_of_the_catalog_or_none(tmp_path):
    source = 'lexicon: str = ""  # words with a feeling of their own'
    parameters = read_parameters(write_notebook(tmp_path / "one.ipynb", source))
    assert check(parameters, {"lexicon": "none"}) == {"lexicon": "none"}
    with pytest.raises(UnknownNameError, match="nonne"):
        check(parameters, {"lexicon": "nonne"})
