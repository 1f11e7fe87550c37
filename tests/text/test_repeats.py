import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import murmuration as mm
from murmuration.errors import ParamError, SchemaError
from murmuration.text import assign_repeats, describe_repeats, find_repeats, shingles

POST = "The new phone from Velora is out and the battery lasts two days"


def posts_of(texts, **columns):
    return pd.DataFrame({"text": pd.Series(texts, dtype="object"), **columns})


@pytest.fixture(scope="module")
def posts():
    return pd.concat(list(mm.sample.make_posts(20_000, seed=3)), ignore_index=True)


def groups_of(texts, **options):
    """Groups as small numbers in order of appearance; None without words."""
    found = find_repeats(posts_of(texts), **options)["repeat_group"].tolist()
    names = {}
    return [None if pd.isna(one) else names.setdefault(one, len(names)) for one in found]


@pytest.mark.parametrize(
    "other",
    [
        POST.upper() + "!!!",
        f"RT @velora: {POST} https://t.co/abc",
        f"@you {POST} 😀❤️ www.example.org",
        POST.replace("Velora", "𝗩𝗲𝗹𝗼𝗿𝗮"),
        POST.replace(" and", "&amp; and,"),
        f"wow {POST}",
        f"{POST} #velora",
        POST.rsplit(" ", 1)[0] + " da…",
    ],
)
def test_a_post_is_found_again_however_it_is_dressed(other):
    assert groups_of([POST, other]) == [0, 0]


@pytest.mark.parametrize(
    "other",
    [
        "The new phone from Velora is late and the battery is weak",
        "The battery lasts two days and the new phone from Velora is out",
        "How do I charge a phone",
        "",
    ],
)
def test_another_post_is_no_repeat(other):
    assert groups_of([POST, other])[1] != 0


def test_short_posts_repeat_only_word_for_word():
    assert groups_of(["Good morning all", "good morning, all!", "good morning to all"]) == [0, 0, 1]


def test_posts_without_words_repeat_nothing():
    found = find_repeats(posts_of([None, "", "😀 ❤️ 👩‍🚀", "😀 ❤️ 👩‍🚀", "https://t.co/x", "@a"]))
    assert found["repeat_group"].isna().all()
    assert found["text_hash"].isna().all()
    assert found["weight"].tolist() == [1] * 6


def test_scripts_without_spaces_are_compared_by_character():
    chinese = "这个航班又晚点了服务真的很差"
    assert groups_of([chinese, chinese + "啊", "今天的天气非常好我们去公园吧"]) == [0, 0, 1]
    assert groups_of(["เที่ยวบินล่าช้ามาก", "เที่ยวบินล่าช้ามากๆ", "อากาศดีมากวันนี้"]) == [0, 0, 1]


def test_a_chain_of_small_changes_is_not_one_group():
    words = [f"w{number}" for number in range(60)]
    texts = [" ".join(words[first : first + 30]) for first in range(30)]
    groups = pd.Series(groups_of(texts))
    assert groups.iloc[0] != groups.iloc[-1]
    # Far fewer than texts, all the same: neighbours share nearly everything.
    assert 2 <= groups.nunique() <= 15


def test_every_post_is_near_to_the_text_its_group_is_named_after(posts):
    found = find_repeats(posts)
    words = {}
    for text, text_hash in zip(posts["text"], found["text_hash"], strict=True):
        words.setdefault(text_hash, text)
    checked = 0
    for text_hash, group in set(zip(found["text_hash"], found["repeat_group"], strict=True)):
        if not pd.isna(text_hash) and text_hash != group:
            assert jaccard(words[text_hash], words[group]) >= 0.75
            checked += 1
    assert checked > 100


