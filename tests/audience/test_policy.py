"""What a policy forbids is taken out of profiles before segments are made of it."""

from unicodedata import normalize

import pandas as pd
import pytest

from murmuration.audience import Policy, drop_forbidden, profile_authors
from murmuration.audience.policy import _HARMLESS, _WORDS
from murmuration.catalog import load_catalog
from murmuration.errors import CatalogError, ParamError
from murmuration.schema import SENSITIVE


@pytest.mark.parametrize("term", ["#Vote2020", "breast-cancer", "gay", "muslims", "blackhistory", "depressed", "Ramadan", "neverTrump", "#altleft", "AmericaFirst2016"])  # fmt: skip
def test_sensitive_terms_are_forbidden(term):
    assert not Policy().allows(term)


@pytest.mark.parametrize("term", ["#imnotwithher", "SandraBland", "wikileaks", "nazis", "hospitals", "#letuspray", "sharia", "política", "ministre", "élections", "Bundestag", "salud", "eleições", "選挙に行こう", "自民党", "同性婚", "الانتخابات", "चुनाव"])  # fmt: skip
def test_inflections_run_together_hashtags_and_other_languages_are_forbidden(term):
    assert not Policy().allows(term)


@pytest.mark.parametrize("term", ["stories", "territories", "magazine", "Christine", "Bahamas", "hospitality", "impatient", "administration", "popeyes", "gotta", "arabica", "whiteboard", "saludos", "interessante", "gravidade", "intéressante"])  # fmt: skip
def test_words_that_only_look_like_forbidden_ones_are_allowed(term):
    assert Policy().allows(term)


@pytest.mark.parametrize("term", ["coffee", "selection", "electric bike", "#BlackFriday", "photo", "christmas", "eastern", "godfather", "Spencer", "outcomes", "macronutrients", "welcomeyou", "acabar"])  # fmt: skip
def test_harmless_terms_are_allowed(term):
    assert Policy().allows(term)


@pytest.mark.parametrize("term", ["AsianAmerican", "stopasianamericanhate", "arabicamerican", "USelection2020", "christie2016", "easternorthodox", "impatientpatient"])  # fmt: skip
def test_a_harmless_word_hides_no_forbidden_one_that_it_overlaps(term):
    assert not Policy().allows(term)


@pytest.mark.parametrize("term", ["asiana", "#musicselection", "pivoted", "modality", "cloudcomputing", "applepencil", "easterneurope", "unorthodox", "santeria", "Tallahassee", "воина"])  # fmt: skip
def test_harmless_words_that_hold_a_forbidden_one_by_chance_are_allowed(term):
    assert Policy().allows(term)


@pytest.mark.parametrize("term", ["मोदी", "मोदी_2024", "santé", "sante", "fluchtlinge", "المسلمين", "والصحة", "الاسلام", "ＶＯＴＥ"])  # fmt: skip
def test_words_are_found_by_any_script_and_way_to_write_it(term):
    assert not Policy().allows(term)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
def test_every_word_that_is_known_is_found(form):
    words = [word.removesuffix(".") for listed in _WORDS.values() for word in listed]
    assert [word for word in words if Policy().allows(normalize(form, word))] == []
    assert [word for word in words if Policy().allows(f"#{normalize(form, word).upper()}")] == []
    assert all(Policy().allows(word.removesuffix(".")) for word in _HARMLESS)


def test_a_policy_may_forbid_less():
    free = Policy(forbids=("health",))
    assert free.allows("election")
    assert not free.allows("cancer")


def test_profiles_keep_everything_else():
    posts = pd.DataFrame({"author_key": ["a", "a", "b"], "text": ["#vote for #bread", "#bread again", "#vote"]})  # fmt: skip
    profiles = profile_authors(posts)
    found = drop_forbidden(profiles, Policy())
    assert found["hashtags"].iloc[0] == ["bread"]
    assert found["hashtags_n"].iloc[0] == [2]
    assert pd.isna(found["hashtags"].iloc[1])
    assert profiles["hashtags"].iloc[1] == ["vote"]
    pd.testing.assert_frame_equal(drop_forbidden(profiles, Policy(forbids=())), profiles)


def test_no_policy_shows_groups_below_twenty():
    with pytest.raises(ParamError, match="fewer than 20"):
        Policy(least_authors=5)
    with pytest.raises(ParamError, match="Did you mean 'health'"):
        Policy(forbids=("helth",))


def test_the_catalog_says_the_policy_of_a_source(tmp_path):
    path = tmp_path / "data_catalog.yaml"
    path.write_text("sources:\n  x:\n    policy: {forbids: [health], least_authors: 50, export: true}\n  y: {}\n")  # fmt: skip
    catalog = load_catalog(path)
    assert catalog.source("x").policy.model_dump() == {"forbids": ["health"], "least_authors": 50, "export": True}  # fmt: skip
    assert catalog.source("y").policy.model_dump() == {"forbids": list(SENSITIVE), "least_authors": 20, "export": False}  # fmt: skip
    path.write_text("sources:\n  x:\n    policy: {forbids: [helth]}\n")
    with pytest.raises(CatalogError, match="health"):
        load_catalog(path)
    path.write_text("sources:\n  x:\n    policy: {least_authors: 5}\n")
    with pytest.raises(CatalogError, match="least_authors"):
        load_catalog(path)
