"""Sentences, cards and tables of the report `audience`."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from murmuration.audience.choose import APART, STABLE
from murmuration.show.audience_figures import describe_numbers, describe_trait, short_segment
from murmuration.show.posts import Html, show_posts, show_table
from murmuration.show.words import (
    as_markdown,
    count,
    describe_no_mention,
    describe_no_posts,
    describe_quarantine,
    describe_range,
    listing,
    negative_share,
    percent,
    points,
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
# What a trait calls for, where there is much of it and where there is little.
_ADVICE: Mapping[str, tuple[str, str]] = {
    "repost_share": ("Give it something to pass on", "Give it something to write about, as it passes on little"),
    "url_share": ("Offer it links", "Say it in the post itself, not behind a link"),
    "hashtag_share": ("Use hashtags", "Do without hashtags"),
    "text_chars": ("Give it something to read", "Be brief"),
    "emoji_share": ("Use emoji, as it does", "Do without emoji"),
    "question_share": ("Answer what it asks", ""),
    "reply_share": ("Talk with it, as it answers", "Do not wait for its answers"),
    "followers": ("Win it to be heard by many", "Do not count on it to be heard by many"),
    "likes_per_post": ("Take up what it writes, as others like it", ""),
    "reposts_per_post": ("Take up what it writes, as others pass it on", ""),
    "replies_per_post": ("Take up what it writes, as others answer it", ""),
    "active_days": ("Come back to it, as it is there on more days", "Do not build on meeting it again"),
    "posts": ("Come back to it, as it writes more", "Do not build on meeting it again"),
    "repeated_share": ("See whether it is a campaign before answering it", ""),
    "copied_share": ("See whether it is a campaign before answering it", ""),
}  # fmt: skip
_NO_ADVICE = "Nothing that one could act on sets it apart."
_FORMS = 2  # pieces of advice on how to write to a segment
_LEAST_EFFECT = 0.2  # at the nearer end of the interval of a trait that advice rests on
# Of its scored posts are negative, at most, where a segment is asked for recommendations.
_CONTENT = 0.2
_SEEN = ("likes_per_post", "reposts_per_post", "replies_per_post", "views_per_post")
# Of the authors of a new segment came from one earlier one, where the answer says so.
_SPLIT = 0.25
_SPAM = "See whether it is spam before answering it, as it links more and is seen or answered less than others"
_NOTICED = 0.05  # of negative shares, below which a reader would not notice that they differ
_TELLING = 0.1  # share of a segment's authors that a term in advice has, at least
_TIMES = 2.0  # more than in other segments
_CAME = {"came": "came from other segments or none", "arrived": "are new here"}
_STAYED = {"stayed": "stayed", **_CAME}
_LEFT = {"left": "went to other segments or none", "gone": "wrote nothing this time"}
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
    source: str = "",
    period: str = "",
    timezone: str = "UTC",
    sought: Sequence[str] = (),
    choice: pd.DataFrame | None = None,
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
    source, period, timezone, sought
        Key of the source, the period in words, whose days it has, and the words that the brand was looked for by: where there
        is no post they say what was looked for, and where.
    choice
        Table of the report: whether there is doubt about the segments.
    """
    about = f" about {tidy(name)}" if name else ""
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    authors = f"{count(facts['authors'], 'author')} of {count(facts['posts_looked_at'], 'post')}{about}"  # fmt: skip
    if not facts["posts_looked_at"]:
        of = f" of {tidy(source)}" if source else ""
        when = f", {period} ({timezone})" if period else ""
        searched = facts.get("posts_in_period", 0)
        if searched and name:
            return describe_no_mention(name, searched, of, when, data, sought=sought)
        return describe_no_posts(about, of, when, f"The posts{of}", data, timezone=timezone)
    if segments.empty:
        return [
            f"{authors}: too few for a segment that may be shown, which needs 20 authors.",
            *([] if data is None else [describe_range(data)]),
            "Take a longer period, another source, or all brands.",
        ]
    rows = _ranked(segments)
    if len(rows) == 1:
        others = facts.get("authors_in_small_segments", 0)
        if others:
            return [f"{authors}: one segment is large enough to be shown; {count(others, 'author is', 'authors are')} in smaller ones."]  # fmt: skip
        return [f"{authors} make one segment. {_why(choice)}".rstrip()]
    named = [f"{_name(row)} ({percent(row['share'])})" for row in rows[:_NAMED]]
    more = f", and {count(len(rows) - _NAMED, 'smaller one')}" if len(rows) > _NAMED else ""
    sentences = [f"{authors} make {count(len(rows), 'segment')}: {listing(named)}{more}."]
    if doubt := _why(choice):
        sentences.append(doubt)
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
    return [said + (f"; new is {listing([_name_with_origin(row, flows) for row in new[:_NAMED]])}." if new else "; no segment is new."), *ended]  # fmt: skip


