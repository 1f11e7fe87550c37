"""Sentences about alerts."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from murmuration.show import answer_alerts, describe_alerts, describe_watch, show_alerts

BEGAN = pd.Timestamp("2026-03-02 13:00", tz="UTC")
NAMES = {"aurora": "Aurora", "velora": "Velora"}


def alert(**fields):
    row = {
        "brand": "aurora", "measure": "both", "severity": 7, "began": BEGAN, "ended": BEGAN + pd.Timedelta(hours=5),
        "ongoing": True, "posts": 1_412, "expected": 400.4, "growth": 3.5, "peak_growth": 4.0, "negative_share": 0.61,
        "usual_negative_share": 0.24, "terms": ["mouse", "kitchen"], "shared_copies": 40, "top_text_share": 0.3,
        "authors": 900, "top_author_share": 0.01, "driven_by": "many", "brands": ["velora"], "topics": ["hygiene"],
    }  # fmt: skip
    return row | fields


def said(*rows, timezone="UTC"):
    return describe_alerts(pd.DataFrame(rows), names=NAMES, timezone=timezone)


def test_all_that_is_known_of_an_alert_is_one_sentence():
    assert said(alert()) == [
        "Alert, severity 7 of 10, since Monday 2 March 13:00: 1,412 posts about Aurora, 400 are usual, and 61 % of them are "
        "negative, usually 24 %; the posts speak of “mouse” and “kitchen”; many accounts write them; one text is there 40 "
        "times; Velora is named as well; most of it in the topic “hygiene”."
    ]


def test_what_is_not_known_is_not_said():
    bare = alert(
        negative_share=float("nan"), usual_negative_share=float("nan"), terms=[], shared_copies=0,
        driven_by="unknown", brands=[], topics=[], ongoing=False,
    )  # fmt: skip
    assert said(bare, timezone="Europe/Berlin") == [
        "Alert, severity 7 of 10, Monday 2 March 14:00 to 19:00: 1,412 posts about Aurora, 400 are usual."
    ]


def test_few_accounts_and_praise_are_told_from_anger():
    [sentence] = said(alert(driven_by="few", top_author_share=0.4, negative_share=0.2))
    assert "few accounts write them, the busiest 40 %" in sentence
    assert "and not more of them negative than usual (20 %)" in sentence


def test_the_severest_come_first_and_the_answer_names_three():
    rows = [
        alert(severity=level, began=BEGAN + pd.Timedelta(days=level)) for level in (2, 9, 4, 5, 3)
    ]
    sentences = said(*rows)
    assert [sentence.split(" of 10")[0] for sentence in sentences][:2] == [
        "Alert, severity 9",
        "Alert, severity 5",
    ]
    assert len(answer_alerts(sentences)) == 4
    assert answer_alerts(sentences)[-1] == "2 more alerts below."
    assert answer_alerts([]) == []
    shown = show_alerts(sentences)
    assert shown.startswith("## Posts of the alerts")
    assert shown.count("\n- ") == 2
    assert show_alerts([]) == ""


UNTIL = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "days", "words"),
    [
        (
            40,
            3,
            "Alerts were looked for from 1 March 2026 on: an hour or several with 1.5 times the usual posts",
        ),
        (15, 3, "from 3 March 2026 on"),
        (9, 3, "that needs 14 days of posts before, and these begin on 23 February 2026"),
        (40, 0, ""),
    ],
)
def test_it_is_said_which_days_were_looked_at(begin, days, words):
    text = describe_watch(
        pd.DataFrame(), begin=UNTIL - timedelta(days=begin), since=UNTIL - timedelta(days=days), until=UNTIL,
        bucket="hour", timezone="UTC",
    )  # fmt: skip
    assert words in text
    assert bool(text) == bool(words)
