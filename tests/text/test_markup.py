import html
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from murmuration.text.markup import html_links, html_to_text

LINK = (
    '<p><a href="https://www.example.org/a/long/way" rel="nofollow"><span class="invisible">'
    'https://www.</span><span class="ellipsis">example.org/a/long</span><span class="invisible">/way</span></a></p>'
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<p>two<p>three", "one\ntwo\nthree"),
        ("one<br>two<br />three", "one\ntwo\nthree"),
        ("one<br><br>two", "one\n\ntwo"),
        ("<p>one</p>\n  <p>two</p>\n", "one\ntwo"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("no markup", "no markup"),
        ("", ""),
    ],
)
def test_paragraphs_and_breaks_end_lines(source, text):
    assert html_to_text(source) == text


def test_preformatted_text_keeps_its_lines():
    assert (
        html_to_text("see<pre><code>a = 1\nb = 2\n</code></pre>end") == "see\na = 1\nb = 2\n\nend"
    )


def test_hidden_parts_of_an_address_are_restored():
    assert html_to_text(LINK) == "https://www.example.org/a/long/way"


def test_entities_become_characters_once():
    assert (
        html_to_text("<p>&lt;b&gt; &amp;amp; &quot;&#39;&#x1F600;&nbsp;</p>")
        == "<b> &amp; \"'😀\u00a0"
    )


@pytest.mark.parametrize("name", ["script", "style", "SCRIPT"])
def test_code_of_the_page_is_dropped(name):
    assert html_to_text(f"a<{name} type='x'>var p = '<p>';</{name} >b") == "ab"
    assert html_to_text(f"a<{name}>never closed") == "a"
    assert html_to_text("a<!-- <p>no</p> -->b") == "ab"


def test_the_stand_in_of_a_quoted_post_is_dropped():
    source = '<p>Look</p><p class="quote-inline">RE: <a href="https://example.org/1">example.org/1</a></p>'
    assert html_to_text(source) == "Look"
    nested = '<span class="x quote-inline"><br/>RE: <span>https</span></span> after'
    assert html_to_text("before" + nested) == "before after"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<3 you", "<3 you"),
        ("cut off <a href='htt", "cut off"),
        ('<a title="a > b">link</a>', "link"),
        ('<a href="unclosed>link</a>', "link"),
        ("</p></p>text</b>", "text"),
        ("<p><b>text", "text"),
        ("&unknown; &#xfffffff; &#0;", "&unknown; � �"),
        ("&#" + "9" * 5000 + ";", "�"),
    ],
)
def test_broken_markup_is_read_as_far_as_it_goes(source, text):
    assert html_to_text(source) == text


def test_links_are_addresses_but_not_mentions_or_hashtags():
    source = (
        LINK
        + '<a href="https://example.org/?a=1&amp;b=2">x</a>'
        + '<a class="u-url mention" href="https://example.org/@a">@a</a>'
        + "<a href='https://example.org/tags/t' class='mention hashtag'>#t</a>"
        + '<a href="mailto:a@example.org">mail</a><a name="here">no</a>'
    )
    assert html_links(source) == [
        "https://www.example.org/a/long/way",
        "https://example.org/?a=1&b=2",
    ]
    assert html_links("no markup") == []


# A sign, then what could follow it in markup: the parts that a tag is made of.
pieces = st.sampled_from((
    "<", ">", "</", "<p", "<p>", "</p>", "<br>", "<!--", "-->", "<script>", "</script>", "&", "&#", ";", '"', "'", "=",
    '<p class="quote-inline">', "<pre>", "</pre>", "a", " ", "\n", "9", "x", "&amp;", "<a href=",
))  # fmt: skip


@given(st.lists(pieces | st.text(max_size=5)).map("".join))
def test_nothing_makes_it_fail(source):
    assert isinstance(html_to_text(source), str)
    assert isinstance(html_links(source), list)


@given(st.text())
def test_text_in_a_paragraph_comes_back_without_tags(text):
    found = html_to_text(f"<p>{text}</p>")
    assert "<p>" not in found
    assert "</p>" not in found


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_comes_back_as_it_was(text):
    words = " ".join(part for part in text.split(" ") if part)
    assert html_to_text(f"<p>{html.escape(text)}</p>") == words


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a",
        "<a ",
        "<!--",
        "<a\"'",
        "&",
        "&#9",
        "<p> ",
        "</",
        "<b> </b>",
        '<p class="quote-inline"',
        "<script",
    ],
)
def test_time_grows_with_the_length_and_no_faster(piece):
    source = piece * (400_000 // len(piece))
    began = time.perf_counter()
    html_to_text(source)
    html_links(source)
    # Half a second here; minutes where each part looks at all that follows.
    assert time.perf_counter() - began < 20