def _name_with_origin(row: Mapping[str, Any], flows: pd.DataFrame | None) -> str:
    """Name a new segment, and the earlier one where many of its authors were: a group that split is no loss."""
    if flows is None:
        return _name(row)
    came = flows[(flows["segment"] == row["segment"]) & (flows["previous"] >= 0)].dropna(subset=["authors"])  # fmt: skip
    if came.empty:
        return _name(row)
    top = came.sort_values(["authors", "previous"], ascending=[False, True]).iloc[0]
    if int(top["authors"]) < _SPLIT * int(row["authors"]):
        return _name(row)
    return f"{_name(row)} ({count(int(top['authors']), 'of its authors was', 'of its authors were')} {_name({'name': top['previous_name']})} before)"


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


def show_segments(
    segments: pd.DataFrame, levels: pd.DataFrame, best: pd.DataFrame | None = None
) -> Html:
    """Show all segments beside each other as a table, the largest first.

    Parameters
    ----------
    segments, levels, best
        Tables `segments`, `by_sentiment` and `best_times` of the report; runs without the last told when a segment posts most.
    """
    if segments.empty:
        return Html('<p class="empty">No segment has 20 authors.</p>')
    feels = {row["segment"]: row for row in _rows(levels[are_told(levels)])}
    rows = _ranked(segments)
    times = {} if best is not None and len(rows) == 1 else {_best_times(best, "on"): [_or_none(row["best_times"]) for row in rows]}  # fmt: skip
    table = pd.DataFrame(
        {
            "no.": [row["segment"] for row in rows],
            "segment": [short_segment(str(row["name"]), longest=48) for row in rows],
            "authors": [f"{row['authors']:,}" for row in rows],
            "share": [share_with_interval(row["share"], row["share_low"], row["share_high"]) for row in rows],
            "posts each": [f"{row['posts_per_author']:,.1f}" for row in rows],
            "negative": [negative_share(feels[row["segment"]]) if row["segment"] in feels else "–" for row in rows],
            **times,
            "before": ["–" if pd.isna(row["authors_before"]) else f"{row['authors_before']:,}" for row in rows],
        }
    )  # fmt: skip
    return show_table(
        table, caption="Share: of all authors that were looked at, with its 95 % interval"
    )


def _best_times(best: pd.DataFrame | None, more: str = "") -> str:
    """Say what best times are of: runs without the table named when a segment posts most, whatever the others do."""
    if best is None:
        return "posts most"
    return f"more than others {more}" if more else "posts more than others"


def _or_none(text: Any) -> str:
    return "–" if pd.isna(text) else str(text)


