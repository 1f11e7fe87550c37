"""pyproject.toml, requirements.lock and the conda files say the same."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")

# conda's names where they differ from PyPI's.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "playwright": "playwright-python",
    "prometheus-client": "prometheus_client",
}
# What the mission names; cuml alone is not in the lock.
MISSION = ("jupyterlab", "papermill", "dask", "distributed", "dask-ml", "bertopic", "vadersentiment", "voila",
           "ipywidgets", "s3fs")  # fmt: skip
# Left out of the lock on purpose: BERTopic asks for sentence-transformers, which would bring torch, and jupyter-events for
# rfc3987-syntax, which costs every kernel 2.8 s (docs/install.md).
NOT_LOCKED = {"sentence-transformers", "torch", "rfc3987-syntax", "lark"}


def requirements() -> list[Requirement]:
    return [
        Requirement(line)
        for line in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"])
    ]


def locked() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", LOCK, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def conda(name: str) -> dict[str, str]:
    lines = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["dependencies"]
    from_pip = [line for part in lines if isinstance(part, dict) for line in part["pip"]]
    lines = [line for line in lines if isinstance(line, str)] + from_pip
    return {line.partition(" ")[0].lower(): line.partition(" ")[2].strip() for line in lines}


@pytest.mark.parametrize("requirement", requirements(), ids=lambda one: one.name)
def test_every_dependency_is_locked_within_its_bounds(requirement):
    versions = locked().get(canonicalize_name(requirement.name), [])
    assert versions, (
        f"{requirement.name} is not in requirements.lock; docs/install.md says how to renew it"
    )
    assert all(version in requirement.specifier for version in versions)


@pytest.mark.parametrize("requirement", requirements(), ids=lambda one: one.name)
def test_every_dependency_is_in_the_conda_file_with_the_same_bounds(requirement):
    name = canonicalize_name(requirement.name)
    there = conda("environment.yml")
    found = there.get(CONDA_NAMES.get(name, name)) or there.get(requirement.name.lower())
    assert found is not None, f"{name} is missing in environment.yml"
    assert SpecifierSet(found) == requirement.specifier


def test_the_conda_file_names_nothing_that_the_project_does_not():
    ours = {
        CONDA_NAMES.get(canonicalize_name(one.name), canonicalize_name(one.name))
        for one in requirements()
    }
    assert set(conda("environment.yml")) - ours == {"python", "pip", "distributed"}


def test_the_gpu_file_is_the_conda_file_with_cuml():
    gpu, cpu = conda("environment-gpu.yml"), conda("environment.yml")
    assert "cuml" in gpu
    assert "cuml" not in cpu
    assert set(gpu) - set(cpu) == {"cuml", "cuda-version", "joblib"}
    runtime = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    assert {CONDA_NAMES.get(name, name) for name in runtime} <= set(gpu)


def test_the_lock_holds_the_mission_but_cuml_and_no_torch():
    names = set(locked())
    assert names >= set(MISSION)
    assert not names & NOT_LOCKED
    assert "cuml" not in "".join(names)


def test_the_lock_holds_all_that_its_packages_need():
    """Every package that an installed, locked package requires is locked too, but for the ones left out."""
    from importlib.metadata import PackageNotFoundError, requires

    names, missing = set(locked()), set()
    for name in sorted(names):
        try:
            needed = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:  # for another system or Python than this one
            continue
        wanted = {
            canonicalize_name(one.name)
            for one in needed
            if one.marker is None or one.marker.evaluate({"extra": ""})
        }
        missing |= wanted - names
    assert missing <= NOT_LOCKED


def test_every_locked_package_has_hashes_and_no_index_host():
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|--index-url|--extra-index-url|--find-links", LOCK)


@pytest.mark.parametrize("name", ["pyproject.toml", "environment.yml", "environment-gpu.yml"])
def test_every_dependency_line_gives_its_reason(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    if name == "pyproject.toml":
        text = text.partition("\ndependencies = [")[2].partition("[project.scripts]")[0]
        lines = re.findall(r'^  ".*$', text, re.MULTILINE)
    else:
        lines = re.findall(r"^ +- .*$", text.partition("dependencies:")[2], re.MULTILINE)
    assert lines
    assert [line for line in lines if not re.search(r"# \S", line)] == []
