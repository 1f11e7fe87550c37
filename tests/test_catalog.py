"""The catalog says where it is wrong, what was found, and what is allowed."""

import os
from pathlib import Path

import pytest

from murmuration.catalog import Catalog, load_catalog
from murmuration.errors import CatalogError, UnknownNameError

ROOT = Path(__file__).resolve().parents[1]

# Everything that a catalog may hold, once.
WHOLE = """\
store: s3://bucket/posts  # a comment
sources:
  export:
    description: Posts of last year
    platform: x
    files: [exports/*.csv]
    map: {text: content, author: user}
    encoding: cp1252
    delimiter: ";"
    timezone: Europe/Berlin
    time_format: "%d.%m.%Y"
    language: de
  stream:
    live:
      connector: mastodon
      address: https://mastodon.example
      query: "#coffee"
      secrets: {token: MASTODON_TOKEN}
brands:
  velora: {name: Velora Bikes, terms: [velora], competitors: [aurora], lexicon: bikes}
  aurora:
    handles: ["@aurora"]
    hashtags: ["#aurora"]
    exclude: [aurora borealis]
lexicons:
  bikes: {description: Words of cyclists, words: {sick: 2.5, united: 0, flat: -3}}
"""


@pytest.fixture
def load(tmp_path):
    """Write a catalog and read it."""

    def run(content):
        path = tmp_path / "data_catalog.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_catalog(path)

    return run


def complaint(load, content):
    """What is said about a catalog, without the path in front of each sentence."""
    with pytest.raises(CatalogError) as caught:
        load(content)
    said = str(caught.value)
    lines = said.split("\n")
    assert all("data_catalog.yaml" in line for line in lines)
    return "\n".join(line.partition("data_catalog.yaml")[2].lstrip(", ") for line in lines)


# What is right


def test_everything_that_is_written_is_there(load):
    catalog = load(WHOLE)
    assert catalog.store == "s3://bucket/posts"
    export, stream = catalog.source("export"), catalog.source("stream")
    assert export.files == ["exports/*.csv"]
    assert export.map == {"text": "content", "author": "user"}
    assert (export.encoding, export.delimiter, export.language) == ("cp1252", ";", "de")
    assert (export.timezone, export.time_format) == ("Europe/Berlin", "%d.%m.%Y")
    assert export.live is None
    assert stream.files == []
    assert (stream.live.connector, stream.live.query) == ("mastodon", "#coffee")
    assert stream.live.secrets == {"token": "MASTODON_TOKEN"}
    brand = catalog.brand("velora")
    assert (brand.key, brand.name, brand.lexicon) == ("velora", "Velora Bikes", "bikes")
    assert brand.competitors == ("aurora",)
    assert catalog.brand("aurora").name == "aurora"
    assert catalog.lexicon("bikes") == {"sick": 2.5, "united": 0, "flat": -3}


def test_the_shipped_catalog_loads_and_every_name_in_it_leads_somewhere():
    catalog = load_catalog(ROOT / "data_catalog.yaml")
    assert {"sample", "airline"} <= catalog.sources.keys()
    assert {"aurora", "united"} <= catalog.brands.keys()
    for name in catalog.brands:
        assert catalog.brand(name).key == name
    for name in catalog.lexicons:
        assert catalog.lexicon(name)


@pytest.mark.parametrize("content", ["", "\n", "# nothing yet\n", "---\n", "{}", "\ufeff"])
def test_an_empty_catalog_is_that_of_the_defaults(load, content):
    assert load(content) == Catalog()


def test_a_catalog_that_is_not_there_is_that_of_the_defaults(tmp_path):
    assert load_catalog(tmp_path / "none.yaml") == Catalog(store="data")


def test_a_source_that_needs_no_words_has_an_empty_entry(load):
    assert load("").source("anything").timezone == "UTC"


def test_aliases_and_merged_keys_are_read_as_yaml_means_them(load):
    text = (
        "brands:\n  a: &a {terms: [x], exclude: [y]}\n  b:\n    <<: *a\n    terms: [z]\n  c: *a\n"
    )
    catalog = load(text)
    assert (catalog.brands["b"].terms, catalog.brands["b"].exclude) == (["z"], ["y"])
    assert catalog.brands["c"] == catalog.brands["a"]


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_marks_of_windows_do_not_matter(load, mark, end):
    assert load(mark + WHOLE.replace("\n", end)) == load(WHOLE)


