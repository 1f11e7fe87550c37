"""Figures and sentences of the report `brand_health`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from murmuration.sentiment.names import TOWARDS, VADER, is_vader
from murmuration.show.posts import Html, show_table
from murmuration.show.words import (
    as_markdown,
    count,
    describe_no_mention,
    describe_no_posts,
    describe_quarantine,
    describe_range,
    listing,
    percent,
    points,
    quoted,
    score,
    share_with_interval,
    step,
    tidy,
)
from murmuration.trends import Bucket, compare_levels, find_bucket, find_worst_period

Names = Mapping[str, str]

# What the report reads of a post.
COLUMNS = [
    "source", "post_id", "created_at", "author_key", "text", "title", "lang", "url", "like_count", "repost_count",
    "reply_count", "quote_count", "score",
]  # fmt: skip

_VADER = "VADER"
_WIDE = 0.5  # an interval that says next to nothing
_GONE = 0.005  # a share that is shown as none
_MOST_PLACES = 2  # that a sentence names
_LEVEL_COLUMNS = ["posts", "scored", "negative", "positive", "mean"]


def describe_health(
    levels: pd.DataFrame,
    over_time: pd.DataFrame,
    terms: pd.DataFrame,
    *,
    shares: pd.DataFrame,
    methods: pd.DataFrame,
    names: Names,
    brand: str,
    timezone: str,
    data: tuple[datetime, datetime] | None = None,
    alerted: bool = False,
    searched: int = 0,
    source: str = "",
    period: str = "",
    sought: Sequence[str] = (),
) -> list[str]:
    """Give the answer of the report in four sentences: how people feel, what moved, the competitors, another measure.

    How they feel is what is estimated where that can be told, as what is counted is off; the other of the two comes last.

    Parameters
    ----------
    levels
        Table `by_brand`.
    over_time
        Table `over_time`.
    terms
        Table `terms`.
    shares
        Table `shares`.
    methods
        Table `methods`.
    names
        Key to name of every brand compared.
    brand
        Key of the brand the report is about.
    timezone
        Whose days are meant.
    data
        First and last time of the posts of the source, if they have one.
    alerted
        Whether an alert is told before.
    searched, source, period, sought
        How many posts the period has, key of the source, the period in words, and the words that the brand was looked for by:
        where there is no post they say what was looked for, and where.
    """
    shown = {key: tidy(name) for key, name in names.items()}
    this = _row(levels, brand, "this")
    if this is None or not this["scored"]:
        of = f" of {tidy(source)}" if source else ""
        when = f", {period} ({timezone})" if period else ""
        if this is None or not this["posts"]:
            return (
                describe_no_mention(shown[brand], searched, of, when, data, sought=sought)
                if searched
                else describe_no_posts(
                    f" about {shown[brand]}", of, when, f"The posts{of}", data, timezone=timezone
                )
            )
        return _describe_unscored(this, shown[brand])
    estimated = shares_of(shares, brand)
    level = _level_sentence(this, _row(levels, brand, "before"), shown[brand], methods)
    corrected = _corrected_sentence(estimated, methods, shown[brand])
    mine = over_time[over_time["brand"] == brand]
    moved = _moved_sentence(mine, terms, timezone, alerted=alerted)
    rivals = _rivals_sentence(levels, shown, brand)
    # Home shows three: whether it became worse, and what stood out, are among them.
    told = _is_told(estimated)
    return [corrected, level, moved, rivals] if told else [level, moved, rivals, corrected]


def _describe_unscored(this: Mapping[str, Any], name: str) -> list[str]:
    return [
        f"{count(this['posts'], 'post mentions', 'posts mention')} {name}, but none could be scored: no "
        "method here reads their language.",
        "The page says under By language what they are written in.",
    ]


def _row(levels: pd.DataFrame, brand: str, period: str) -> dict[str, Any] | None:
    rows = levels[(levels["brand"] == brand) & (levels["period"] == period)]
    return next(iter(_records(rows)), None)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _level_sentence(
    this: Mapping[str, Any], before: Mapping[str, Any] | None, name: str, methods: pd.DataFrame
) -> str:
    level = _level(this, name, methods)
    if before is None or not before["scored"]:
        return f"{level}; there are no posts from the period before to compare with."
    change = compare_levels(before, this)
    if change is None:
        return f"{level}; too few posts or authors to compare with the period before."
    was = percent(before["negative_share"])
    if change.direction == "unclear":
        return f"{level}; that is no clear change from the period before, when {was} were negative."
    word = "more" if change.direction == "up" else "less"
    return (
        f"{level}; that is {word} negative than in the period before ({was}; {points(change.difference)} points, "
        f"{points(change.low)} to {points(change.high)})."
    )


def _level(this: Mapping[str, Any], name: str, methods: pd.DataFrame) -> str:
    scale = f"{score(this['mean'])} on a scale from −1 to 1"
    if this["scored"] == 1:
        side = next(side for side in ("negative", "neutral", "positive") if this[side])
        return f"The only scored post about {name} is {side} (sentiment {scale})"
    share = share_with_interval(this["negative_share"], this["negative_low"], this["negative_high"])
    towards = " towards it" if _judge_parts(methods) else ""
    return (
        f"Of {count(this['scored'], 'scored post')} about {name}, {share} are negative and "
        f"{percent(this['positive_share'])} positive{towards} by {listing(_judges(methods))} (mean sentiment {scale})"
    )


def _judges(methods: pd.DataFrame) -> list[str]:
    return [f"{who}'s list of words" if who == _VADER else who for who in _names_of(methods)]


def _names_of(methods: pd.DataFrame) -> list[str]:
    """Name the methods that scored posts: “VADER”, “the model english-0a1b2c3d”."""
    judges = methods["method"].str.removesuffix(TOWARDS)
    names = [
        _VADER if name == VADER or is_vader(name) else f"the model {tidy(name)}" for name in judges
    ]
    return list(dict.fromkeys(names)) or [_VADER]


def _judge_parts(methods: pd.DataFrame) -> bool:
    """Whether it was judged what posts say of each brand, not how they feel as a whole."""
    return bool(methods["method"].str.endswith(TOWARDS).any())


def _about(methods: pd.DataFrame) -> str:
    return " about what a post says of one brand" if _judge_parts(methods) else ""


def known_methods(methods: pd.DataFrame) -> pd.DataFrame:
    """Give the methods whose errors are known: posts of the others are not in the table `shares`."""
    return methods[methods["measured_on"].notna()]


def shares_of(shares: pd.DataFrame, brand: str) -> dict[str, dict[str, Any]]:
    """Give the rows of the table `shares` about a brand in this period, by label; those with an estimate."""
    rows = shares[
        (shares["brand"] == brand) & (shares["period"] == "this") & shares["share"].notna()
    ]
    return {row["label"]: row for row in _records(rows)}


def name_methods(methods: pd.DataFrame) -> str:
    """Begin a sentence about what methods do: “VADER calls”."""
    who = _names_of(methods)
    return f"{_capital(listing(who))} {'calls' if len(who) == 1 else 'call'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _correction(methods: pd.DataFrame) -> str:
    """Say what estimated shares are corrected for: “corrected for how often VADER errs”."""
    who = _names_of(methods)
    return f"corrected for how often {listing(who)} {'errs' if len(who) == 1 else 'err'}"


def _is_told(mine: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the known errors tell how many posts are negative."""
    return bool(mine) and not _is_wide(mine["negative"]) and is_explained(mine.values())