def show_cards(
    segments: pd.DataFrame,
    traits: pd.DataFrame,
    interests: pd.DataFrame,
    levels: pd.DataFrame,
    reading: pd.DataFrame,
    ahead: pd.DataFrame,
    best: pd.DataFrame | None = None,
    *,
    timezone: str = "UTC",
) -> Html:
    """Show a card for each segment, the largest first.

    Parameters
    ----------
    segments, traits, interests, levels, reading, ahead
        Tables of the report; `reading` with handles masked as wished.
    best
        Table `best_times`; runs without it told when a segment posts most.
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
            *_fact_lines(row, feels.get(one), best),
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
            terms = [f"{html.escape(_listed(row))} ({percent(row['share'])}{_against(row)})" for row in rows]  # fmt: skip
            lines.append(f"{said}: {', '.join(terms)}")
    return lines


def _ahead_lines(ahead: pd.DataFrame) -> list[str]:
    terms = [html.escape(_listed(row)) for row in _rows(ahead.sort_values("rank"))]
    return [f"may care for next, as authors like them do: {', '.join(terms)}"] if terms else []


def _listed(row: Mapping[str, Any]) -> str:
    """Give a term for a list with commas, which names of topics have themselves."""
    term = tidy(str(row["term"]), longest=40)
    return f"“{term}”" if row["kind"] == "topics" else term


def _against(row: Mapping[str, Any]) -> str:
    return f", others {percent(row['share_rest'])}"


def _fact_lines(
    row: Mapping[str, Any], level: Mapping[str, Any] | None, best: pd.DataFrame | None
) -> list[str]:
    lines = []
    if level is not None:
        lines.append(
            f"feels: {negative_share(level)} of its scored posts negative, mean {score(level['mean'])}"
        )
    if not pd.isna(row["best_times"]):
        lines.append(f"{_best_times(best)}: {html.escape(str(row['best_times']))}")
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
    came = _say_moves(row, _CAME)
    if row["status"] == "new":
        return f"since last time: new; {came}" if came else "since last time: new"
    moved = f"since last time: {int(row['authors_before']):,} → {int(row['authors']):,} authors; {_say_moves(row, _STAYED)}; {_say_moves(row, _LEFT)}"
    renamed = not pd.isna(row["name_before"]) and str(row["name_before"]) != str(row["name"])
    return moved + (f"; was called {html.escape(quoted([str(row['name_before'])]))}" if renamed else "")  # fmt: skip


def _say_moves(row: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Say what became of its authors; tables of older versions do not count who was not there before, or is not there any more."""
    return ", ".join(f"{_or_few(row[name])} {words}" for name, words in said.items() if name in row)


def _or_few(authors: Any) -> str:
    """Give a number of authors; null is one that is not told, as it or another is too small."""
    if pd.isna(authors):
        return "some"
    return f"{int(authors):,}"


def advise_segments(
    segments: pd.DataFrame,
    traits: pd.DataFrame,
    interests: pd.DataFrame,
    levels: pd.DataFrame,
    best: pd.DataFrame | None,
    *,
    timezone: str = "UTC",
) -> str:
    """Say what can be done with each segment, and what speaks for it, as Markdown.

    Parameters
    ----------
    segments, traits, interests, levels, best
        Tables of the report; `best` is `best_times`, None where a run of an older version has none.
    timezone
        Whose clock its hours are of.
    """
    if segments.empty:
        return ""
    whole = float(levels["negative"].sum()) / max(float(levels["scored"].sum()), 1) if len(levels) else 0.0  # fmt: skip
    feels = {row["segment"]: row for row in _rows(levels[are_told(levels)])}
    lines = []
    for row in _ranked(segments):
        one = row["segment"]
        advice = [
            *_speak(interests[interests["segment"] == one]),
            *([] if best is None else _reach(best[best["segment"] == one])),
            *_write(traits[traits["segment"] == one]),
            *_mend(feels.get(one), whole, interests[interests["segment"] == one]),
        ]
        name = as_markdown(short_segment(str(row["name"]), longest=60))
        lines += [f"**{name}**", "", *(f"- {as_markdown(said)}" for said in advice or [_NO_ADVICE]), ""]  # fmt: skip
    times = "" if best is None else _say_times(segments, best, timezone)
    return "\n".join([*lines, times])


