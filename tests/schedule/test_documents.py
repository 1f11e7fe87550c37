"""What users read about schedules names every field, command and column that there is."""

import inspect
import re

import pytest
from typer.main import get_command

from murmuration.cli_schedule import schedule
from murmuration.schedule import tables
from murmuration.schedule.metrics import LedgerCollector
from murmuration.schedule.spec import Spec

from ..conftest import ROOT

USAGE = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
DICTIONARY = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(Spec.model_fields) - {"description"}))
def test_every_field_of_a_schedule_is_explained(name):
    assert re.search(rf"(`{name}`|^{name}: )", USAGE, re.MULTILINE)


def test_every_metric_is_explained():
    names = re.findall(r'"(murmuration_\w+)"', inspect.getsource(LedgerCollector))
    assert len(names) == 8
    for name in names:
        assert re.search(rf"\| `{name}(_total)?[{{`]", USAGE), name


@pytest.mark.parametrize("name", sorted(get_command(schedule).commands))
def test_every_command_is_explained(name):
    assert re.search(rf"`(schedule )?{name}[` ]", USAGE)


@pytest.mark.parametrize(
    "table", [one for one in tables.metadata.sorted_tables if one.name != "ledger_version"]
)
def test_every_column_of_the_ledger_is_explained_with_its_nulls(table):
    [section] = re.findall(
        rf"^### ledger: {table.name}$(.*?)(?=^### |\Z)", DICTIONARY, re.MULTILINE | re.DOTALL
    )
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| (never|yes) \|", section, re.MULTILINE)
    assert told == [
        (column.name, "yes" if column.nullable else "never") for column in table.columns
    ]
