"""One row per author: what is counted, what is unknown, and what few posts are worth."""

import pickle

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from murmuration.audience import FEATURES, profile_authors, tally, texts
from murmuration.audience.features import NUMBERS, TERMS
from murmuration.audience.measures import Plan, tally_posts
from murmuration.audience.shrink import shrink_means
from murmuration.errors import SchemaError

UTC = "UTC"


def make_posts(n: int = 600, authors: int = 40, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    author = rng.integers(0, authors, n)
    linking = rng.random(n) < (author % 2) * 0.8 + 0.1
    return pd.DataFrame(
        {
            "author_key": [f"a{one:02d}" for one in author],
            "created_at": pd.Timestamp("2026-01-05", tz=UTC)
            + pd.to_timedelta(rng.integers(0, 60 * 24 * 30, n), unit="min"),
            "text": [
                f"say {number} #tag{one % 3} " + ("https://site.example/x @Friend" if link else "alone")
                for number, (one, link) in enumerate(zip(author, linking, strict=True))
            ],
            "kind": rng.choice(["post", "repost", "reply"], n),
            "like_count": rng.integers(0, 50, n),
            "author_followers": 10 ** (author % 4),
            "sentiment": rng.uniform(-1, 1, n),
            "sentiment_label": rng.choice(["negative", "neutral", "positive"], n),
            "lang": rng.choice(["en", "de"], n),
            "topic": author % 5,
        }
    )  # fmt: skip


def test_order_of_rows_and_partitions_change_nothing():
    posts = make_posts()
    mixed = dd.from_pandas(posts.sample(frac=1, random_state=1), npartitions=8, sort=False)
    lazy = profile_authors(mixed)
    assert hasattr(lazy, "dask")
    pd.testing.assert_frame_equal(lazy.compute(), profile_authors(posts))


KEYS = {"text": ["", "a", "é", "日本", "x/", "0", "17"], "numbers": list(range(30)), "categories": pd.Categorical(["b", "a"], ["c", "a", "b"])}  # fmt: skip


@pytest.mark.parametrize("sources", [[], ["b", "a", None]], ids=["alone", "sources"])
@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_an_author_of_many_partitions_is_one_row_whatever_the_key(keys, sources):
    posts = make_posts(400)
    rng = np.random.default_rng(0)
    posts["author_key"] = pd.Series(keys).take(rng.integers(0, len(keys), 400)).array
    if sources:
        posts["source"] = pd.Series(sources).take(rng.integers(0, 3, 400)).array
    found = profile_authors(dd.from_pandas(posts, npartitions=10, sort=False)).compute()
    pd.testing.assert_frame_equal(found, profile_authors(posts))
    names = [name for name in ("source", "author_key") if name in posts]
    wrote = posts[names].astype("str").fillna("").value_counts()
    told = found[names].astype("str").apply(tuple, axis=1)
    assert dict(zip(told, found["posts"], strict=True)) == wrote.to_dict()
    assert sources == [] or told.is_monotonic_increasing


def test_lots_sent_to_other_processes_are_together_as_large_as_the_whole():
    posts = pd.DataFrame({"author_key": [f"{one:032x}" for one in range(8_000)]})
    whole = tally_posts(posts, Plan(("author_key",)))
    lots = tally.split_tally(whole)
    assert sum(len(lot.keys) for lot in lots) == 8_000
    assert sum(len(pickle.dumps(lot)) for lot in lots) < 1.2 * len(pickle.dumps(whole))


def test_which_of_texts_that_differ_in_handles_and_links_only_is_kept_does_not_depend_on_the_order():
    said = [f"look here @friend{n % 7} https://site{n % 5}.example/{n} #now" for n in range(60)]
    posts = pd.DataFrame({"author_key": [f"a{n % 3}" for n in range(60)], "text": said})
    wanted = profile_authors(posts)
    assert [len(one) for one in wanted["mentions"]] == [1, 1, 1]
    for seed in range(5):
        mixed = posts.sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(profile_authors(mixed), wanted)
        parts = dd.from_pandas(mixed, npartitions=1 + 3 * seed, sort=False)
        pd.testing.assert_frame_equal(profile_authors(parts).compute(), wanted)


@pytest.mark.parametrize("parts", [0, 3])
def test_categories_that_no_post_has_are_no_authors(parts):
    keys = pd.Categorical(["c", "a", None, "c"], categories=["a", "b", "c", "d"])
    posts = pd.DataFrame({"author_key": keys, "text": list("wxyz")})
    found = profile_authors(dd.from_pandas(posts, npartitions=parts) if parts else posts)
    found = found.compute() if parts else found
    assert found["author_key"].astype(str).tolist() == ["a", "c"]
    assert found["posts"].tolist() == [1, 2]


def test_every_feature_is_a_column_and_says_what_it_means():
    profiles = profile_authors(make_posts())
    terms = [column for kind in TERMS for column in (kind, f"{kind}_n")]
    plain = [feature.name for feature in FEATURES if feature.kind != "terms"]
    assert [one for one in profiles if one[:6] != "known_"] == ["author_key", *plain, *terms]
    assert all(feature.meaning for feature in FEATURES)
    assert all(feature.unit for feature in FEATURES if feature.name in NUMBERS)


def test_counts_and_means_are_those_of_the_posts():
    posts = make_posts(4_000, authors=4)
    found = profile_authors(posts).set_index("author_key")
    own = posts.groupby("author_key")
    assert found["posts"].to_dict() == own.size().to_dict()
    days = own["created_at"].agg(lambda times: times.dt.floor("D").nunique())
    assert found["active_days"].to_dict() == days.to_dict()
    for name, truth in {
        "repost_share": own["kind"].agg(lambda kinds: (kinds == "repost").mean()),
        "url_share": own["text"].agg(lambda texts: texts.str.contains("http").mean()),
        "negative_share": own["sentiment_label"].agg(lambda named: (named == "negative").mean()),
        "followers": own["author_followers"].first(),
        "likes_per_post": np.expm1(own["like_count"].agg(lambda likes: np.log1p(likes).mean())),
    }.items():
        np.testing.assert_allclose(found[name].astype(float), truth.astype(float), rtol=0.15)
    assert found["hashtags"].iloc[0] == ["tag0"]
    assert found["domains"].iloc[1] == ["site.example"]


def test_unknown_is_null_and_never_zero():
    posts = make_posts().drop(columns=["like_count", "sentiment", "lang", "topic"])
    posts.loc[posts["author_key"] == "a03", "created_at"] = pd.NaT
    posts["author_followers"] = posts["author_followers"].where(posts["author_key"] != "a04", -1)
    found = profile_authors(posts).set_index("author_key")
    assert found[["likes_per_post", "sentiment", "main_lang", "topics"]].isna().all(axis=None)
    assert found.loc["a03", ["active_days", "hour_cos", "regularity", "first_post_at"]].isna().all()
    assert pd.isna(found.loc["a04", "followers"])
    assert found.drop(index="a04")["followers"].notna().all()


def test_few_posts_are_drawn_to_the_population():
    many = pd.DataFrame({"author_key": np.repeat([f"m{n}" for n in range(40)], 50), "text": "calm"})
    many["text"] = np.where(np.arange(len(many)) % 10 == 0, "see https://x.example", many["text"])
    few = pd.DataFrame({"author_key": ["once"], "text": ["see https://x.example"]})
    found = profile_authors(pd.concat([many, few])).set_index("author_key")["url_share"]
    assert found["m0"] == pytest.approx(0.1, abs=0.02)
    assert found["once"] < 0.3


def test_shrinking_lowers_the_error_of_noisy_shares():
    rng = np.random.default_rng(0)
    truth, n = rng.beta(4, 12, 3_000), rng.integers(1, 12, 3_000)
    hits = rng.binomial(n, truth).astype(float)
    shrunk = shrink_means(hits, n.astype(float), hits.sum())
    raw = hits / n
    assert np.mean((shrunk - truth) ** 2) < 0.5 * np.mean((raw - truth) ** 2)
    assert np.isnan(shrink_means(np.zeros(2), np.array([0.0, 3.0]), 0.0))[0]


def test_the_same_key_in_two_sources_is_two_authors():
    posts = make_posts(50, authors=3).assign(source=["a", "b"] * 25)
    found = profile_authors(posts)
    assert list(found.columns[:2]) == ["source", "author_key"]
    assert len(found) == 6
    assert found["posts"].sum() == 50


def test_posts_without_an_author_are_left_out():
    posts = make_posts(100, authors=5)
    posts.loc[:9, "author_key"] = None
    assert profile_authors(posts)["posts"].sum() == 90
    assert profile_authors(posts.assign(author_key=pd.array([None] * 100, "str"))).empty


@pytest.mark.parametrize("rows", [0, 1])
def test_no_post_and_one_post_are_profiles_as_well(rows):
    found = profile_authors(make_posts().head(rows))
    assert len(found) == rows
    assert list(found.columns) == list(profile_authors(make_posts()).columns)


def test_own_repeats_and_copies_of_others_are_told_apart():
    texts = {
        "repeats": ["buy now https://a.example"] * 30,
        "first": [f"an idea of mine {n}" for n in range(30)],
        "copies": [f"an idea of mine {n}" for n in range(30)],
        "own": [f"words of mine {n}" for n in range(30)],
    }
    posts = pd.DataFrame([(who, text) for who, said in texts.items() for text in said], columns=["author_key", "text"])  # fmt: skip
    found = profile_authors(posts).set_index("author_key")
    assert found["repeated_share"].idxmax() == "repeats"
    assert found.loc["copies", "copied_share"] > 0.9 > 0.1 > found.loc["own", "copied_share"]


def test_an_infinite_number_is_unknown():
    posts = make_posts().astype({"like_count": float})
    posts.loc[posts["author_key"] == "a01", "like_count"] = np.inf
    found = profile_authors(posts).set_index("author_key")
    assert pd.isna(found.loc["a01", "likes_per_post"])
    assert found.drop(index="a01")["likes_per_post"].notna().all()


def test_handles_are_not_kept():
    found = profile_authors(make_posts())
    named = {name for names in found["mentions"].dropna() for name in names}
    assert len(named) == 1
    assert "friend" not in named


def test_wrong_columns_are_named():
    with pytest.raises(SchemaError, match="author_key"):
        profile_authors(make_posts().drop(columns="author_key"))
    with pytest.raises(SchemaError, match="created_at holds"):
        profile_authors(make_posts().assign(created_at="yesterday"))
    with pytest.raises(SchemaError, match="like_count"):
        profile_authors(make_posts().assign(like_count="many"))


@pytest.mark.parametrize("where", ["text", "urls"])
def test_links_through_shorteners_and_links_cut_off_are_no_sites(where):
    links = ["https://t.co/x", "http://bit.ly/x", "https://www.Youtu.be/x", "https://site.example/a", "https://t.c…", "https://ow.ly."]  # fmt: skip
    posts = pd.DataFrame({"author_key": ["a"], where: [links if where == "urls" else " ".join(links)]})  # fmt: skip
    found = profile_authors(posts)
    assert found["domains"].iloc[0] == ["site.example", "youtube.com"]
    only = profile_authors(posts.assign(**{where: [links[:2] if where == "urls" else "https://t.co/x"]}))  # fmt: skip
    assert only["domains"].isna().all()


def test_terms_are_the_same_however_many_texts_are_read_at_once(monkeypatch):
    posts = make_posts(400, authors=7)
    whole = profile_authors(posts)
    monkeypatch.setattr(texts, "_TEXTS_AT_ONCE", 3)
    pd.testing.assert_frame_equal(profile_authors(posts), whole)


def test_texts_of_spaces_have_no_words():
    posts = pd.DataFrame(
        {"author_key": ["a", "a", "a", "b"], "text": ["", "  ", " plain words ", ""]}
    )
    found = profile_authors(posts).set_index("author_key")
    assert found.loc["a", "words"] == ["plain", "words"]
    assert pd.isna(found.loc["b", "words"])


def test_terms_do_not_reach_from_one_piece_of_a_text_to_the_next():
    posts = pd.DataFrame(
        {"author_key": ["a"], "text": ["RT hours @Friend, 5 x\0y https://site.example #Tag via"]}
    )
    found = profile_authors(posts)
    assert sorted(found["words"].iloc[0]) == ["hours"]
    assert found["hashtags"].iloc[0] == ["tag"]
    assert found["domains"].iloc[0] == ["site.example"]


def test_terms_that_are_as_frequent_are_in_order_of_letters():
    posts = pd.DataFrame({"author_key": ["a", "a", "b"], "text": ["zebra apple", "mango zebra", "mango apple"]})  # fmt: skip
    found = profile_authors(posts)
    assert found["words"].tolist() == [["zebra", "apple", "mango"], ["apple", "mango"]]
    assert found["words_n"].tolist() == [[2, 1, 1], [1, 1]]


def test_what_is_unknown_in_one_part_only_is_not_counted_there():
    posts = make_posts(200, authors=5)
    posts["like_count"] = posts["like_count"].where(np.arange(len(posts)) < 100)
    parts = dd.from_pandas(posts, npartitions=4, sort=False)
    pd.testing.assert_frame_equal(profile_authors(parts).compute(), profile_authors(posts))
    assert profile_authors(posts)["likes_per_post"].notna().all()


@pytest.mark.parametrize("most", [3, 1 << 40])
def test_days_are_put_in_order_with_their_counts_however_large_these_are(most):
    keys, counts = np.array([5 << 24, 1 << 24, 3 << 24]), np.array([1, most, 2])
    found = tally.sort_rows(keys, counts)
    assert [one.tolist() for one in found] == [sorted(keys.tolist()), [most, 2, 1]]
