import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.text import Brand, find_mentions
from murmuration.text.brands import mentions
from murmuration.text.clauses import brands_in, mark_brands, split_by_brand, trim

KESTREL = Brand(
    key="kestrel", name="Kestrel Air", terms=("kestrel air", "kestrel"), handles=("flykestrel",),
    exclude=("kestrel nest",),
)  # fmt: skip
NORTHWING = Brand(key="northwing", name="Northwing", terms=("northwing",), handles=("northwing",))
BRANDS = (KESTREL, NORTHWING)

posts = st.lists(
    st.sampled_from(
        ["Kestrel", "kestrel air", "@flykestrel", "ＫＥＳＴＲＥＬ", "Northwing", "@northwing's", "you", "but", "and",
         "better than", "hate", "late", ",", ". ", "!", "…", "😀", "e\u0301", "\ue000", "ß", "ﬃ", "\n", "RT @x:"]
    )
)  # fmt: skip


def parts_of(text):
    found = split_by_brand(mark_brands(text, BRANDS))
    return {
        BRANDS[number].key: [trim(text[start:end]) for start, end in spans]
        for number, spans in found.items()
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I flew Kestrel Air.", ["Kestrel Air"]),
        ("Kestrel's nest, @flykestrel!", ["Kestrel", "@flykestrel"]),
        ("a kestrel nest near Kestrel", ["Kestrel"]),
        ("ﬃ… 😀 ＫＥＳＴＲＥＬ air ß kestrel", ["ＫＥＳＴＲＥＬ air", "kestrel"]),
        ("e\u0301 Kes\u00adtrel", ["Kes\u00adtrel"]),
        ("nothing here", []),
    ],
)
def test_mentions_are_found_where_they_are_written(text, found):
    assert [text[start:end] for start, end in find_mentions(text, KESTREL)] == found


@given(posts.map(" ".join))
@settings(max_examples=120, deadline=None)
def test_a_brand_is_mentioned_exactly_where_it_has_a_part(text):
    found = parts_of(text)
    assert len(mark_brands(text, BRANDS)) == len(text)
    for brand in BRANDS:
        assert (brand.key in found) == mentions(text, brand)


@given(posts.map(" ".join))
@settings(max_examples=120, deadline=None)
def test_nothing_of_a_post_with_a_brand_is_lost(text):
    marked = mark_brands(text, BRANDS)
    spans = [span for spans in split_by_brand(marked).values() for span in spans]
    covered = {place for start, end in spans for place in range(start, end)}
    if brands_in(marked):
        assert not "".join(c for place, c in enumerate(text) if place not in covered).strip(
            "\ue000 \n"
        )


@pytest.mark.parametrize(
    ("text", "kestrel", "northwing"),
    [
        ("Love Kestrel, hate Northwing", ["Love Kestrel"], ["hate Northwing"]),
        ("Kestrel 😍 Northwing 🤮", ["Kestrel 😍"], ["Northwing 🤮"]),
        ("Kestrel and Northwing are late", ["Kestrel and Northwing are late"], ["Kestrel and Northwing are late"]),
        ("Adore Kestrel despise Northwing", ["Adore Kestrel"], ["despise Northwing"]),
        ("Kestrel is fine the awful Northwing is not", ["Kestrel is fine"], ["the awful Northwing is not"]),
        ("What a day. Kestrel left. Rude! But Northwing flew.", ["What a day. Kestrel left. Rude!"], ["Northwing flew."]),
        ("Kestrel was nice. Hate: Northwing", ["Kestrel was nice."], ["Hate: Northwing"]),
        ("@flykestrel I booked it on Northwing's site. It is broken.",
         ["@flykestrel I booked it on Northwing's site. It is broken."], ["Northwing's site. It is broken."]),
        ("@flykestrel you are late, Northwing is not", ["@flykestrel you are late"], ["Northwing is not"]),
        ("@northwing hi. Why are you so late? Kestrel waited", ["Kestrel waited"], ["@northwing hi. Why are you so late?"]),
    ],
)  # fmt: skip
def test_each_brand_has_the_part_that_speaks_of_it(text, kestrel, northwing):
    assert parts_of(text) == {"kestrel": kestrel, "northwing": northwing}


@pytest.mark.parametrize(
    "part",
    ["((((", "????", "????x", ":-)", "Kestrel   ", "Kestrel ? ", "Kestrel, ", "\n", "prefer-", "not as ",
     "😀", "and ", "@flykestrel ", "you ", "Kestrel Northwing ", ". ", "@flykestrel\n"],
)  # fmt: skip
def test_long_posts_take_time_in_proportion(part):
    from murmuration.sentiment.comparisons import find_readings

    text = "Kestrel > Northwing " + part * (60_000 // len(part)) + "x than Northwing"
    started = time.process_time()
    marked = mark_brands(text, BRANDS)
    split_by_brand(marked)
    find_readings(marked)
    assert time.process_time() - started < 5
