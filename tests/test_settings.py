"""Settings: which value wins, where it came from, and what is said about a wrong one."""

from pathlib import Path

import pytest

from murmuration.errors import SettingsError
from murmuration.settings import find_root, get_settings, load_settings

SECRET = "s3cr3t-of-mine-and-nobody-else"


@pytest.fixture
def root(tmp_path):
    """A workspace with a catalog and nothing else."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "data_catalog.yaml").touch()
    return folder


@pytest.fixture
def load(root):
    """Read settings in the workspace: keywords are variables without the prefix, `env` the .env file."""

    def run(*, env=None, start=root, **given):
        if env is not None:
            (root / ".env").write_text(env, encoding="utf-8")
        return load_settings({f"MURMURATION_{k}": v for k, v in given.items()}, start=start)

    return run


# Which value wins


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(load, root):
    env = "MURMURATION_BACKEND=cpu\nMURMURATION_CLUSTER=threads\n"
    settings = load(env=env, BACKEND="gpu")
    assert (settings.backend, settings.cluster) == ("gpu", "threads")
    assert settings.reports == root / "reports"
    assert settings.origins["backend"] == "environment, MURMURATION_BACKEND"
    assert settings.origins["cluster"] == f"{root / '.env'}, MURMURATION_CLUSTER"
    assert settings.origins["reports"] == "default"


def test_every_setting_says_where_it_came_from(load):
    settings = load()
    assert set(settings.origins) == set(vars(settings)) - {"root", "origins"}
    assert set(settings.origins.values()) == {"default"}


def test_the_defaults_lie_in_the_workspace(load, root):
    settings = load()
    assert settings.root == root
    assert (settings.state, settings.catalog) == (root / ".murmuration", root / "data_catalog.yaml")
    assert (settings.store, settings.key, settings.ledger) == ("", "", "")
    assert (settings.backend, settings.cluster) == ("auto", "auto")


def test_an_empty_variable_is_not_set(load):
    settings = load(
        env="MURMURATION_BACKEND=\nMURMURATION_CLUSTER=threads\n", BACKEND="", CLUSTER=""
    )
    assert (settings.backend, settings.cluster) == ("auto", "threads")
    assert settings.origins["backend"] == "default"


def test_the_file_may_hold_comments_quotes_exports_and_what_others_need(load):
    env = (
        "# mine\n\nexport MURMURATION_CLUSTER='tcp://10.0.0.5:8786'\nAWS_REGION=eu-west-1\nOTHER\n"
        'MURMURATION_STORE="s3://bucket/my posts"  # there\n'
    )
    settings = load(env=env)
    assert (settings.cluster, settings.store) == ("tcp://10.0.0.5:8786", "s3://bucket/my posts")


def test_nothing_in_the_file_is_filled_in_not_even_in_a_key(load):
    assert (
        load(env="MURMURATION_KEY='pa${HOME}ss$word and more'\n").key == "pa${HOME}ss$word and more"
    )


def test_other_variables_and_those_of_a_report_s_kernel_are_let_pass(root):
    load_settings({"PATH": "/bin", "MURMURATION_RUN": "/tmp/run", "MURMUR": "x"}, start=root)


# Paths


def test_the_workspace_is_the_nearest_folder_above_with_a_catalog(root, tmp_path):
    inside = root / "notebooks" / "explore"
    inside.mkdir(parents=True)
    assert find_root(inside) == find_root(root) == root
    assert find_root(tmp_path) == tmp_path


def test_relative_paths_are_taken_from_the_workspace_wherever_one_stands(load, root):
    inside = root / "notebooks"
    inside.mkdir()
    settings = load(start=inside, REPORTS="out", STATE="../state", CATALOG="other.yaml")
    assert settings.reports == root / "out"
    assert settings.state.resolve() == root.parent / "state"
    assert settings.catalog == root / "other.yaml"
    assert settings.real_data.resolve() == root.parent / "shared" / "data"


def test_absolute_paths_and_those_of_home_stay_as_they_are(load, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = load(REPORTS="/srv/reports", STATE="~/state")
    assert settings.reports == Path("/srv/reports")
    assert settings.state == tmp_path / "home" / "state"


def test_reading_settings_makes_nothing(load, root):
    load(REPORTS="out", STATE="state", STORE="store")
    assert [path.name for path in root.iterdir()] == ["data_catalog.yaml"]


def test_settings_are_read_once_a_process(monkeypatch, root):
    monkeypatch.chdir(root)
    first = get_settings()
    monkeypatch.setenv("MURMURATION_BACKEND", "nonsense")
    assert get_settings() is first


# What is wrong


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"BACKEND": "GPU"}, "MURMURATION_BACKEND is 'GPU', but it must be one of auto, cpu, gpu."),
        (
            {"CLUSTER": "many"},
            "MURMURATION_CLUSTER is 'many', but it must be one of auto, threads, local or a "
            "scheduler's address such as tcp://10.0.0.5:8786.",
        ),
        (
            {"REPORTS": "s3://bucket/reports"},
            "MURMURATION_REPORTS is 's3://bucket/reports', but it must be a folder or file of this machine.",
        ),
        (
            {"STATE": "~nobody-of-this-name/x"},
            "MURMURATION_STATE is '~nobody-of-this-name/x', but there is no such user.",
        ),
        (
            {"STOER": "x"},
            "The environment sets MURMURATION_STOER, which is no setting. Did you mean 'MURMURATION_STORE'?",
        ),
        (
            {"BACKENDS": "x"},
            "The environment sets MURMURATION_BACKENDS, which is no setting. Did you mean 'MURMURATION_BACKEND'?",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(load, given, said):
    with pytest.raises(SettingsError) as caught:
        load(**given)
    assert str(caught.value) == said


@pytest.mark.parametrize("value", ["CPU ", "1", "cuda", "cpu,gpu"])
def test_a_wrong_value_in_the_file_is_refused_as_well(load, value):
    with pytest.raises(
        SettingsError, match=r"MURMURATION_BACKEND is .* must be one of auto, cpu, gpu"
    ):
        load(env=f"MURMURATION_BACKEND='{value}'\n")


def test_an_unknown_name_in_the_file_is_named_with_the_file(load, root):
    with pytest.raises(SettingsError) as caught:
        load(env=f"MURMURATION_KYE={SECRET}\n")
    said = str(caught.value)
    assert said.startswith(f"{root / '.env'} sets MURMURATION_KYE")
    assert "Did you mean 'MURMURATION_KEY'?" in said
    assert SECRET not in said


def test_a_file_that_is_no_utf8_is_one_sentence(root, load):
    (root / ".env").write_bytes(b"MURMURATION_STORE=caf\xe9\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read as UTF-8 text"):
        load()


# Secrets


LEDGERS = {
    "postgresql://ann:s3cr3t@db.example/ledger": "postgresql://ann:***@db.example/ledger",
    "postgresql+psycopg://ann:s3cr3t@with:signs/@db/ledger": "postgresql+psycopg://ann:***@db/ledger",
    "postgresql://ann@db.example/ledger": "postgresql://ann@db.example/ledger",
    "sqlite:////srv/ledger.sqlite": "sqlite:////srv/ledger.sqlite",
    "postgresql://db.example:5432/ledger": "postgresql://db.example:5432/ledger",
}


@pytest.mark.parametrize(("ledger", "shown"), LEDGERS.items())
def test_a_password_of_the_ledger_is_never_shown(load, ledger, shown):
    settings = load(LEDGER=ledger)
    assert settings.ledger == ledger
    assert settings.describe()["ledger"] == shown
    assert "s3cr3t" not in f"{settings!r} {settings} {settings.describe()}"


def test_the_key_is_never_shown(load, root):
    settings = load(KEY=SECRET)
    assert settings.key == SECRET
    assert settings.describe()["key"] == "(set)"
    assert SECRET not in f"{settings!r} {settings} {settings.describe()} {settings.origins}"
    assert load().describe()["key"] == f"(in {root / '.murmuration' / 'key'})"


def test_all_settings_are_described_as_they_take_effect(load, root):
    shown = load(BACKEND="cpu", REPORTS="out").describe()
    assert shown.keys() == load().origins.keys()
    assert (shown["backend"], shown["reports"]) == ("cpu", str(root / "out"))
    assert shown["ledger"] == f"sqlite:///{root / '.murmuration' / 'ledger.sqlite'}"
