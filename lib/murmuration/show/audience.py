"""Sentences, cards and tables of the report `audience`."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from murmuration.show.audience_figures import describe_trait, short_segment
from murmuration.show.posts import Html, show_posts, show_table
from murmuration.show.words import (
    as_markdown,
    count,
    describe_range,
    listing,
    negative_share,
    percent,
    quoted,
    score,
    share_with_interval,
    tidy,
)
from murmuration.trends import are_told

# What the report reads of a post.
AUDIENCE_COLUMNS = [
    "source", "post_id", "kind", "created_at", "author_key", "text", "title", "lang", "url", "hashtags", "mention_keys", "urls", "community",
    "place_name", "like_count", "repost_count", "reply_count", "quote_count", "view_count", "score", "author_followers",
]  # fmt: skip
_NAMED = 3  # segments that a sentence names
_OPEN = 3  # cards that are open
_TERMS = 8
_LEAST_FIT = 0.5  # of a rule's precision and recall, below which it is no rule to act on
_KINDS = {
    "topics": "topics", "hashtags": "hashtags", "communities": "communities", "domains": "sites", "words": "words",
}  # fmt: skip
_MEASURES = {
    "segments": "segments", "authors": "authors that were looked at", "sample_authors": "authors that segments were found in (all others were assigned)",
    "left_out": "authors that fit nowhere", "set_aside": "authors set apart as bots or spam",
    "strength": "mean strength: share of the votes that are for an author’s segment",
    "rule_precision": "authors who meet a rule that are in its segment, mean", "rule_recall": "authors of a segment who meet its rule, mean",
    "stability": "stability: agreement of segments found in two samples of the authors (adjusted Rand index)",
    "jaccard": "overlap of segments with those of a sample (Jaccard)", "separation": "separation: mean silhouette",
    "shared": "votes that put authors of the two nearest segments together",
}  # fmt: skip
_STATUS = {"first": "", "continued": "goes on", "new": "new"}

Records = Sequence[Mapping[str, Any]]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _ranked(segments: pd.DataFrame) -> list[dict[str, Any]]:
    return _rows(segments.sort_values(["authors", "segment"], ascending=[False, True]))


def _name(row: Mapping[str, Any]) -> str:
    return quoted([short_segment(str(row["name"]), longest=40)])


def describe_audience(
    segments: pd.DataFrame,
    levels: pd.DataFrame,
    coverage: pd.DataFrame,
    flows: pd.DataFrame | None = None,
    *,
    name: str = "",
    data: tuple[datetime, datetime] | None = None,
) -> list[str]:
    """Give the answer of the report: who the audience is, what tells it, who is unhappy, what moved.

    Parameters
    ----------
    segments, levels, coverage, flows
        Tables `segments`, `by_sentiment`, `coverage` and, where there was an earlier run, `flows` of the report.
    name
        Name of the brand that posts are about; nothing for all posts.
    data
        First and last time of the posts of the source, if they have one; told where there is no segment.
    """
    about = f" about {tidy(name)}" if name else ""
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    authors = f"{count(facts['authors'], 'author')} of {count(facts['posts_looked_at'], 'post')}{about}"  # fmt: skip
    if segments.empty:
        return [
            f"{authors}: too few for a segment that may be shown, which needs 20 authors.",
            *([] if data is None else [describe_range(data)]),
            "Take a longer period, another source, or all brands.",
        ]
    rows = _ranked(segments)
    if len(rows) == 1:
        return [f"{authors} make one segment: nothing tells groups of them apart."]
    named = [f"{_name(row)} ({percent(row['share'])})" for row in rows[:_NAMED]]
    more = f", and {count(len(rows) - _NAMED, 'smaller one')}" if len(rows) > _NAMED else ""
    sentences = [f"{authors} make {count(len(rows), 'segment')}: {listing(named)}{more}."]
    sentences += _busiest(rows) + _unhappy(rows, levels) + _moved(rows, flows)
    return sentences


def _busiest(rows: Records) -> list[str]:
    posts = sum(int(row["posts"]) for row in rows)
    top = max(rows, key=lambda row: (row["posts_per_author"], -row["segment"]))
    share = int(top["posts"]) / max(posts, 1)
    if share < 1.5 * top["share"]:
        return ["No segment writes much more than its share of the authors."]
    return [
        f"{_name(top)} writes most: {percent(top['share'])} of the authors, {percent(share)} of the posts of all segments."
    ]


def _unhappy(rows: Records, levels: pd.DataFrame) -> list[str]:
    known = levels[are_told(levels)]
    if known.empty:
        return []
    whole = float(levels["negative"].sum()) / max(float(levels["scored"].sum()), 1)
    worse = known[(known["negative_low"] > whole).fillna(False).to_numpy(bool)]
    if worse.empty:
        return [f"No segment is clearly more negative than all together ({percent(whole)})."]
    worst = worse.iloc[int(worse["negative_share"].to_numpy(float).argmax())]
    named = {row["segment"]: _name(row) for row in rows}
    share = negative_share(worst.to_dict())
    return [
        f"Unhappiest is {named.get(int(worst['segment']), 'one of them')}: {share} of its scored posts are negative, against {percent(whole)} of all."
    ]


def _moved(rows: Records, flows: pd.DataFrame | None) -> list[str]:
    known = [row for row in rows if row["status"] == "continued"]
    ended = _ended(rows, flows)
    if not known:
        return ended
    new = [row for row in rows if row["status"] == "new"]
    most = max(known, key=lambda row: abs(_growth(row)))
    before, now = int(most["authors_before"]), int(most["authors"])
    said = f"Since the last run {_name(most)} went from {before:,} to {count(now, 'author')}"
    return [said + (f"; new is {listing([_name(row) for row in new[:_NAMED]])}." if new else "; no segment is new."), *ended]  # fmt: skip


def _ended(rows: Records, flows: pd.DataFrame | None) -> list[str]:
    """Name the segments of the earlier run that there are no more."""
    if flows is None:
        return []
    gone = flows[
        (flows["previous"] >= 0) & ~flows["previous"].isin([row["segment"] for row in rows])
    ]
    names = [_name({"name": name}) for name in dict.fromkeys(gone["previous_name"].dropna())]
    return (
        [f"Of the earlier segments, {listing(names)} {'is' if len(names) == 1 else 'are'} no more."]
        if names
        else []
    )


def _growth(row: Mapping[str, Any]) -> float:
    before = row["authors_before"]
    return 0.0 if pd.isna(before) or not before else (int(row["authors"]) - int(before)) / int(before)  # fmt: skip


def show_segments(segments: pd.DataFrame, levels: pd.DataFrame) -> Html:
    """Show all segments beside each other as a table, the largest first.

    Parameters
    ----------
    segments, levels
        Tables `segments` and `by_sentiment` of the report.
    """
    if segments.empty:
        return Html('<p class="empty">No segment has 20 authors.</p>')
    feels = {row["segment"]: row for row in _rows(levels[are_told(levels)])}
    rows = _ranked(segments)
    table = pd.DataFrame(
        {
            "no.": [row["segment"] for row in rows],
            "segment": [short_segment(str(row["name"]), longest=48) for row in rows],
            "authors": [f"{row['authors']:,}" for row in rows],
            "share": [share_with_interval(row["share"], row["share_low"], row["share_high"]) for row in rows],
            "posts each": [f"{row['posts_per_author']:,.1f}" for row in rows],
            "negative": [negative_share(feels[row["segment"]]) if row["segment"] in feels else "–" for row in rows],
            "posts most": [_or_none(row["best_times"]) for row in rows],
            "before": ["–" if pd.isna(row["authors_before"]) else f"{row['authors_before']:,}" for row in rows],
        }
    )  # fmt: skip
    return show_table(
        table, caption="Share: of all authors that were looked at, with its 95 % interval"
    )


def _or_none(text: Any) -> str:
    return "–" if pd.isna(text) else str(text)


def show_cards(
    segments: pd.DataFrame,
    traits: pd.DataFrame,
    interests: pd.DataFrame,
    levels: pd.DataFrame,
    reading: pd.DataFrame,
    ahead: pd.DataFrame,
    *,
    timezone: str = "UTC",
) -> Html:
    """Show a card for each segment, the largest first.

    Parameters
    ----------
    segments, traits, interests, levels, reading, ahead
        Tables of the report; `reading` with handles masked as wished.
    timezone
        Whose clock is shown.
    """
    if segments.empty:
        return Html('<p class="empty">No segment has 20 authors.</p>')
    feels = {row["segment"]: row for row in _rows(levels[are_told(levels)])}
    cards = []
    for place, row in enumerate(_ranked(segments)):
        one = row["segment"]
        lines = [
            *_trait_lines(traits[traits["segment"] == one]),
            *_interest_lines(interests[interests["segment"] == one]),
            *_ahead_lines(ahead[ahead["segment"] == one]),
            *_fact_lines(row, feels.get(one)),
        ]
        posts = show_posts(reading[reading["segment"] == one].sort_values("rank"), timezone=timezone, empty="No posts that may be shown.").markup  # fmt: skip
        facts = f"{count(row['authors'], 'author')}, {percent(row['share'])}"
        cards.append(
            f"<details{' open' if place < _OPEN else ''}><summary><strong>{html.escape(tidy(str(row['name']), longest=120))}</strong> · {facts}</summary>"
            f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>{posts}</details>"
        )
    return Html("".join(cards))


def _trait_lines(traits: pd.DataFrame) -> list[str]:
    return [html.escape(describe_trait(row)) for row in _rows(traits.sort_values("rank"))]


def _interest_lines(interests: pd.DataFrame) -> list[str]:
    lines = []
    for kind, said in _KINDS.items():
        rows = _rows(interests[interests["kind"] == kind].sort_values("rank").head(_TERMS))
        if rows:
            terms = [f"{html.escape(tidy(str(row['term']), longest=40))} ({percent(row['share'])}{_against(row)})" for row in rows]  # fmt: skip
            lines.append(f"{said}: {', '.join(terms)}")
    return lines


def _ahead_lines(ahead: pd.DataFrame) -> list[str]:
    terms = [html.escape(tidy(str(term), longest=40)) for term in ahead.sort_values("rank")["term"]]
    return [f"may care for next, as authors like them do: {', '.join(terms)}"] if terms else []


def _against(row: Mapping[str, Any]) -> str:
    return f", others {percent(row['share_rest'])}"


def _fact_lines(row: Mapping[str, Any], level: Mapping[str, Any] | None) -> list[str]:
    lines = []
    if level is not None:
        lines.append(
            f"feels: {negative_share(level)} of its scored posts negative, mean {score(level['mean'])}"
        )
    if not pd.isna(row["best_times"]):
        lines.append(f"posts most: {html.escape(str(row['best_times']))}")
    if len(row["langs"]):
        lines.append(f"languages: {html.escape(', '.join(map(str, row['langs'])))}")
    if not pd.isna(row["rule"]):
        lines.append(f"rule: {html.escape(tidy(str(row['rule']), longest=240))} – {_fidelity(row)}")
    if row["status"] != "first":
        lines.append(_what_moved(row))
    return lines


def _fidelity(row: Mapping[str, Any]) -> str:
    return f"{percent(row['rule_precision'])} of those who meet it are in the segment, {percent(row['rule_recall'])} of the segment meet it"


def _what_moved(row: Mapping[str, Any]) -> str:
    if row["status"] == "new":
        return "since last time: new"
    stayed, came, left = (_or_few(row[name]) for name in ("stayed", "came", "left"))
    moved = (
        f"since last time: {int(row['authors_before']):,} → {int(row['authors']):,} authors; {stayed} stayed, {came} came from elsewhere, "
        f"{left} left"
    )
    renamed = not pd.isna(row["name_before"]) and str(row["name_before"]) != str(row["name"])
    return moved + (f"; was called {html.escape(quoted([str(row['name_before'])]))}" if renamed else "")  # fmt: skip


def _or_few(authors: Any) -> str:
    """Give a number of authors; null stands for too few to be told."""
    if pd.isna(authors):
        return "a few"
    return f"{int(authors):,}" if authors else "none"


def advise_segments(segments: pd.DataFrame, interests: pd.DataFrame, levels: pd.DataFrame) -> str:
    """Say what can be done with each segment, as a Markdown list.

    Parameters
    ----------
    segments, interests, levels
        Tables of the report.
    """  # fmt: skip
    if segments.empty:
        return "Nothing can be advised without segments."
    whole = float(levels["negative"].sum()) / max(float(levels["scored"].sum()), 1) if len(levels) else 0.0  # fmt: skip
    feels = {row["segment"]: row for row in _rows(levels[are_told(levels)])}
    lines = []
    for row in _ranked(segments):
        own = interests[
            (interests["segment"] == row["segment"])
            & (interests["kind"].isin(["topics", "hashtags", "communities"]))
        ]
        advice = [
            *_reach(row),
            *_speak(own),
            *_mend(feels.get(row["segment"]), whole),
            *_target(row),
        ]
        if advice:
            lines.append(f"- **{as_markdown(short_segment(str(row['name']), longest=60))}**: {as_markdown('; '.join(advice))}.")  # fmt: skip
    return "\n".join(lines) or "No segment differs enough to advise anything."


def _reach(row: Mapping[str, Any]) -> list[str]:
    return [] if pd.isna(row["best_times"]) else [f"reach it on {row['best_times']}"]


def _speak(interests: pd.DataFrame) -> list[str]:
    terms = interests.sort_values(["z", "term"], ascending=[False, True])["term"].head(_NAMED)
    return [f"speak of {quoted([str(term) for term in terms])}"] if len(terms) else []


def _mend(level: Mapping[str, Any] | None, whole: float) -> list[str]:
    if level is None or pd.isna(level["negative_low"]):
        return []
    if level["negative_low"] > whole:
        return ["find out what makes it unhappy before selling to it"]
    return ["a good place to ask for recommendations"] if level["negative_high"] < whole else []


def _target(row: Mapping[str, Any]) -> list[str]:
    sure = min(row["rule_precision"], row["rule_recall"]) if not pd.isna(row["rule"]) else 0.0
    return ["its rule is sure enough to address it by"] if sure >= _LEAST_FIT else []


def show_audience_quality(quality: pd.DataFrame) -> Html:
    """Show what the segments rest on, and how far they can be trusted."""
    rows = [row for row in _rows(quality) if not pd.isna(row["value"])]
    return show_table(
        pd.DataFrame(
            {
                "value": [_value(row) for row in rows],
                "of what": [_MEASURES.get(row["measure"], row["measure"]) for row in rows],
            }
        )
    )


def _value(row: Mapping[str, Any]) -> str:
    if row["unit"] == "0 to 1":
        return percent(row["value"])
    return f"{row['value']:.2f}".replace("-", "−") if row["unit"] == "−1 to 1" else f"{row['value']:,.0f}"  # fmt: skip


def show_choice(choice: pd.DataFrame) -> Html:
    """Show what spoke for the number of segments."""
    if choice.empty:
        return Html('<p class="empty">The number of segments was told, or there is one only.</p>')
    rows = _rows(choice.sort_values("n_segments"))
    return show_table(
        pd.DataFrame(
            {
                "segments": [f"{row['n_segments']}{' (chosen)' if row['chosen'] else ''}" for row in rows],
                "stability": [f"{row['stability']:.2f}".replace("-", "−") for row in rows],
                "overlap": [percent(row["jaccard"]) for row in rows],
                "separation": [f"{row['separation']:.2f}".replace("-", "−") for row in rows],
                "votes shared": [percent(row["shared"]) for row in rows],
                "smallest": [count(row["smallest"], "author") for row in rows],
            }
        ),
        caption="The largest number whose segments come out again and lie apart is taken",
    )  # fmt: skip


def describe_audience_limits(
    coverage: pd.DataFrame, quality: pd.DataFrame, forbids: Sequence[str], gaps: Sequence[str] = ()
) -> str:
    """Give what the report cannot tell, as a Markdown list.

    Parameters
    ----------
    coverage, quality
        Tables of the report.
    forbids
        What the policy of the source forbids to name.
    gaps
        What the data do not cover.
    """
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    value = dict(zip(quality["measure"], quality["value"].astype(float), strict=True))
    lines = [
        f"{count(facts['posts_in_period'], 'post of this period and source was', 'posts of this period and source were')} searched; {facts['posts_looked_at']:,} were looked at, by "
        f"{count(facts['authors'], 'author')}.",
        f"{count(facts['authors_with_one_post'], 'author has', 'authors have')} one post only: what is said of them is mostly what is usual.",
    ]
    if facts["posts_without_author"]:
        lines.append(
            f"{count(facts['posts_without_author'], 'post names', 'posts name')} no author and could not be used."
        )
    aside = {
        item.removeprefix("set_aside_"): n
        for item, n in facts.items()
        if item.startswith("set_aside_")
    }
    for rule, n in aside.items():
        lines.append(
            f"{count(n, 'author was', 'authors were')} set apart as a bot or spam: {rule.replace('_', ' ')}."
        )
    if facts["authors_left_out"] or facts["authors_in_small_segments"]:
        lines.append(
            f"{count(facts['authors_left_out'], 'author fits', 'authors fit')} no segment; {count(facts['authors_in_small_segments'], 'author is', 'authors are')} in "
            "groups too small to be shown."
        )
    if value.get("sample_authors", 0) < value.get("authors", 0):
        lines.append(
            f"Segments were found in {value['sample_authors']:,.0f} of {value['authors']:,.0f} authors; all others were assigned."
        )
    lines += [
        "Segments are of people who post, not of customers: who reads and never writes is not in them.",
        "Where one segment ends is a choice: with another number of segments the lines run elsewhere.",
        "Effects are against the other segments, not against everybody; small differences of many authors are clear, yet small. Values of traits are drawn to "
        "what is usual where an author has few posts.",
        "Shares of feelings are as counted, not corrected for the errors of the method, which may be large: brand_health says how large.",
    ]
    if forbids:
        lines.append(
            f"The policy of the source forbids to tell people apart by {listing(list(forbids))}: terms that a list of words knows are neither "
            "shown nor used. One that it does not know may have come through, and posts are shown in the authors’ own words."
        )
    if facts["unscored_posts"]:
        lines.append(
            f"{count(facts['unscored_posts'], 'post has', 'posts have')} no sentiment: no method here reads their language."
        )
    if facts["quarantined_rows"]:
        lines.append(
            f"{count(facts['quarantined_rows'], 'row')} of the imported files could not be read as posts (table `quarantine`)."
        )
    return "\n".join(f"- {as_markdown(line)}" for line in [*lines, *gaps])