def _say_times(segments: pd.DataFrame, best: pd.DataFrame, timezone: str) -> str:
    without = len(set(segments["segment"]) - set(best["segment"]))
    if len(segments) > 1 and without == len(segments):
        return "No day and no hour stands out for a segment: when they post differs by no more than chance, or by too little to matter."
    said = [f"Days and hours are those of {timezone}."] if len(best) else []
    if len(segments) > 1 and without:
        said.append(f"For {count(without, 'segment')} no day and no hour stands out.")
    return as_markdown(" ".join(said))


def _reach(best: pd.DataFrame) -> list[str]:
    rows = _rows(best.sort_values("rank"))
    if not rows:
        return []
    when = [f"on {row['time']} ({_more(row)})" if row["kind"] == "day" else f"at {row['time']} ({_more(row)})" for row in rows]  # fmt: skip
    return [f"Reach it {listing(when)}."]


def _more(row: Mapping[str, Any]) -> str:
    ends = " to ".join(points(row[f"difference_{end}"]) for end in ("low", "high"))
    return f"{percent(row['share'])} of what its authors post, others {percent(row['share_rest'])}: {points(row['difference'])} points, {ends}"


def _speak(interests: pd.DataFrame) -> list[str]:
    clear = (interests["share"] >= _TELLING) & (interests["share"] >= _TIMES * interests["share_rest"])  # fmt: skip
    known = interests[clear & interests["kind"].isin(["topics", "hashtags", "communities"])]
    rows = _rows(known.sort_values(["z", "term"], ascending=[False, True]).head(_NAMED))
    said = [f"{_term(row)} ({share_with_interval(row['share'], row['share_low'], row['share_high'])} of its authors, others {percent(row['share_rest'])})" for row in rows]  # fmt: skip
    return [f"Speak of {listing(said)}."] if said else []


def _term(row: Mapping[str, Any]) -> str:
    term = tidy(str(row["term"]), longest=40)
    return f"#{term}" if row["kind"] == "hashtags" else f"“{term}”"


def _write(traits: pd.DataFrame) -> list[str]:
    """Give what follows from how its authors write, from the traits that tell most."""
    told: dict[str, str] = {}  # by what is advised, whatever the reason
    low = traits.loc[traits["effect_high"] <= -_LEAST_EFFECT, "feature"]
    suspect = low.isin(_SEEN).any()
    for row in _rows(traits.sort_values("rank")):
        near = min(abs(row["effect_low"]), abs(row["effect_high"]))
        advice = _ADVICE.get(str(row["feature"]), ("", ""))[int(row["effect"] < 0)]
        if suspect and row["feature"] == "url_share" and row["effect"] > 0:
            advice = _SPAM
        if advice and near >= _LEAST_EFFECT:
            told.setdefault(advice.partition(",")[0], f"{advice}: {describe_numbers(row)}.")
    return list(told.values())[:_FORMS]


def _mend(level: Mapping[str, Any] | None, whole: float, interests: pd.DataFrame) -> list[str]:
    if level is None or pd.isna(level["negative_low"]):
        return []
    numbers = f"{negative_share(level)} of its scored posts are negative, {percent(whole)} of all"
    if level["negative_share"] - whole >= _NOTICED and level["negative_low"] > whole:
        known = interests[interests["kind"] == "words"].sort_values(["z", "term"], ascending=[False, True])  # fmt: skip
        words = known["term"].head(_NAMED)
        said = f" (more than others it writes of {listing([f'“{tidy(str(word))}”' for word in words])})" if len(words) else ""  # fmt: skip
        return [f"Mend what makes it unhappy before selling to it{said}: {numbers}."]
    content = whole - level["negative_share"] >= _NOTICED and level["negative_high"] < whole
    return [f"Ask it for recommendations: {numbers}."] if content and level["negative_share"] <= _CONTENT else []  # fmt: skip