# What is wrong, where, and what is allowed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("brand:\n  a: {}\n", "line 1: brand: unknown key. Did you mean 'brands'?"),
        (
            "sources:\n  one:\n    encodng: utf-8\n",
            "line 3: sources.one.encodng: unknown key. Did you mean 'encoding'?",
        ),
        (
            "brands:\n\n  a: {term: [x], handles: [y]}\n",
            "line 3: brands.a.term: unknown key. Did you mean 'terms'?",
        ),
        (
            "lexicons:\n  a:\n    wrds: {}\n    words: {}\n",
            "line 3: lexicons.a.wrds: unknown key. Did you mean 'words'?",
        ),
        (
            "sources:\n  one:\n    live:\n      connector: x\n      adress: y\n",
            "line 5: sources.one.live.adress: unknown key. Did you mean 'address'?",
        ),
        (
            "sources:\n  one:\n    live: {connector: twitter}\n",
            "line 3: sources.one.live.connector: found 'twitter', but it must be one of "
            "bluesky, hackernews, mastodon, reddit, x.",
        ),
        (
            "sources:\n  one:\n    live: {query: x}\n",
            "line 3: sources.one.live.connector: is missing.",
        ),
        (
            "sources:\n  one:\n    timezone: Europe/Berlinn\n",
            "line 3: sources.one.timezone: 'Europe/Berlinn' is no IANA time zone. Did you mean 'Europe/Berlin'?",
        ),
        (
            "sources:\n  My Posts: {}\n",
            "line 2: sources.My Posts: 'My Posts' cannot be a name here; use up to 64 of a-z, 0-9, _ and -.",
        ),
        (
            "sources:\n  2015: {}\n",
            "line 2: sources.2015: a name must be text, but YAML reads this one as 2015. Put it in quotes.",
        ),
        (
            "lexicons:\n  a:\n    words:\n      fine: 1\n      no: -1\n",
            "line 5: lexicons.a.words: YAML reads off, no and false as the value false, which is no name. Put it in quotes.",
        ),
        (
            "lexicons:\n  a:\n    words: {good: 9}\n",
            "line 3: lexicons.a.words.good: found 9, but input should be less than or equal to 4.",
        ),
        (
            "lexicons:\n  a:\n    words: {good: yes}\n",
            "line 3: lexicons.a.words.good: found True, but input should be a valid number.",
        ),
        (
            "lexicons:\n  a: {description: x}\n",
            "line 2: lexicons.a.words: is missing.",
        ),
        (
            "brands:\n  a: {name: A}\n",
            "line 2: brands.a: a brand needs terms, handles or hashtags to look for.",
        ),
        (
            "brands:\n  a:\n",
            "line 2: brands.a: found nothing, but a mapping, `key: value`, must stand here.",
        ),
        (
            "brands:\n  a:\n    terms:\n      - x\n      - '@'\n",
            "line 5: brands.a.terms.1: '@' would be found in every post; write a word or leave it out.",
        ),
        (
            "brands:\n  a: {terms: x}\n",
            "line 2: brands.a.terms: found 'x', but a list must stand here, such as [x].",
        ),
        (
            "brands: [a, b]\n",
            "line 1: brands: found a list, but a mapping, `key: value`, must stand here.",
        ),
        ("store: ''\n", "line 1: store: found '', but string should have at least 1 character."),
        (
            "store: 5\n",
            "line 1: store: YAML reads what stands here as 5, which is no text. Put it in quotes.",
        ),
        ("- a\n", "must hold the keys store, sources, brands, lexicons; found a list instead."),
        ("hello", "must hold the keys store, sources, brands, lexicons; found text instead."),
    ],
)
def test_a_mistake_is_named_with_line_key_and_what_is_allowed(load, content, said):
    assert complaint(load, content) == said


def test_several_mistakes_are_named_at_once_each_on_a_line(load):
    said = complaint(load, "store: 5\nsources:\n  a: {encodng: x}\nbrands:\n  b: {}\n")
    assert [line.split(":")[0] for line in said.split("\n")] == ["line 1", "line 3", "line 5"]


def test_of_a_hundred_mistakes_ten_are_named(load):
    said = complaint(load, "sources:\n" + "".join(f"  a{k}: {{x: 1}}\n" for k in range(100)))
    assert len(said.split("\n")) == 10


def test_names_that_lead_nowhere_are_named_with_the_near_match(load):
    text = WHOLE.replace("[aurora]", "[auroa]").replace("lexicon: bikes", "lexicon: bike")
    assert complaint(load, text) == (
        "line 20: brands.velora.competitors.0: 'auroa' is no brand. Did you mean 'aurora'?\n"
        "line 20: brands.velora.lexicon: 'bike' is no lexicon. Did you mean 'bikes'?"
    )