def _is_wide(row: Mapping[str, Any]) -> bool:
    return bool(row["high"] - row["low"] > _WIDE)


def _corrected_sentence(
    mine: Mapping[str, Mapping[str, Any]], methods: pd.DataFrame, name: str
) -> str:
    if not mine:
        return f"How often the method errs{_about(methods)} is not known, so the shares of {name} cannot be corrected for it."
    correction = _correction(known_methods(methods))
    negative, positive = mine["negative"], mine["positive"]
    if _is_wide(negative):
        return (
            f"{_capital(correction)}, anything from {percent(negative['low'])} to {percent(negative['high'])} may be negative: neither "
            "these posts nor what is known of the errors tell it more closely."
        )
    if not is_explained(mine.values()):
        who = _names_of(known_methods(methods))
        return (
            f"{_capital(listing(who))} {'errs' if len(who) == 1 else 'err'} otherwise here than on {_measured_on(methods)}, so "
            f"the shares of {name} cannot be corrected; labels of your own posts would tell."
        )
    shown = [
        share_with_interval(row["share"], row["low"], row["high"]) for row in (negative, positive)
    ]
    return (
        f"Of the posts about {name}, {shown[0]} are negative and {shown[1]} positive: {correction}, if they are misread here "
        f"as on {_measured_on(methods)}."
    )