def show_audience_quality(quality: pd.DataFrame) -> Html:
    """Show what the segments rest on, and how far they can be trusted."""
    rows = [row for row in _rows(quality) if not pd.isna(row["value"])]
    if not any(row["measure"] == "authors" and row["value"] for row in rows):
        return Html('<p class="empty">No author was looked at.</p>')
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
    if why := _why(choice):
        return Html(f'<p class="empty">{html.escape(why)}</p>')
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
        caption=f"The largest number is taken whose stability is {STABLE:.2f} or more and whose two nearest segments share {percent(APART)} of the votes or less",
    )  # fmt: skip


def _why(choice: pd.DataFrame | None) -> str:
    """Give why there is one segment, or why there may be no more; empty where that is not known."""
    return " ".join(choice["why"].dropna()) if choice is not None and "why" in choice else ""


def describe_choice(choice: pd.DataFrame) -> str:
    """Say in a sentence what decided how many segments there are; nothing where that was told.

    Parameters
    ----------
    choice
        Table of the report.
    """
    if choice.empty or not choice["chosen"].any():
        return ""
    rows = _rows(choice.sort_values("n_segments"))
    at = next(place for place, row in enumerate(rows) if row["chosen"])
    if _why(choice) or rows[at]["n_segments"] < 2:  # then nothing was tried
        return ""
    chosen, missed = rows[at], _miss(rows[at])
    number = count(chosen["n_segments"], "segment")
    if missed:
        return f"No number meets both limits; {number} come nearest, where {listing(missed)}."
    if at == len(rows) - 1:
        return f"It is {number}, the largest number that was tried and whose segments have enough authors; both limits are met."
    more = rows[at + 1]
    return f"It is {number}, as no larger number meets both limits: with {more['n_segments']}, {listing(_miss(more))}."


def _miss(row: Mapping[str, Any]) -> list[str]:
    """Say which limits a number of segments misses."""
    missed = []
    if not row["stability"] >= STABLE:
        again = f"{row['stability']:.2f}".replace("-", "−")
        missed.append(f"segments do not come out again well enough (stability {again}, needed {STABLE:.2f})")  # fmt: skip
    if not row["shared"] <= APART:
        missed.append(f"the two nearest segments share too many votes ({percent(row['shared'])}, allowed {percent(APART)})")  # fmt: skip
    return missed


def describe_audience_limits(
    coverage: pd.DataFrame,
    quality: pd.DataFrame,
    forbids: Sequence[str],
    gaps: Sequence[str] = (),
    *,
    choice: pd.DataFrame | None = None,
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
    choice
        Table of the report; where it says why there is one segment, that is pointed to.
    """
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    if not facts["posts_looked_at"]:
        said = count(facts["posts_in_period"], "post of this period and source was", "posts of this period and source were")  # fmt: skip
        lines = [f"{said} searched; none was looked at."]
        return "\n".join(f"- {as_markdown(line)}" for line in [*lines, *describe_quarantine(facts)])
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
    if value.get("segments") == 1 and _why(choice):
        lines.append("All authors are one segment; “How far this can be trusted” says why.")
    if value.get("sample_authors", 0) < value.get("authors", 0):
        lines.append(
            f"Segments were found in {value['sample_authors']:,.0f} of {value['authors']:,.0f} authors; all others were assigned."
        )
    lines += [
        "Segments are of people who post, not of customers: who reads and never writes is not in them.",
        "Where one segment ends is a choice: with another number of segments the lines run elsewhere.",
        "Effects are against the other segments, not against everybody; small differences of many authors are clear, yet small. Values of traits are drawn to "
        "what is usual where an author has few posts; how a segment feels and when it posts is counted over all its posts, so these may differ.",
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
    lines += describe_quarantine(facts)
    return "\n".join(f"- {as_markdown(line)}" for line in [*lines, *gaps])