def test_a_lexicon_where_there_is_none_is_named(load):
    said = complaint(load, "brands:\n  a: {terms: [x], lexicon: airline}\n")
    assert said == "line 2: brands.a.lexicon: 'airline' is no lexicon. There is none yet."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "brands:\n  a: {terms: [x]}\n  b: {terms: [y]}\n  a: {terms: [z]}\n",
            "line 4: brands.a was already given in line 2. Keep one of the two.",
        ),
        (
            "brands:\n  a:\n    terms: [x]\n    terms: [y]\n",
            "line 4: brands.a.terms was already given in line 3. Keep one of the two.",
        ),
        ("store: a\nstore: a\n", "line 2: store was already given in line 1. Keep one of the two."),
    ],
)
def test_a_key_given_twice_is_refused_with_both_lines(load, content, said):
    assert complaint(load, content) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("brands:\n  a: {terms: [x\n  b: y\n", "line 3, expected ',' or ']', but got ':'"),
        ("brands:\n\ta: x\n", "line 2, found character '\\t' that cannot start any token"),
        ("brands:\n  a: b: c\n", "line 2, mapping values are not allowed here"),
        ("store: *data\n", "line 1, found undefined alias 'data'"),
        (
            "store: a\n---\nstore: b\n",
            "line 2, expected a single document in the stream but found another document",
        ),
        ("? [a, b]\n: c\n", "line 1, found unhashable key"),
        ("store: a\x00b\n", "unacceptable character #x0000: special characters are not allowed"),
        (
            "store: 2015-13-45\n",
            "month must be in 1..12. Put a text that looks like a day or a number in quotes",
        ),
        ("brands: " + "[" * 5000, "it is nested too deeply"),
    ],
)
def test_what_is_no_yaml_is_said_in_one_sentence(load, content, said):
    assert complaint(load, content) == f"is no valid YAML: {said}."


def test_objects_of_python_are_not_made(load, tmp_path):
    trap = tmp_path / "trap"
    said = complaint(load, f"store: !!python/object/apply:pathlib.Path.touch [{trap}]\n")
    assert "could not determine a constructor for the tag" in said
    assert not trap.exists()


def test_an_entry_that_holds_itself_ends_in_a_sentence(load):
    assert "brands.a.a: unknown key" in complaint(load, "brands: &b\n  a: *b\n")


@pytest.mark.parametrize(
    ("content", "line"),
    [("store: a\nsources: # caf\xe9\n".encode("latin-1"), 2), ("store: a\n".encode("utf-16"), 1)],
)
def test_what_is_no_utf8_is_said_with_the_line(load, content, line):
    said = complaint(load, content)
    assert said == f"is no UTF-8 text in line {line}. Save the file as UTF-8."


def test_a_folder_in_its_place_is_one_sentence(tmp_path):
    with pytest.raises(CatalogError, match=r"cannot be read: Is a directory\.$"):
        load_catalog(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path):
    path = tmp_path / "data_catalog.yaml"
    path.touch(0o000)
    with pytest.raises(CatalogError, match=r"cannot be read: Permission denied\.$"):
        load_catalog(path)


# Secrets


@pytest.mark.parametrize(
    "secrets",
    [
        "{token: s3cr3t-of-mine}",
        "{token: 's3cr3t of mine'}",
        "{token: {value: s3cr3t-of-mine}}",
        "[s3cr3t-of-mine]",
        "s3cr3t-of-mine",
        "{token: ''}",
        "{token: 31337133731337}",
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(load, secrets):
    text = f"sources:\n  one:\n    live:\n      connector: x\n      secrets: {secrets}\n"
    said = complaint(load, text)
    assert said.startswith("line 5: sources.one.live.secrets")
    assert "cr3t" not in said
    assert "3133" not in said


@pytest.mark.parametrize("live", ["s3cr3t-of-mine", "[s3cr3t-of-mine]"])
def test_a_secret_where_the_live_source_should_stand_is_not_repeated(load, live):
    assert "cr3t" not in complaint(load, f"sources:\n  one:\n    live: {live}\n")


def test_a_secret_under_a_key_of_its_own_is_not_repeated(load):
    text = "sources:\n  one:\n    live: {connector: x, token: s3cr3t-of-mine}\n"
    assert complaint(load, text) == (
        "line 3: sources.one.live.token: unknown key. There is: address, connector, query, secrets."
    )


def test_the_sentence_about_a_secret_says_what_to_write(load):
    text = (
        "sources:\n  one:\n    live:\n      connector: x\n      secrets: {token: s3cr3t-of-mine}\n"
    )
    assert "must be the name of an environment variable, such as TOKEN" in complaint(load, text)


# Asked for by name


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda catalog: catalog.brand("Velorra"),
            "No brand called 'Velorra'.* Did you mean 'velora'",
        ),
        (lambda catalog: catalog.brand("zzz"), "There is: aurora, velora"),
        (
            lambda catalog: catalog.lexicon("bike"),
            "No lexicon called 'bike'.* Did you mean 'bikes'",
        ),
    ],
)
def test_a_name_that_nothing_has_is_an_error_with_the_near_match(load, ask, said):
    with pytest.raises(UnknownNameError, match=said):
        ask(load(WHOLE))