def is_explained(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what was counted can come from the known errors: else a label that was counted is estimated away."""
    return not any(row["share"] < _GONE and row["raw"] > row["high"] for row in rows)


def _measured_on(methods: pd.DataFrame) -> str:
    """Say on which posts errors were counted."""
    places = [tidy(place, longest=120) for place in methods["measured_on"].dropna().unique()]
    return (
        listing(places)
        if 1 <= len(places) <= _MOST_PLACES
        else "the posts where errors were counted"
    )


def _rivals_sentence(levels: pd.DataFrame, names: Names, brand: str) -> str:
    now = levels[levels["period"] == "this"]
    mentioned = now[now["brand"] != brand]
    rivals = mentioned[mentioned["scored"] > 0]
    if rivals.empty:
        why = (
            "No competitor is named"
            if len(names) == 1
            else "No competitor is mentioned in this period"
            if mentioned.empty
            else "No post about a competitor could be scored"
        )
        return f"{why}, so there is nothing to compare with."
    sides = part_rivals(levels, brand)
    verdicts = {"less": "less negative", "alike": "not clearly different", "more": "more negative"}
    parts = []
    for side, verdict in verdicts.items():
        told = [
            f"{names[one['brand']]} ({percent(one['negative_share'])} of {int(one['scored']):,})"
            for one in sides[side]
        ]
        if told:
            parts.append(f"{listing(told)} {'is' if len(told) == 1 else 'are'} {verdict}")
    return "Among competitors, by counted shares of scored posts, " + "; ".join(parts) + "."


def part_rivals(levels: pd.DataFrame, brand: str) -> dict[str, list[dict[str, Any]]]:
    """Part the scored competitors of this period by whether they are clearly ``less`` negative, ``alike`` or ``more``.

    Parameters
    ----------
    levels
        Table `by_brand`.
    brand
        Key of the brand they are compared with.

    Returns
    -------
    dict
        Rows of `levels`; the least negative first, of ``more`` the most negative.
    """
    now = levels[levels["period"] == "this"]
    mine = _row(now, brand, "this") or {}
    rivals = now[(now["brand"] != brand) & (now["scored"] > 0)].sort_values("negative_share")
    sides: dict[str, list[dict[str, Any]]] = {"less": [], "alike": [], "more": []}
    for rival in _records(rivals):
        change = compare_levels(mine, rival, comparisons=len(rivals)) if mine else None
        side = {"up": "more", "down": "less"}.get(change.direction if change else "", "alike")
        sides[side].append(rival)
    return sides | {"more": sides["more"][::-1]}


def _moved_sentence(
    over_time: pd.DataFrame, terms: pd.DataFrame, timezone: str, *, alerted: bool
) -> str:
    negative, positive, peak = (
        terms[terms["side"] == side].sort_values("rank")["term"].head(most).tolist()
        for side, most in (("negative", 4), ("positive", 3), ("peak", 3))
    )
    said = []
    if negative:
        said.append(f"negative posts speak of {quoted(negative)}")
    if positive:
        said.append(f"positive {'ones' if negative else 'posts speak'} of {quoted(positive)}")
    worst = find_worst_period(over_time)
    bucket = find_bucket(over_time["period_start"])
    if over_time["period_start"].nunique() == 1:
        start = "The period is one step in time, so none stands out"
    elif worst is None:
        none = "Apart from that, no" if alerted else "No"
        start = f"{none} single {bucket} stands out by its share of negative posts"
    else:
        moment = worst["period_start"].astimezone(ZoneInfo(timezone))
        start = (
            f"{step(moment, bucket)} stood out with {percent(worst['negative_share'])} negative "
            f"of {count(worst['scored'], 'scored post')}"
        )
        if peak:
            start += f", speaking of {quoted(peak)}"
        said = [
            f"over the whole period {words}" if not at else words for at, words in enumerate(said)
        ]
    return start + ("; " + ", ".join(said) if said else "") + "."


def show_levels(levels: pd.DataFrame, *, by: str) -> Html:
    """Show levels of groups as a table, largest group first."""
    if levels.empty:
        return Html('<p class="empty">No posts.</p>')
    rows = levels.sort_values("posts", ascending=False)
    return show_table(levels_table(rows).assign(**{by: rows[by].tolist()})[[by, *_LEVEL_COLUMNS]])


def levels_table(levels: pd.DataFrame) -> pd.DataFrame:
    """Give levels as people read them: counts, and shares with their intervals."""
    rows = levels.to_dict("records")
    shares = {
        side: [
            share_with_interval(row[f"{side}_share"], row[f"{side}_low"], row[f"{side}_high"])
            for row in rows
        ]
        for side in ("negative", "positive")
    }
    columns = {
        "posts": [f"{row['posts']:,}" for row in rows],
        "scored": [f"{row['scored']:,}" for row in rows],
        **shares,
        "mean": [score(row["mean"]) for row in rows],
    }
    return pd.DataFrame(columns)


def describe_gaps(
    over_time: pd.DataFrame, *, brand: str, bucket: Bucket, data: tuple[datetime, datetime] | None
) -> list[str]:
    """Give sentences about what the data do not cover."""
    mine = over_time[over_time["brand"] == brand]
    gaps = []
    silent = int((mine["posts"] == 0).sum())
    if silent and silent < len(mine):
        gaps.append(
            f"{count(silent, bucket)} of {len(mine)} {'has' if silent == 1 else 'have'} no post about the brand."
        )
    if data is None:
        gaps.append("No post of this source has a time.")
    elif silent:
        gaps.append(describe_range(data))
    return gaps


def describe_limits(
    coverage: pd.DataFrame,
    gaps: Sequence[str],
    *,
    words: Mapping[str, float],
    methods: pd.DataFrame,
    labels: Mapping[str, int] | None = None,
) -> str:
    """Give what the report cannot tell, as a Markdown list built from the tables `coverage` and `methods`.

    `labels` counts the brand's posts that were drawn at random to be labelled by people, see `count_joined`.
    """
    facts = dict(zip(coverage["item"], coverage["value"], strict=True))
    who = _names_of(methods)
    reads = "VADER reads English only" if who == [_VADER] else "no method here reads their language"
    if not facts["posts_of_brand"]:
        searched = count(facts["posts_in_period"], "post of the period was", "posts of the period were")  # fmt: skip
        return "\n".join(f"- {line}" for line in [f"{searched} searched; none mentions the brand.", *describe_quarantine(facts), *gaps])  # fmt: skip
    lines = [
        f"{count(facts['posts_in_period'], 'post of the period was', 'posts of the period were')} searched; "
        f"{count(facts['posts_of_brand'], 'post mentions', 'posts mention')} the brand.",
        f"{count(facts['unscored_posts'], 'of them was', 'of them were')} not scored, since {reads}; "
        f"of {facts['unknown_language']:,} the language could not be told.",
        "A brand is looked for in titles and texts; feelings and words are those of the text alone, where a post has both.",
        *_describe_judges(methods),
        "Intervals of counted shares cover the chance of which authors wrote, not mistakes of the method."
        if facts["authors_of_brand"]
        else "Who wrote is not known, so intervals take every post for an author's only one. Those of counted shares "
        "cover chance, not mistakes of the method.",
    ]
    if methods.empty or len(known_methods(methods)):
        lines.append(
            f"Estimated shares take those mistakes out, as counted on {as_markdown(_measured_on(methods))}. Where "
            "posts are misread otherwise than there, the estimate is off by more than its interval says: trust it "
            "where some of your own posts, labelled by people, agree."
        )
        lines.append(
            "Periods and competitors are compared by counted shares, since the same errors are on both sides: which "
            "is more negative mostly stays so once corrected, but by how much does not. With several competitors the "
            "intervals are wider, so that one in twenty reports is wrong about any of them; a post that names both brands "
            "counts for both, which makes a difference harder to see, not easier."
        )
    lines += _describe_labels(labels or {})
    unknown = methods[methods["measured_on"].isna()]
    if len(unknown):
        lines.append(
            f"How often {as_markdown(listing(_names_of(unknown)))} errs{_about(unknown)} is not known, so estimated shares leave out "
            f"{count(unknown['posts'].sum(), 'post that it scored', 'posts that it scored')}."
        )
    silent = sorted(word for word, feeling in words.items() if feeling == 0)
    if silent and _VADER in who:
        lines.append(
            f"{as_markdown(quoted(silent))} {'has' if len(silent) == 1 else 'have'} no feeling here: the lexicon of the brands or of this report says so."
        )
    lines += _describe_copies(facts) + describe_quarantine(facts)
    return "\n".join(f"- {line}" for line in [*lines, *gaps])


def _describe_copies(facts: Mapping[str, Any]) -> list[str]:
    exact, near = facts["copies"], facts.get("near_copies", 0)  # earlier runs have no near ones
    if not exact and not near:
        return []
    said = count(exact, "post repeats", "posts repeat") + " the text of another sign by sign"
    if near:
        said = (
            f"{said}, and {near:,} more nearly"
            if exact
            else f"{count(near, 'post repeats', 'posts repeat')} the text of another nearly"
        )
    return [f"{said}; all count in levels, and in terms those of the same words count once."]


def _describe_labels(labels: Mapping[str, int]) -> list[str]:
    """Say how labels of people came into the estimated shares, and which did not."""
    used, undecided, learned = (labels.get(name, 0) for name in ("used", "undecided", "learned"))
    lines = []
    if used:
        lines.append(
            f"People labelled {count(used, 'post')} of the brand, drawn at random; estimated shares take in what they say. "
            "That holds if they were drawn from this report's own posts: all of its source, language and period."
        )
    if undecided:
        lines.append(
            f"{count(undecided, 'random post has', 'random posts have')} no label: skipped, or as many people say one "
            "thing as another. If such posts feel otherwise than the others, the estimate is off."
        )
    if learned:
        lines.append(
            f"{count(learned, 'label')} of people {'is' if learned == 1 else 'are'} left out: the model that scored "
            f"{'this post' if learned == 1 else 'these posts'} learned from {'it' if learned == 1 else 'them'}, or "
            "cannot say that it did not."
        )
    return lines


def _describe_judges(methods: pd.DataFrame) -> list[str]:
    """Say what methods cannot tell."""
    who = _names_of(methods)
    whom = (
        "may mistake whom a feeling is about"
        if _judge_parts(methods)
        else f"{'does' if len(who) == 1 else 'do'} not know whom a feeling is about"
    )
    models = [name for name in who if name != _VADER]
    told = ["VADER adds up words that carry a feeling."] if _VADER in who else []
    told += (
        [f"{as_markdown(_capital(listing(models)))} learnt from posts that people labelled."]
        if models
        else []
    )
    one = len(who) == 1
    return [
        " ".join(told) + f" {'It misses' if one else 'They miss'} irony, {whom}, and "
        f"{'is' if one else 'are'} often wrong about a single post; so trust differences between groups more than levels."
    ]
