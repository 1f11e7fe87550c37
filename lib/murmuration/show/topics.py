"""Sentences and tables of the report `topics`."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.show.posts import Html, show_posts, show_table
from murmuration.show.topic_figures import FELL, ROSE, rank_changes, times_with_interval
from murmuration.show.topic_looks import names_of, short_label
from murmuration.show.words import (
    as_markdown,
    count,
    day,
    describe_no_posts,
    describe_range,
    listing,
    negative_share,
    percent,
    quoted,
    share_with_interval,
    tidy,
)
from murmuration.trends import are_told

# What the report reads of a post.
TOPIC_COLUMNS = [
    "source", "post_id", "created_at", "author_key", "text", "title", "lang", "url", "like_count", "repost_count", "reply_count",
    "quote_count", "score",
]  # fmt: skip
_CLOSER = 4  # times as many topics, in the run that is advised to find smaller stories
_NAMED = 3  # topics that a sentence names
_SHOWN = 60  # rows of a table
_READ = 24  # topics whose posts are shown
_LONGEST = 40  # letters of a label in a sentence
_LOOSE = 0.5  # topics of which fewer posts stay together when topics are found again are told to be loose
_FOUND_AGAIN = {
    "itself": "yes, {} together", "joined": "in a larger topic, {} together", "parted": "in pieces, {} together",
}  # fmt: skip
_CARE = {
    "joined": "found again only within a larger topic: where it ends is uncertain",
    "parted": "in pieces when topics are found again: read with care",
}
_MANY_LEFT = 0.2  # share of posts without a topic from which on the answer tells it: 5 % are left out by choice
_MIXED = 1 / 3  # topics of which fewer posts have a term of the label are told to be mixed
_COPIED = 0.5  # of a topic's posts that are copies of one text: from then on it is told
_LONGEST_TEXT = 70  # letters of a repeated text
STATUSES = {
    "emerging": "grew fast", "new": "new", "growing": "grew", "perhaps": "perhaps changed", "steady": "no clear change", "fading": "faded", "gone": "gone",
    "too_small": "too small to tell", "unknown": "cannot be told",
}  # fmt: skip
_EVENTS = {
    "continued": "goes on", "drifted": "goes on in other words", "born": "new", "absorbed": "new, within another", "died": "gone",
    "merged": "joined with others",
    "split": "parted", "returned": "came back",
}  # fmt: skip
_MEASURES = {
    "topics": "topics", "posts": "posts with which they were made, period and days before", "different_texts": "different texts among them",
    "sample_texts": "texts that topics were found in (all others were assigned)", "left_out": "posts left without a topic",
    "mean_strength": "mean strength: how sure the topic of a post is", "map_neighbours": "nearest topics that are nearest on the map too",
    "npmi": "coherence of terms (NPMI, −1 to 1)", "diversity": "different terms among all (diversity)",
    "stability": "posts that keep their topic when topics are found again with another seed",
}  # fmt: skip

Times = tuple[datetime, datetime]  # of the first and the last post
Records = Sequence[Mapping[str, Any]]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _name(label: Any) -> str:
    return quoted([short_label(str(label), longest=_LONGEST)])


def describe_topics(
    topics: pd.DataFrame,
    emerging: pd.DataFrame,
    lineage: pd.DataFrame | None = None,
    *,
    name: str = "",
    timezone: str = "UTC",
    data: Times | None = None,
    coverage: pd.DataFrame | None = None,
    source: str = "",
    period: str = "",
    mentioned: Times | None = None,
) -> list[str]:
    """Give the answer of the report: how much is spoken of, what grew, what is new, what went.

    Parameters
    ----------
    topics, emerging, lineage
        Tables of the report; `lineage` where topics go on from earlier ones.
    name
        Name of the brand that posts are about; nothing for all posts.
    timezone
        Whose days are meant.
    data
        First and last time of the posts of the source, if they have one; told where there are no topics.
    coverage, source, period, mentioned
        Table `coverage`, key of the source, the period in words, and first and last time of the posts that mention the brand:
        where there are no topics they say why.
    """
    about = f" about {tidy(name)}" if name else ""
    known = topics[topics["posts"] > 0]
    if known.empty:
        facts = {} if coverage is None else dict(zip(coverage["item"], coverage["value"], strict=True))  # fmt: skip
        of = f" of {tidy(source)}" if source else ""
        when = f", {period} ({timezone})" if period else ""
        if facts.get("posts_looked_at"):
            return _describe_no_words(facts["posts_looked_at"], about, of, when)
        if not facts or not facts["posts_in_period"] or mentioned:
            told = (f"Posts{of}{about}", mentioned) if mentioned else (f"The posts{of}", data)
            return describe_no_posts(about, of, when, *told, timezone=timezone)
        return [
            f"None of {count(facts['posts_in_period'], 'post')}{of} in the period that was looked at{when}, mentions {tidy(name)}, "
            "and no post of any other time.",
            "Check the brand's terms in data_catalog.yaml, and the source.",
        ]
    sentences = [_size_sentence(known, about)]
    left = 1 - float(known["share"].sum())
    if left >= _MANY_LEFT:
        sentences.append(
            f"{percent(left)} of all posts have no topic: they say nothing clear, or repeat what no other text is like; see Repeated texts."
        )
    copied = [row for row in _rows(known) if _is_copied(row)]
    if copied:
        sentences.append(_copied_sentence(copied))
    ranked = _rows(rank_changes(emerging))
    rows = [row for row in ranked if row["status"] not in ("unknown", "too_small")]
    if not rows:
        sentences.append(_cannot_tell(emerging))
    else:
        grew = [row for row in rows if row["status"] in ("emerging", "growing")]
        sentences.append(_grew_sentence(grew, timezone))
        sentences += _perhaps_sentence(
            [row for row in rows if row["status"] == "perhaps"], len(rows)
        )
        new = [row for row in rows if row["status"] == "new"]
        went = [row for row in rows if row["status"] in FELL]
        # The lineage names those that it knows of, which are not always beyond chance.
        if new or not _tells(lineage, "born", "absorbed", "returned"):
            sentences.append(_new_sentence(new, timezone))
        if not (grew and new) and len(known) > 1:
            sentences.append(_hidden_sentence(known))
        if went or not _tells(lineage, "died"):
            sentences.append(_went_sentence(went, timezone))
    if lineage is not None and len(lineage):
        sentences.append(describe_lineage(lineage))
    loose = known[known["stability"] < _LOOSE].sort_values(
        ["posts", "topic"], ascending=[False, True]
    )
    mixed = [row for row in _rows(known) if _is_mixed(row)]
    return [
        *sentences,
        *([_mixed_sentence(mixed, len(known))] if mixed else []),
        *([_loose_sentence(_rows(loose), len(known))] if len(loose) else []),
    ]


def _tells(lineage: pd.DataFrame | None, *events: str) -> bool:
    return lineage is not None and bool(lineage["event"].isin(events).any())


def _describe_no_words(posts: int, about: str, of: str, when: str) -> list[str]:
    return [
        f"{count(posts, 'post')}{of}{about} {'lies' if posts == 1 else 'lie'} in the period that was looked at{when}, but no topic can be made of "
        f"{'it' if posts == 1 else 'them'}: they have no words, as emoji, links and names alone, or none that some of them share.",
        "Take a longer period, or a smaller min_posts.",
    ]


def _size_sentence(topics: pd.DataFrame, about: str) -> str:
    top = topics.sort_values(["posts", "topic"], ascending=[False, True]).iloc[0]
    share = share_with_interval(top["share"], top["share_low"], top["share_high"])
    posts = count(topics["posts"].sum(), "post")
    if len(topics) == 1:
        return f"{posts}{about} of this period {'makes' if posts.startswith('1 ') else 'make'} one topic, {_name(top['label'])}: they are too few or too much alike for more."
    return f"{posts}{about} of this period speak of {count(len(topics), 'topic')}; the largest is {_name(top['label'])} with {share} of all posts."


def _is_copied(topic: Mapping[str, Any]) -> bool:
    """Say whether a topic is one text for the most part; tables of earlier reports do not know."""
    copies = topic.get("most_copied")
    if copies is None or pd.isna(copies) or copies < 2:
        return False
    return bool(copies >= _COPIED * topic["posts"])


def _is_mixed(topic: Mapping[str, Any]) -> bool:
    """Say whether few posts of a topic have a term of its label; tables of earlier reports do not know."""
    share = topic.get("label_share")
    return share is not None and not pd.isna(share) and bool(share < _MIXED)


def _by_size(rows: Records) -> Records:
    return sorted(rows, key=lambda row: (-row["posts"], row["topic"]))


def _copied_sentence(rows: Records) -> str:
    """Say which topics are one text for the most part."""
    said = [
        f"{row['most_copied']:,} of the {count(row['posts'], 'post')} of {_name(row['label'])}"
        for row in _by_size(rows)
    ]
    more = [count(len(said) - _NAMED, "topic like that")] if len(said) > _NAMED else []
    each = " each" if len(said) > 1 else ""
    return f"{listing([*said[:_NAMED], *more])} are copies of one text{each}."


def _mixed_sentence(rows: Records, n_topics: int) -> str:
    """Say which topics no words stand for."""
    named = [f"{_name(row['label'])} ({percent(row['label_share'])})" for row in _by_size(rows)]
    more = [count(len(named) - _NAMED, "other")] if len(named) > _NAMED else []
    return (
        f"Mixed {'is' if len(rows) == 1 else 'are'} {listing([*named[:_NAMED], *more])}, {len(rows)} of {count(n_topics, 'topic')}: "
        f"fewer than a third of {'its' if len(rows) == 1 else 'their'} posts have a word of the label."
    )


def _told_label(topic: Mapping[str, Any]) -> str:
    """Give the label of a topic, with what it hides."""
    label = tidy(str(topic["label"]))
    if _is_copied(topic):
        return f"{label} – {topic['most_copied']:,} posts are copies of one text"
    return f"{label} – mixed, {percent(topic['label_share'])} say so" if _is_mixed(topic) else label


def _loose_sentence(rows: Records, n_topics: int) -> str:
    """Say which topics to read with care; `rows` are the loose ones, the largest first."""
    named = [f"{_name(row['label'])} ({percent(row['stability'])})" for row in rows[:_NAMED]]
    more = [count(len(rows) - _NAMED, "other")] if len(rows) > _NAMED else []
    return (
        f"Read with care what is said of {listing([*named, *more])}, {len(rows)} of {count(n_topics, 'topic')}: fewer than half of their "
        "posts stay together when topics are found again."
    )


def _cannot_tell(emerging: pd.DataFrame) -> str:
    days = int(emerging["baseline_days"].max()) if len(emerging) else 0
    if len(emerging) and (emerging["status"] == "too_small").all():
        return "Every topic is too small to tell whether it grew or went."
    had = "no day" if not days else f"only {count(days, 'day')}"
    return f"Whether topics grew, are new or went cannot be told: {had} before the period can be compared with, and 7 are needed."


def _grew_sentence(rows: Records, timezone: str) -> str:
    if not rows:
        return "No topic grew beyond what chance explains."
    first = rows[0]
    said = (
        f"{_name(first['label'])} grew most: {count(first['posts'], 'post')} where {first['expected']:,.0f} were to be expected, "
        f"{times_with_interval(first)} times as many{_since(first, timezone)}{_by_whom(first)}"
    )
    return said + _others(rows, "grew as well") + "."


def _perhaps_sentence(rows: Records, n_topics: int) -> list[str]:
    """Name what changed much, but not beyond what chance may do where many topics are looked at."""
    said = []
    for what, mine in (
        ("more", [row for row in rows if not row["growth"] < 1]),
        ("less", [row for row in rows if row["growth"] < 1]),
    ):
        named = [
            f"{_name(row['label'])} ({row['growth']:.1f} times, {row['growth_low']:.1f}–{row['growth_high']:.1f})"
            for row in mine[:_NAMED]
        ]
        more = [count(len(mine) - _NAMED, "other")] if len(mine) > _NAMED else []
        if mine:
            said.append(f"perhaps {what} is said of {listing([*named, *more])}")
    if not said:
        return []
    words = "; ".join(said)
    return [
        f"{words[0].upper()}{words[1:]}: out of the usual, but less sure: of all changes among {count(n_topics, 'topic')} that are named, these with the others, one in five may be chance."
    ]


def _new_sentence(rows: Records, timezone: str) -> str:
    if not rows:
        return "No topic is new."
    first = rows[0]
    said = f"New is {_name(first['label'])} with {count(first['posts'], 'post')}{_since(first, timezone)}{_by_whom(first)}"
    return said + _others(rows, "new as well") + "."


def _hidden_sentence(topics: pd.DataFrame) -> str:
    """Say how small a story may be and still be no topic: that nothing grew is said of topics, not of all that was said."""
    n = len(topics)
    usual = int(topics["posts"].to_numpy(float).mean())
    return f"Stories much smaller than {count(usual, 'post')}, as topics are here on average, can hide in them: a run with topics={min(_CLOSER * n, 500)} looks closer."


def _went_sentence(rows: Records, timezone: str) -> str:
    if not rows:
        return "No topic faded or went."
    parts = []
    for status, verb in (("gone", "is gone"), ("fading", "faded")):
        mine = [row for row in rows if row["status"] == status]
        if mine:
            parts.append(_went(mine[0], verb, timezone) + _others(mine, "likewise"))
    return "; ".join(parts) + "."


def _went(row: Mapping[str, Any], verb: str, timezone: str) -> str:
    since = _since(row, timezone)
    whole = not since or pd.isna(row["since_expected"])
    posts, expected = (
        (row["posts"], row["expected"]) if whole else (row["since_posts"], row["since_expected"])
    )
    within = " in the period" if since and whole else ""
    return f"{_name(row['label'])} {verb}{since}: {count(posts, 'post')} where {expected:,.0f} were to be expected{within}"


def _others(rows: Records, said: str) -> str:
    more = rows[1:_NAMED]
    if not more:
        return ""
    names = listing([_name(row["label"]) for row in more])
    left = len(rows) - 1 - len(more)
    return f"; {said}: {names}" + (f", and {count(left, 'other')}" if left else "")


def _since(row: Mapping[str, Any], timezone: str) -> str:
    if "since" not in row or pd.isna(row["since"]):
        return ""
    moment = pd.Timestamp(row["since"]).tz_convert(ZoneInfo(timezone))
    return f", since {day(moment)}"


def _by_whom(row: Mapping[str, Any]) -> str:
    said = ""
    if row.get("driven_by") == "few":
        share = row.get("top_author_share")
        most = f", one of them {percent(share)}" if share is not None and not pd.isna(share) else ""
        said = f" (driven by few accounts{most})"
    elif row.get("driven_by") == "many" and not pd.isna(row.get("authors")):
        said = f" (by {count(row['authors'], 'author')})"
    return said


def show_topics(topics: pd.DataFrame, emerging: pd.DataFrame, levels: pd.DataFrame) -> Html:
    """Show all topics as a table, the largest first.

    Parameters
    ----------
    topics, emerging, levels
        Tables `topics`, `emerging` and `by_sentiment` of the report.
    """
    if topics.empty:
        return Html('<p class="empty">No topics.</p>')
    change = {row["topic"]: row for row in _rows(emerging)}
    feels = {row["topic"]: row for row in _rows(levels[are_told(levels)])}
    rows = _rows(topics.sort_values(["posts", "topic"], ascending=[False, True]).head(_SHOWN))
    table = pd.DataFrame(
        {
            "no.": [row["topic"] for row in rows],
            "topic": [_told_label(row) for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            "share": [
                share_with_interval(row["share"], row["share_low"], row["share_high"])
                for row in rows
            ],
            "change": [
                STATUSES[change[row["topic"]]["status"]] if row["topic"] in change else "–"
                for row in rows
            ],
            "times expected": [
                times_with_interval(change[row["topic"]]) if row["topic"] in change else "–"
                for row in rows
            ],
            "negative": [
                negative_share(feels[row["topic"]]) if row["topic"] in feels else "–"
                for row in rows
            ],
            "found again": [_tell_again(row, counted=topics) for row in rows],
            "authors": ["–" if pd.isna(row["authors"]) else f"{row['authors']:,}" for row in rows],
        }
    )
    left = len(topics) - len(rows)
    more = (
        f"; {count(left, 'smaller topic is', 'smaller topics are')} in the table topics"
        if left
        else ""
    )
    return show_table(
        table,
        caption=(
            "Shares with 95 % intervals; negative: of the posts that could be scored, – where these are too few to tell; found again: "
            "whether topics that are found once more, with another seed, have this one, and how many of its posts are together there"
            f"{'; mixed: few posts have a word of the label' if any(map(_is_mixed, rows)) else ''}{more}"
        ),
    )


def _tell_again(row: Mapping[str, Any], *, counted: pd.DataFrame) -> str:
    """Say in words whether a topic was found again; a run of before kept the share only."""
    if pd.isna(row["stability"]):
        return "too few to tell" if counted["stability"].notna().any() else "–"
    share = percent(row["stability"])
    return _FOUND_AGAIN.get(str(row.get("found_again")), "{} together").format(share)


def show_topic_posts(
    topics: pd.DataFrame,
    reading: pd.DataFrame,
    terms: pd.DataFrame,
    *,
    first: Sequence[int] = (),
    timezone: str = "UTC",
) -> Html:
    """Show posts of each topic, to be opened one by one; those of topics that changed first.

    Parameters
    ----------
    topics, reading, terms
        Tables of the report; `reading` with handles masked as wished.
    first
        Topics to show before those that are merely large.
    timezone
        Whose clock is shown.
    """
    there = topics[topics["topic"].isin(reading["topic"]) if len(reading) else topics["topic"] < -1]
    if there.empty:
        return Html('<p class="empty">No posts to read.</p>')
    known = there.set_index("topic")
    ranked = [one for one in dict.fromkeys([*first, *known.index.tolist()]) if one in known.index]
    parts = [
        _drill(
            known.loc[one].to_dict(),
            reading[reading["topic"] == one],
            terms[terms["topic"] == one],
            timezone,
            opened=at == 0,
        )
        for at, one in enumerate(ranked[:_READ])
    ]
    left = len(ranked) - len(parts)
    more = (
        f'<p class="facts">Posts of {count(left, "smaller topic")} are in the table reading.</p>'
        if left
        else ""
    )
    return Html("".join(parts) + more)


def _drill(
    topic: Mapping[Any, Any],
    reading: pd.DataFrame,
    terms: pd.DataFrame,
    timezone: str,
    *,
    opened: bool,
) -> str:
    facts = f"{count(topic['posts'], 'post')}, {percent(topic['share'])}"
    care = _CARE.get(str(topic.get("found_again")))
    facts += f" · {care}" if care else ""
    said = listing(
        [tidy(str(term), longest=40) for term in terms.sort_values("rank")["term"].head(10)]
    )
    cards = show_posts(reading.sort_values("rank"), timezone=timezone).markup
    return (
        f"<details{' open' if opened else ''}><summary><strong>{html.escape(tidy(str(topic['label'])))}</strong> · {facts}</summary>"
        f'<p class="facts">Terms: {html.escape(said)}</p>{cards}</details>'
    )


def describe_lineage(lineage: pd.DataFrame) -> str:
    """Say how many topics go on, are new, went, joined or parted."""
    if lineage.empty:
        return "There are no earlier topics to go on from."
    events = lineage["event"].value_counts()
    topics = {
        event: lineage.loc[
            lineage["event"] == event, "previous_id" if event in ("died", "absorbed") else "topic"
        ].nunique()
        for event in events.index
    }
    silent = sum(map(_is_silent, _rows(lineage)))
    parts = []
    for event, said in _LINEAGE.items():
        named = f" ({_name_events(lineage, event)})" if event in _TOLD else ""
        number = topics.get(event, 0) - (silent if event == "continued" else 0)
        parts += [f"{number:,} {said[number > 1]}{named}"] if number else []
    parts += [f"{silent:,} {'has' if silent == 1 else 'have'} no post now"] if silent else []
    return f"Held against the earlier topics, {listing(parts)}."


# Of one topic, and of more.
_LINEAGE = {
    "continued": ("goes on as it was", "go on as they were"), "drifted": ("goes on in other words", "go on in other words"), "born": ("is new", "are new"),
    "absorbed": ("is new without a place of its own among so many", "are new without a place of their own among so many"),
    "returned": ("came back", "came back"), "merged": ("was joined of several", "were joined of several"),
    "split": ("is part of one that parted", "are parts of one that parted"), "died": ("went", "went"),
}  # fmt: skip
_TOLD = ("drifted", "born", "absorbed", "died")  # by name


def _is_silent(row: Mapping[str, Any]) -> bool:
    """Whether a topic goes on that no post is in."""
    return row["event"] == "continued" and not pd.isna(row["posts"]) and row["posts"] == 0


def _name_events(lineage: pd.DataFrame, event: str) -> str:
    """Name the topics that an event befell, the largest first."""
    posts = "previous_posts" if event == "died" else "posts"
    rows = _rows(
        lineage[lineage["event"] == event].sort_values(posts, ascending=False, kind="stable")
    )
    names = [_name_event(row) for row in rows[:_NAMED]]
    left = len(rows) - len(names)
    return listing([*names, *([count(left, "other")] if left else [])])


def _name_event(row: Mapping[str, Any]) -> str:
    if row["event"] == "born":
        return _name(row["label"])
    if row["event"] == "drifted" and row["label"] != row["previous_label"]:
        return f"{_name(row['label'])} was called {_name(row['previous_label'])}"
    within = f" within {_name(row['label'])}" if row["event"] == "absorbed" else ""
    return _name(row["previous_label"]) + within


def show_lineage(lineage: pd.DataFrame | None, earlier: str = "") -> Html:
    """Show how topics live on: all that is not simply going on, then what goes on.

    Parameters
    ----------
    lineage
        Table `lineage`; None where topics go on from none.
    earlier
        Which topics they go on from, in a sentence; see `murmuration.models.describe_earlier`.
    """
    if lineage is None:
        none = "This run does not continue from earlier topics (parameter continue_from)."
        return Html(f'<p class="empty">{html.escape(earlier or none)}</p>')
    told = f'<p class="facts">{html.escape(earlier)}</p>' if earlier else ""
    if lineage.empty:
        return Html(f'{told}<p class="empty">There are no earlier topics.</p>')
    order = {
        event: at
        for at, event in enumerate(
            ("born", "absorbed", "returned", "died", "merged", "split", "drifted", "continued")
        )
    }
    ranked = lineage.assign(_rank=lineage["event"].map(order)).sort_values("_rank", kind="stable")
    rows = _rows(ranked.head(_SHOWN))
    table = pd.DataFrame(
        {
            "what": ["no post now" if _is_silent(row) else _EVENTS[row["event"]] for row in rows],
            "earlier topic": [_or_none(row["previous_label"]) for row in rows],
            "topic now": [_or_none(row["label"]) for row in rows],
            "words alike": [percent(row["similarity"]) for row in rows],
            "posts in both": [
                "–" if pd.isna(row["shared_posts"]) else f"{row['shared_posts']:,}" for row in rows
            ],
            "terms gained": [", ".join(map(str, list(row["terms_gained"])[:4])) for row in rows],
        }
    )
    left = len(lineage) - len(rows)
    more = f"{count(left, 'more row is', 'more rows are')} in the table lineage" if left else ""
    return Html(told + show_table(table, caption=more).markup)


def _or_none(label: Any) -> str:
    return "–" if label is None or pd.isna(label) else tidy(str(label))


def show_repeats(
    repeats: pd.DataFrame, coverage: pd.DataFrame | None = None, *, timezone: str = "UTC"
) -> Html:
    """Show the texts that were posted most often: how often, by how many, when first and last.

    With the table `coverage`, it is told how many posts repeat another in all.
    """
    if repeats.empty:
        return Html('<p class="empty">No text was posted twice in this period.</p>')
    rows = _rows(repeats)
    table = pd.DataFrame(
        {
            "as it was posted first": [tidy(row["text"], longest=_LONGEST_TEXT) for row in rows],
            "posts": [f"{row['posts']:,}" for row in rows],
            "authors": [f"{row['authors']:,}" for row in rows],
            "wordings": [f"{row['texts']:,}" for row in rows],
            "first": [_moment(row["first_seen"], timezone) for row in rows],
            "last": [_moment(row["last_seen"], timezone) for row in rows],
        }
    )
    if coverage is None:
        return show_table(table)
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    return show_table(
        table,
        caption=f"{_count_copies(facts)}; {count(len(rows), 'text')}, those posted most often, with the first post of each",
    )


def _count_copies(facts: Mapping[str, Any]) -> str:
    said = count(facts["copies"], "post repeats", "posts repeat")
    return f"{said} the text of another, wholly or nearly"


def _moment(moment: Any, timezone: str) -> str:
    return "" if pd.isna(moment) else f"{moment.astimezone(ZoneInfo(timezone)):%-d %b %Y}"


def show_topic_quality(quality: pd.DataFrame) -> Html:
    """Show what the topics rest on, and how far they can be trusted."""
    rows = [row for row in _rows(quality) if not pd.isna(row["value"])]
    if not any(row["value"] for row in rows):
        return Html('<p class="empty">No topics, so nothing to trust.</p>')
    table = pd.DataFrame(
        {
            "value": [_value(row) for row in rows],
            "of what": [_MEASURES.get(row["measure"], row["measure"]) for row in rows],
        }
    )
    return show_table(table)


def _value(row: Mapping[str, Any]) -> str:
    if row["unit"] == "0 to 1":
        return percent(row["value"])
    return (
        f"{row['value']:.3f}".replace("-", "−")
        if row["unit"] == "−1 to 1"
        else f"{row['value']:,.0f}"
    )


def describe_topic_limits(
    coverage: pd.DataFrame,
    quality: pd.DataFrame,
    emerging: pd.DataFrame,
    gaps: Sequence[str] = (),
    *,
    embedding: str = "lsa",
) -> str:
    """Give what the report cannot tell, as a Markdown list.

    Parameters
    ----------
    coverage, quality, emerging
        Tables of the report.
    gaps
        What the data do not cover.
    embedding
        What places posts.
    """
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    value = dict(zip(quality["measure"], quality["value"].astype(float), strict=True))
    by = (
        f"by {count(facts['authors'], 'known author')}"
        if facts["authors"]
        else "whose authors are not known,"
    )
    lines = [
        f"{count(facts['posts_in_period'], 'post of this period and source was', 'posts of this period and source were')} searched; none was looked at."
        if not facts["posts_looked_at"]
        else f"{count(facts['posts_in_period'], 'post of this period and source was', 'posts of this period and source were')} searched; {facts['posts_looked_at']:,} were looked "
        f"at, {by} in {count(facts['languages'], 'language')}."
    ]
    if facts["without_topic"]:
        share = percent(facts["without_topic"] / max(facts["posts_looked_at"], 1))
        lines.append(
            f"{count(facts['without_topic'], 'post has', 'posts have')} no topic ({share}): they say nothing, or nothing clear."
        )
    if value.get("sample_texts", 0) < value.get("different_texts", 0):
        lines.append(
            f"Topics were found in {value['sample_texts']:,.0f} of {value['different_texts']:,.0f} different texts, drawn evenly over time and "
            "sources; a topic of a few dozen posts may have been missed."
        )
    if not pd.isna(value.get("stability")):
        lines.append(
            f"Found again with another seed, in 4,000 posts at most, topics keep {percent(value['stability'])} of their posts. A topic that is found in pieces "
            "then is a grouping among others that would do as well; one that is found within a larger topic is a part of it that need not stand alone."
        )
    if facts["copies"]:
        lines.append(
            f"{_count_copies(facts)}; they count as posts, and in labels, but make no topic by themselves."
        )
    lines += _describe_growth(emerging)
    lines += [
        "Topics are groups of posts with alike words. Where one ends is a choice: with another number of topics the lines run elsewhere.",
        "One post is in one topic, the most probable; a label is made of terms, not of understanding.",
    ]
    if embedding == "lsa" and facts["languages"] > 1:
        lines.append(
            "Posts in other languages make topics of their own: without a multilingual network (extra `embeddings`) words of two languages never meet."
        )
    if facts["unscored_posts"]:
        lines.append(
            f"{count(facts['unscored_posts'], 'post has', 'posts have')} no sentiment: no method here reads their language. Shares of feelings are as counted, not corrected for errors."
        )
    if facts["quarantined_rows"]:
        lines.append(
            f"{count(facts['quarantined_rows'], 'row')} of the imported files could not be read as posts (table `quarantine`)."
        )
    return "\n".join(f"- {line}" for line in [*lines, *map(as_markdown, gaps)])


def describe_topic_gaps(
    posts: pd.DataFrame,
    since: datetime,
    *,
    days: int,
    timezone: str,
    data: tuple[datetime, datetime] | None,
) -> list[str]:
    """Give sentences about what the data do not cover.

    Parameters
    ----------
    posts
        The posts that were looked at, with `created_at`.
    since, days, timezone
        The period.
    data
        First and last time of the posts of the source.
    """
    if data is None:
        return ["No post of this source has a time."]
    created = pd.DatetimeIndex(posts["created_at"].dropna().astype("datetime64[us, UTC]"))
    local = created[created >= pd.Timestamp(since)].tz_convert(ZoneInfo(timezone))
    silent = days - local.normalize().nunique()
    if silent <= 0:
        return []
    return [
        f"{count(silent, 'day')} of the {days} of the period {'has' if silent == 1 else 'have'} no post.",
        describe_range(data),
    ]


def _describe_growth(emerging: pd.DataFrame) -> list[str]:
    small = int((emerging["status"] == "too_small").sum()) if len(emerging) else 0
    lines = []
    if len(emerging) and emerging["status"].isin([*ROSE, *FELL, "perhaps", "steady"]).any():
        lines.append(
            f"What is usual was learned from {count(emerging['baseline_days'].max(), 'day')} before the period. Of the topics named as growing or "
            "new, one in twenty is so by chance, on average. What is expected of a topic is its own rate of those days and weekdays, times what the other topics "
            "did, in which one that jumps hardly counts: where a single topic fills a day, it is less than the topic's share of all posts."
        )
    if small:
        lines.append(
            f"{count(small, 'topic is', 'topics are')} too small to tell whether {'it' if small == 1 else 'they'} grew."
        )
    return lines


def changed_topics(emerging: pd.DataFrame) -> list[int]:
    """Give the topics that grew, are new, faded or went, what changed most first."""
    ranked = rank_changes(emerging)
    return [int(one) for one in ranked.loc[ranked["status"].isin([*ROSE, *FELL]), "topic"]]


__all__ = [
    "STATUSES",
    "TOPIC_COLUMNS",
    "changed_topics",
    "describe_lineage",
    "describe_topic_gaps",
    "describe_topic_limits",
    "describe_topics",
    "names_of",
    "show_lineage",
    "show_topic_posts",
    "show_topic_quality",
    "show_topics",
]