def jaccard(one, other):
    """Run by run, with what the library calls words, in plain Python sets."""
    runs = []
    for text in (one, other):
        plain = mm.text.repeats._plain(mm.text.repeats.text_array([text]))[0].as_py()
        kinds = mm.text.repeats._kinds()
        forms = {shingles.BREAK: " ", shingles.LETTER: "{}", shingles.ALONE: " {} "}
        words = "".join(forms[kinds[ord(c)]].format(c) for c in plain).split()
        runs.append({tuple(words[k : k + 3]) for k in range(len(words) - 2)})
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


def test_planted_copies_are_found_and_little_else(posts):
    posts = posts[posts["post_id"].notna() & posts["text"].notna()]
    found = find_repeats(posts).assign(post_id=posts["post_id"])
    group = found.set_index("post_id")["repeat_group"]
    for column, least in (("truth_copy_of", 0.98), ("repost_of_id", 1.0)):
        copies = posts[posts[column].isin(posts["post_id"])]
        own, first = group[copies["post_id"]], group[copies[column]]
        assert (own.to_numpy() == first.to_numpy()).mean() >= least
    # The sample repeats sentences by chance too; even so what is folded speaks of one thing.
    topic = posts["truth_topic"].fillna("")
    known = found["repeat_group"].notna().to_numpy()
    shared = topic[known].groupby([found["repeat_group"][known].to_numpy(), topic[known]]).size()
    right = shared.groupby(level=0).max().sum()
    assert right / known.sum() >= 0.99


def test_weights_count_every_post_once_and_the_earliest_stands_for_its_group():
    times = pd.to_datetime(["2026-01-03", "2026-01-01", "2026-01-02", None], utc=True)
    posts = posts_of(
        [POST, f"wow {POST}", POST, "alone here"], created_at=times, post_id=list("abcd")
    )
    found = find_repeats(posts)
    assert found["weight"].tolist() == [0, 3, 0, 1]
    assert found["copies"].tolist() == [3, 3, 3, 1]
    # Named after the text that was posted most often.
    assert found["repeat_group"].tolist()[:3] == [found["text_hash"].iloc[0]] * 3
    assert found["post_id"].tolist() == list("abcd")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(range(12)), max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_order_of_posts_changes_nothing(numbers, random):
    kinds = [POST, f"oh {POST}", f"{POST} ok", f"so {POST} then", None, "", "hi", "HI!", "hi there",
             "😀", "a b c d e f", "a b c d e g"]  # fmt: skip
    posts = posts_of(
        [kinds[number] for number in numbers], post_id=[str(k) for k in range(len(numbers))]
    )
    found = find_repeats(posts)
    places = list(range(len(posts)))
    random.shuffle(places)
    shuffled = find_repeats(posts.iloc[places])
    pd.testing.assert_frame_equal(shuffled.sort_index(), found)
    assert found["weight"].sum() == len(posts)


@pytest.mark.parametrize("partitions", [1, 7])
def test_partitions_change_nothing(posts, partitions):
    part = posts.head(2_000)
    lazy = dd.from_pandas(part, npartitions=partitions)
    pd.testing.assert_frame_equal(find_repeats(lazy), find_repeats(part), check_dtype=False)


def test_groups_are_the_same_on_every_machine():
    """A change here changes the groups that kept runs name."""
    [group] = find_repeats(posts_of([POST]))["repeat_group"]
    assert group == 5_615_212_380_936_003_808


def test_repeats_are_put_beside_posts_lazily_by_their_text():
    posts = posts_of([POST, f"wow {POST}", "alone here", None])
    found = find_repeats(posts)
    later = posts_of([f"WOW {POST}", "never seen", None])
    lazy = assign_repeats(dd.from_pandas(later, npartitions=2), found)
    assert hasattr(lazy, "map_partitions")
    done = lazy.compute()
    assert done["repeat_group"].tolist()[0] == found["repeat_group"].iloc[0]
    assert done["repeat_group"].isna().tolist() == [False, True, True]
    assert done["copies"].tolist() == [2, 1, 1]
    nothing = assign_repeats(later, find_repeats(posts_of(["one", "two"])))
    assert nothing["copies"].tolist() == [1, 1, 1]


