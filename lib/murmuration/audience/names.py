"""What a segment is called: who its authors are by how they behave, and what they care for."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pandas as pd

from murmuration.audience.policy import Policy
from murmuration.audience.tally import Ints

_STRONG = 0.2  # effect of a trait in a name, at least; .147 counts as small, .33 as medium (Romano et al. 2006)
_MEDIUM = 0.33
_SURE = 0.1  # the nearer end of its interval, at least
_OF_LITTLE = 0.75  # what they do little of tells less of people than what they do
_TELLING = 0.1  # share of the authors that a term in a name has, at least
_SHARED = 1 / 3  # of the authors of other segments: a term of so many tells nobody apart
_TIMES = 2.0  # more than in other segments
_WORD_TELLING, _WORD_TIMES = 0.2, 3.0  # the same for plain words, which say less
_WORDS = 5  # of a name, at most
_LONGEST = 44  # characters of a name, before a second term is left out
_LONGEST_TERM = 30  # characters of a term of several words, before words of it are left out
_BETWEEN = " / "  # words of a topic
_NOBODY = "Average authors"
_ON, _TERMS_FOLLOW = "writers on ", ": "

_Told = tuple[str, bool, float]

# Who does much of it, and who does little; and how that is said of somebody who is called after another trait. What is
# empty names nobody; how people feel never names them alone.
_CALLED: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "posts": ("frequent posters", "occasional posters", "frequent", "occasional"),
        "active_days": ("regulars", "passing visitors", "regular", "passing"),
        "posts_per_active_day": ("rapid posters", "sparing posters", "rapid", "sparing"),
        "regularity": ("daily posters", "on-and-off posters", "daily", "on-and-off"),
        "burst_share": ("burst posters", "steady posters", "bursty", "steady"),
        "night_share": ("night posters (UTC)", "", "", ""),
        "weekend_share": ("weekend posters", "working-day posters", "weekend", "working-day"),
        "text_chars": ("long-form writers", "short-form writers", "long-form", "brief"),
        "url_share": ("link sharers", "writers with few links", "link-sharing", "link-sparing"),
        "hashtag_share": ("hashtag users", "writers with few hashtags", "hashtagging", "hashtag-sparing"),
        "many_hashtags_share": ("hashtag stackers", "", "hashtag-stacking", ""),
        "mention_share": ("mentioners of accounts", "", "mentioning", ""),
        "emoji_share": ("emoji users", "writers with few emoji", "emoji-rich", "emoji-sparing"),
        "question_share": ("question askers", "", "questioning", ""),
        "exclamation_share": ("exclaimers", "", "exclaiming", "unexcited"),
        "shout_share": ("writers in capitals", "", "capital-heavy", ""),
        "start_lower_share": ("lower-case writers", "", "lower-case", ""),
        "repost_share": ("resharers", "original writers", "resharing", "original"),
        "reply_share": ("repliers", "broadcasters", "replying", "broadcasting"),
        "quote_share": ("quoters", "", "quoting", ""),
        "repeated_share": ("self-repeaters", "", "repetitive", ""),
        "copied_share": ("text copiers", "own-text writers", "copying", ""),
        "likes_per_post": ("well-liked writers", "little-liked writers", "well-liked", "little-liked"),
        "reposts_per_post": ("often-reshared writers", "rarely-reshared writers", "often-reshared", "rarely-reshared"),
        "replies_per_post": ("much-answered writers", "little-answered writers", "much-answered", "little-answered"),
        "views_per_post": ("widely-seen writers", "little-seen writers", "widely-seen", "little-seen"),
        "followers": ("large accounts", "small accounts", "large", "small"),
        "sentiment": ("", "", "cheerful", "unhappy"),
        "positive_share": ("", "", "cheerful", ""),
        "negative_share": ("", "", "unhappy", "contented"),
    }
)  # fmt: skip
# Traits of one line say much the same in a name.
_LINES = (
    ("posts", "active_days", "posts_per_active_day", "regularity", "burst_share"),
    ("night_share", "weekend_share"),
    ("hashtag_share", "many_hashtags_share"),
    ("likes_per_post", "reposts_per_post", "replies_per_post", "views_per_post", "followers"),
    ("sentiment", "positive_share", "negative_share"),
)


def name_segments_by(
    shown: Ints,
    traits: pd.DataFrame,
    marks: pd.DataFrame,
    before: Mapping[int, str] = MappingProxyType({}),
) -> dict[int, str]:
    """Give every segment a name of its own, of five words or fewer: “Cheerful resharers: #nowplaying”.

    Parameters
    ----------
    shown
        Ids of the segments, the largest first: the first has the first choice.
    traits
        From `find_traits`.
    marks
        From `find_marks`.
    before
        What segments were called in the run before; each name stays as long as all of it is true.
    """
    own_traits = {int(one): _tell_traits(traits[traits["segment"] == one]) for one in shown}
    own_terms = {int(one): _tell_terms(marks[marks["segment"] == one]) for one in shown}
    found = {
        one: before[one]
        for one in own_traits
        if one in before and _still_true(before[one], own_traits[one], own_terms[one])
    }
    heads = {name.partition(_TERMS_FOLLOW)[0] for name in found.values()}
    heads = {head[:1].lower() + head[1:] for head in heads}
    for segment in (one for one in own_traits if one not in found):
        terms = own_terms[segment]
        ways = list(_call_people(own_traits[segment]))
        # Charts leave out terms where there is little room, so people are called by a name of their own if there is one.
        head = next((way for way in ways if way not in heads), ways[0] if ways else "")
        heads.add(head)
        found[segment] = _apart(_join(head, terms), found)
    return {one: found[one] for one in own_traits}


def keep_allowed(names: Mapping[int, str], policy: Policy) -> dict[int, str]:
    """Give names of an earlier run with those terms only that may be told now: a policy may know more words than it did then."""
    found = {one: name for one, name in names.items() if policy.allows(name)}
    for one, name in names.items():
        if one not in found:
            found[one] = _apart(_shorten(name, policy) or f"Segment {one}", found)
    return {one: found[one] for one in names}


def _shorten(name: str, policy: Policy) -> str:
    head, _, said = name.partition(_TERMS_FOLLOW)
    terms = [term for term in said.split(", ") if term and policy.allows(term)]
    if policy.allows(head):
        return _join(head, terms)
    if head.lower().startswith(_ON):
        return _join("", terms) if terms else ""
    return ", ".join(terms)


def _apart(name: str, others: Mapping[int, str]) -> str:
    said, more = name, 2
    while said in others.values():
        said, more = f"{name} ({more})", more + 1
    return said


def _still_true(name: str, told: list[_Told], terms: list[str]) -> bool:
    """Say whether every part of a name is one that the segment could be called by now."""
    head, _, said = name.partition(_TERMS_FOLLOW)
    known = {term for each in terms for term in (each, each.partition(_BETWEEN)[0])}
    ways = [way for one in told for way in _manners(one, told)]
    ways = ways or [_NOBODY, *(_ON + term for term in known)]
    heads = {way[0].upper() + way[1:] for way in ways}
    return head in heads and all(term in known for term in said.split(", ") if term)


def _tell_traits(traits: pd.DataFrame) -> list[_Told]:
    """Give what sets the authors of a segment apart, the most telling first: feature, whether little of it, effect."""
    near = traits[["effect_low", "effect_high"]].abs().min(axis=1)
    clear = traits[(traits["effect"].abs() >= _STRONG) & (near >= _SURE)]
    weight = clear["effect"].abs().where(clear["effect"] > 0, _OF_LITTLE * clear["effect"].abs())
    ranked = clear.assign(weight=weight).sort_values(["weight", "rank"], ascending=[False, True])
    return list(zip(ranked["feature"].tolist(), (ranked["effect"] < 0).tolist(), ranked["effect"].abs().tolist(), strict=True))  # fmt: skip


def _call_people(told: list[_Told]) -> Iterator[str]:
    """Give ways to call the authors of a segment, the most telling first."""
    for one in told:
        yield from _manners(one, told)[:1]
    for one in told:
        yield from _manners(one, told)[-1:]


def _manners(one: _Told, told: list[_Told]) -> list[str]:
    """Give ways to call authors after one trait: with each other trait that says how, and alone."""
    name, little, _ = one
    who = _CALLED.get(name, ("",) * 4)[int(little)]
    if not who:
        return []
    found = []
    for other, less, effect in told:
        manner = _CALLED.get(other, ("",) * 4)[2 + int(less)]
        if manner and effect >= _MEDIUM and not _alike(name, other):
            found.append(f"{manner} {who}")
    return [*found, who]


def _alike(name: str, other: str) -> bool:
    return name == other or any(name in line and other in line for line in _LINES)


def _tell_terms(marks: pd.DataFrame) -> list[str]:
    """Give the terms that tell a segment, the most telling first; plain words only where there is nothing better."""
    apart = (marks["share_rest"] <= _SHARED) & (marks["share"] >= _TIMES * marks["share_rest"])
    telling = marks[apart & (marks["share"] >= _TELLING)]
    better = telling[telling["kind"] != "words"]
    words = telling[(telling["share"] >= _WORD_TELLING) & (telling["share"] >= _WORD_TIMES * telling["share_rest"])]  # fmt: skip
    ranked = (better if len(better) else words).sort_values(["z", "term"], ascending=[False, True])
    return list(dict.fromkeys(_call(str(kind), str(term)) for kind, term in zip(ranked["kind"], ranked["term"], strict=True)))  # fmt: skip


def _join(head: str, terms: list[str]) -> str:
    if not head:
        head = _ON + terms.pop(0) if terms else _NOBODY
    name = head[0].upper() + head[1:]
    for at, term in enumerate(terms[:2]):
        longer = f"{name}{', ' if at else _TERMS_FOLLOW}{term}"
        if _count_words(longer) > _WORDS:  # then the first word of a topic has to do
            longer = longer.partition(_BETWEEN)[0]
        if (at and len(longer) > _LONGEST) or _count_words(longer) > _WORDS:
            break
        name = longer
    return name


def _count_words(name: str) -> int:
    return sum(word not in (_BETWEEN.strip(), "(UTC)") for word in name.split())


def _call(kind: str, term: str) -> str:
    """Give a term as a part of a name: without a comma or a colon of its own, where a name may be shortened."""
    if kind == "hashtags":
        return f"#{term}"
    words = [word for word in re.split(r"[,:]\s+", term.strip(" ,:")) if word]
    said = words[0] if words else term
    for word in words[1:2]:
        if len(said) + len(word) + len(_BETWEEN) <= _LONGEST_TERM:
            said += _BETWEEN + word
    return said
