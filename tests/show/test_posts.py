from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from murmuration.show import show_posts, show_table

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \"'& </li></ol>"


class Page(HTMLParser):
    """What a browser would make of some HTML: elements with their attributes, and text."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.links, self.text = [], [], ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag == "br":
            self.text += "\n"

    def handle_data(self, data):
        self.text += data


def page_of(**columns):
    return Page(show_posts(pd.DataFrame({name: [value] for name, value in columns.items()})).markup)


def test_a_card_says_what_when_by_whom_and_how_it_was_received():
    page = page_of(
        text="Late again",
        created_at=pd.Timestamp("2026-03-02T23:30Z"),
        author_key="0123456789abcdef",
        sentiment=-0.3,
        engagement=1200,
        url="https://example.org/1",
    )
    assert (
        page.text
        == "Late again2 Mar 2026, 23:30 · author 01234567 · sentiment −0.30 · 1,200 reactions · open"
    )
    assert page.links == ["https://example.org/1"]


def test_times_are_those_of_the_zone():
    posts = pd.DataFrame({"text": ["a"], "created_at": [datetime(2026, 3, 2, 23, 30, tzinfo=UTC)]})
    assert "3 Mar 2026, 05:00" in show_posts(posts, timezone="Asia/Kolkata").markup


def test_what_is_unknown_is_left_out_and_never_a_zero():
    page = page_of(
        text=None, created_at=pd.NaT, author_key=None, sentiment=None, engagement=pd.NA, url=None
    )
    assert page.text == ""
    assert page_of(text="a", engagement=0).text == "a0 reactions"


@pytest.mark.parametrize("column", ["text", "author_key", "url", "community"])
def test_nothing_in_a_post_becomes_an_element(column):
    plain = page_of(**{"text": "a", column: "b"})
    page = page_of(**{"text": "a", column: HOSTILE})
    assert page.tags == plain.tags
    assert page.links == []


def test_hostile_addresses_cannot_leave_their_attribute():
    url = "https://example.org/\"><script>alert(1)</script>'onclick=alert(1)"
    page = page_of(text="a", url=url)
    assert page.links == [url]
    assert page.tags == ["ol", "li", "p", "p", "a"]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>", "vbscript:x",
     "//example.org", "file:///etc/passwd", "ftp://example.org", "\x01javascript:alert(1)", "javascript:alert('https://')", ""],
)  # fmt: skip
def test_only_web_addresses_are_linked(url):
    assert page_of(text="a", url=url).links == []


def test_web_addresses_are_linked_whatever_their_case():
    assert page_of(text="a", url="HTTPS://example.org").links == ["HTTPS://example.org"]


def test_what_platforms_escape_is_shown_as_it_was_written():
    assert page_of(text="salt &amp; pepper &lt;b&gt; &quot;&#39;").text == "salt & pepper <b> \"'"
    # Escaped twice was written so; other entities are none.
    assert page_of(text="&amp;lt; ?a=1&section=2 &copy;").text == "&lt; ?a=1&section=2 &copy;"


def test_long_posts_are_cut_and_lines_are_kept():
    assert page_of(text="one\ntwo").text == "one\ntwo"
    assert page_of(text="x" * 600).text == "x" * 600
    assert page_of(text="x" * 601).text == "x" * 600 + "…"
    # Not inside what stands for one character.
    assert page_of(text="&amp;" * 601).text == "&" * 600 + "…"


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from([*"<>&\"'/!-;= ab", "script", "<!--", "]]>", "&lt", "&#x3c;"])).map(
        "".join
    )
)
@settings(deadline=None)
def test_every_text_is_shown_as_text(text):
    page = page_of(text=text, author_key=text)
    assert set(page.tags) <= {"ol", "li", "p", "br"}


def test_no_posts_give_a_sentence():
    assert (
        show_posts(pd.DataFrame({"text": []}), empty="None <here>.").markup
        == '<p class="empty">None &lt;here&gt;.</p>'
    )


def test_posts_come_in_the_order_given():
    page = Page(show_posts(pd.DataFrame({"text": ["second", "first"]})).markup)
    assert page.text == "secondfirst"
    assert page.tags.count("li") == 2


def test_tables_are_escaped_and_missing_cells_are_empty():
    table = pd.DataFrame({HOSTILE: [HOSTILE, None], "n": [1, pd.NA]})
    markup = show_table(table, caption=HOSTILE).markup
    page = Page(markup)
    assert not {"script", "img"} & set(page.tags)
    assert page.tags.count("td") == 4
    assert markup.count("<td></td>") == 2
    assert page.text.count(HOSTILE) == 3


def test_a_notebook_shows_the_markup():
    assert show_table(pd.DataFrame({"a": [1]}))._repr_html_().startswith("<div")