def test_the_report_of_repeats_names_no_one_and_counts_all():
    posts = posts_of(
        [f"@bob {POST}", POST, f"wow {POST}", "hi all", "hi all", "alone"],
        author_key=["a", "a", "b", "c", None, "d"],
        created_at=pd.date_range("2026-01-01", periods=6, tz="UTC"),
    )
    for kind in (posts, dd.from_pandas(posts, npartitions=3)):
        table = describe_repeats(kind, find_repeats(kind))
        assert table["text"].tolist() == [f"@user {POST}", "hi all"]
        assert table["posts"].tolist() == [3, 2]
        assert table["texts"].tolist() == [2, 1]
        assert table["authors"].tolist() == [2, 1]
        assert table["first_seen"].tolist() == [posts["created_at"][0], posts["created_at"][3]]
        assert table["last_seen"].tolist() == [posts["created_at"][2], posts["created_at"][4]]
    assert len(describe_repeats(posts, find_repeats(posts), most=1)) == 1


def test_nothing_repeated_is_an_empty_report():
    for texts in ([], ["one", "two"]):
        posts = posts_of(texts)
        table = describe_repeats(posts, find_repeats(posts))
        assert list(table.columns) == ["repeat_group", "text", "posts", "texts", "authors", "first_seen", "last_seen"]  # fmt: skip
        assert table.empty


@pytest.mark.parametrize("spam", ["exact", "variants", "near"])
def test_time_grows_no_faster_than_posts_even_when_nearly_all_are_spam(spam):
    """Eight times the posts in far less than 64 times the time; a machine may be busy."""
    from time import process_time

    def seconds(n):
        rng = np.random.default_rng(1)
        words = np.array([f"word{k}" for k in range(5_000)])
        texts = [" ".join(row) for row in words[rng.integers(0, 5_000, (n // 10, 12))]]
        if spam == "exact":
            texts += [POST] * (9 * n // 10)
        elif spam == "variants":  # each differs by a word at an end: one group
            texts += [f"{POST} code{k}" for k in range(9 * n // 10)]
        else:  # each shares half with all others: in many buckets, in no group
            texts += [
                f"{POST} {' '.join(row)}" for row in words[rng.integers(0, 5_000, (9 * n // 10, 9))]
            ]
        began = process_time()
        find_repeats(posts_of(texts))
        return process_time() - began

    seconds(100)
    few, many = min(seconds(4_000) for _ in range(2)), seconds(32_000)
    assert many < 24 * few


@pytest.mark.parametrize("least", [0.3, 0.5, 0.75, 0.9, 1.0])
def test_bands_miss_few_of_the_pairs_that_are_just_alike_enough(least):
    bands = mm.text.repeats._hash_functions(least, 0)
    rows = len(bands[0][0])
    least = min(least, 0.95)
    assert (1 - least**rows) ** len(bands) <= mm.text.repeats.MISSED
    assert all((factors % 2 == 1).all() for factors, _ in bands)


def test_bad_requests_are_refused_in_one_sentence():
    with pytest.raises(ParamError, match="least_similarity is 2"):
        find_repeats(posts_of([POST]), least_similarity=2)
    with pytest.raises(SchemaError, match="needs the column 'text'"):
        find_repeats(pd.DataFrame({"txt": ["a"]}))
    with pytest.raises(SchemaError, match="something else than text"):
        find_repeats(pd.DataFrame({"text": [1, 2]}))
    with pytest.raises(ParamError, match="most is 0"):
        describe_repeats(posts_of([POST]), find_repeats(posts_of([POST])), most=0)


def test_odd_strings_and_long_ones_pass(real_data):
    lines = real_data("blns/blns.txt").read_text(encoding="utf-8").split("\n")
    texts = [*lines, "a " * 300_000, "\ud800 lone \x00 nul", POST]
    found = find_repeats(posts_of(texts))
    assert len(found) == len(texts)
    assert found["weight"].sum() == len(texts)
