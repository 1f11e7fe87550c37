"""What comparing brands says of each of them, in English posts.

“X is better than Y” praises X and scolds Y with the same words, which no score of the text can tell apart. The
forms below are those in which posts compare, prefer and switch; Ganapathibhotla & Liu 2008, “Mining Opinions in
Comparative Sentences”, COLING, say which side each kind of them prefers.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from murmuration.sentiment.vader import analyzer
from murmuration.text.clauses import MENTION, Span, brands_in, leading_handles, split_sentences


class Stance(Enum):
    """How a brand stands to the feeling of the text that was judged."""

    SAME = "the text is about it"
    OPPOSITE = "the text is about another, in contrast to it"
    WITH = "as the text, and well where the text says nothing"
    AGAINST = "opposite to the text, and badly where the text says nothing"
    BETTER = "preferred"
    WORSE = "put behind"
    OPEN = "only asked about"


class Reading(NamedTuple):
    """Which spans of a post to judge, and how a brand stands to what they say."""

    stance: Stance
    spans: tuple[Span, ...]


_Found = Iterator[tuple[int, Stance]]

_AND = r"(?:\s{1,3}(?:and|or|nor)\s{1,3}|\s{0,3}[&/+]\s{0,3})"
_BRANDS = rf"{MENTION}(?:(?:,\s{{0,3}}{MENTION}){{0,5}},?{_AND}{MENTION})?"
_SHORT = {  # in the forms below
    "UP": f"(?P<up>{_BRANDS})",
    "DOWN": f"(?P<down>{_BRANDS})",
    "FEW": r"(?:[#@]?[\w'-]{1,30}\s+){0,4}?",
    "NEAR": r"[^.;!?\ue000-\ue0ff]{0,60}?",  # no end of a thought, no other brand
    "CANNOT": r"(?:(?:do|ca|could|wo|did|does)n't|cannot|(?:does|do|can|could|will|did)\s+(?:not|never))",
    "LEAVE": r"(?:left|leav(?:e|es|ing)|ditch(?:ed|ing)?|dump(?:ed|ing)?|dropp(?:ed|ing)|swapp?(?:ed|ing)?|"
    r"trad(?:e|ed|ing)|quit|abandon(?:ed|ing)?)",
    "MOVE": r"(?:switch|mov|chang|convert|migrat)(?:e|es|ed|ing)?",
}


def _compile(*forms: str) -> tuple[re.Pattern[str], ...]:
    """Write out the short words of forms, in which a space is any white space."""
    written = []
    for form in forms:
        for short, long in _SHORT.items():
            form = form.replace(short, long)
        written.append(re.compile(form.replace(" ", r"\s+"), re.IGNORECASE))
    return tuple(written)


# "up" is preferred to "down" in each; either may be left out.
_PREFERENCES = _compile(
    r"\bprefer\w{0,5} FEW(?:UP|[\w-]{1,30})NEAR\b(?:over|to|than|rather than|instead of) FEWDOWN",
    r"UP (?:\w+ ){0,2}?over FEWDOWN",
    r"\b(?:choose|chose|choosing|pick(?:ed)?) FEWUP over\b",
    r"UP (?:\w+ )?(?:beats?|outperforms?|outclass(?:es)?|trumps?|tops|crushes|destroys?) FEWDOWN",
    r"\b(?:nothing|nobody|no one) beats FEWUP",
    r"DOWN (?:could|can|should|must|needs? to|might) FEW(?:learn|take (?:notes|lessons|a lesson))NEAR\bfrom FEWUP",
    r"DOWN CANNOT (?:even )?(?:come close|compare|compete|hold a candle|measure up)NEARUP",
    r"UP\s{0,3}>+\s{0,6}DOWN",
    r"DOWN\s{0,3}<+(?!3)\s{0,6}UP",
    r"\b(?:choose|go with|pick|take|get|buy|book|use|fly) FEWUP,? (?:and )?not DOWN",
    r"UP (?:would never|never (?:did|does|do)) (?:do )?(?:this|that)\b",
    r"\b(?:learn|take (?:notes|lessons|a lesson)) from FEWUP",
    r"\bback to UP",
    r"\b(?:go|going) (?:with )?UP",
    r"\bpay more (?:to|for) FEWUP",
    r"^\W{0,3}(?:just )?(?:fly|book|choose|use|buy|try) UP",
    r"UP,? here (?:i|we) come\b",
    r"\bwhy (?:i|we) (?!never|hate|stopped|don't)(?:\w+ ){0,2}?(?:fly|use|love|like|choose|prefer|buy|stick (?:with|to)) FEWUP",
    r"\brather (?:[\w'-]{1,30} ){1,6}?than FEWDOWN",
    r"\b(?:should(?:'ve| have|a)|next (?:time|one)|wish)\bNEARUP(?: (?:instead of|rather than|over|not) FEWDOWN)?",
)
_SWITCHES = _compile(
    r"\bMOVE FEWfrom FEWDOWNNEAR\bto FEWUP",
    r"\bMOVE FEWto FEWUPNEAR\bfrom FEWDOWN",
    r"\bMOVE (?:away )?from FEWDOWN",
    r"\b(?:switch(?:ed|ing)|I'm moving) to FEWUP",
    r"\bLEAVE FEWDOWN (?:\w+ )?for FEWUP",
    r"\b(?:sold|cancel(?:l?ed|l?ing)|quit) (?:my|our) FEWDOWN(?:NEAR\b(?:bought|got|joined) FEWUP)?",
    r"\bback to FEWUP after FEWDOWN",
    r"\b(?:left|leaving|ditch(?:ed|ing)|dump(?:ed|ing)) DOWN(?: for\b|[\s.!]{0,20}$)",
    r"\b(?:left|leaving|ditch(?:ed|ing)|dump(?:ed|ing)) (?:\w+ )?for UP",
)
_WARNINGS = _compile(
    r"\b(?:avoid|forget|skip|stay away from|steer clear of|boycott|shame on) (?:the )?DOWN"
    r"(?:NEAR\b(?:get|buy|book|try|use|choose|take|go with|fly) FEWUP)?",
    r"\bnever (?:\w+ ){0,3}?again:? (?:with )?DOWN",
    r"\bnever (?:again )?(?:fly|use|buy|book|ride|choose|trust|recommend)(?:ing)? (?:with )?DOWN",
    r"\bused to (?:like|love|enjoy|recommend|trust) FEWDOWN",
    r"\b(?:thanks?|thank \S+|thx|shout\s?out|kudos|props|grateful)\bNEARUPNEAR\b(?:after|when|because|since|what)"
    r" FEWDOWN",
)
_WORD_ER = r"(?!(?:oth|rath|ev|nev|custom|ov|aft|und|numb|wheth|long|eith|neith)er\b)\w+er|worse"
_MORE = rf"(?P<more>(?:more|less|fewer) \w+|{_WORD_ER})(?: [\w'-]+){{0,2}}?"
_THAN = _compile(
    rf"UP(?P<link>NEAR)\b{_MORE} than FEWDOWN",
    r"UP(?P<link>NEAR)\b(?P<more>better|worse) then DOWN",
    rf"\b{_MORE} (?:at|with|on|from|by|in) FEWUP than FEWDOWN",
    r"\b(?:like|love|enjoy|trust)\w* FEWUP (?:\w+ )?(?P<more>more) than FEWDOWN",
    rf"\b{_MORE} than FEWDOWN",
)
_AS = _compile(
    r"UP(?P<link>NEAR)\bas (?P<more>(?!well|much|many|soon|long|far)\w+) as FEWDOWN",
    r"\bas (?P<more>(?!well|much|many|soon|long|far)\w+) as FEWDOWN",
)
_INSTEAD = _compile(
    r"UPNEAR\b(?:instead of|rather than|in place of) FEWDOWN",
    r"\b(?:instead of|rather than|in place of) FEWDOWNNEARUP",
    r"\b(?:instead of|rather than|in place of) FEWDOWN",
)
[_UNLIKE] = _compile(r"\bunlike FEWDOWN,?")
# "X is not fun, Y is", "I love X, Y not so much"
[_ELLIPSIS] = _compile(
    r"DOWN,? (?:not so much|(?:(?:always|never) )?(?:is|are|was|were|does|do|did|has|have)(?:n't| not)?)"
    r"[\s.!]{0,20}$"
)

_WORSE_WORDS = frozenset(
    """
    pricier slower ruder later louder dirtier smaller weaker poorer harder uglier colder expensive costly
    crowded complicated confusing
    """.split()
)
_NOT = re.compile(r"\b(?:no|not|never|hardly|nowhere)\b|n't\b", re.IGNORECASE)
_NOTHING = re.compile(r"\b(?:nothing|nobody|no one|none|no other)\b", re.IGNORECASE)
_ASKING = re.compile(
    r"\W{0,9}(?:is|are|does|do|did|which|who|would|could|can|has|have|any\w{0,4}|what|thinking|considering)\b.*"
    r"\?[^\w?]{0,20}$",
    re.IGNORECASE | re.DOTALL,
)
_REGRET = re.compile(r"\b(?:regret\w*|mistake|wish i hadn't|shouldn't have)\b", re.IGNORECASE)
_SIGNALS = re.compile(
    r"\b(?:than|then|prefer\w*|over|beats?|out(?:perform|class)\w*|trumps?|tops|crushes|destroys?|learn|notes|lessons?|"
    r"come|compare|compete|candle|measure|not|rather|should|next|wish|switch\w*|mov\w+|chang\w+|convert\w*|"
    r"migrat\w*|left|leav\w+|ditch\w*|dump\w*|dropp\w+|swap\w*|trad\w+|quit|abandon\w*|sold|cancel\w+|back|avoid|"
    r"forget|skip|stay|steer|why|here|boycott|shame|never|used|thank\w*|thx|shout\s?out|kudos|props|grateful|as|instead|unlike|"
    r"in place|choos\w+|chose|pick\w*)\b|[<>]",
    re.IGNORECASE,
)  # fmt: skip
_UPSIDE_DOWN = {Stance.BETTER: Stance.WORSE, Stance.WORSE: Stance.BETTER}


def find_readings(marked: str) -> dict[int, Reading]:
    """Say which brands a post compares, and to whose good.

    Parameters
    ----------
    marked
        An English post, see `murmuration.text.clauses.mark_brands`.

    Returns
    -------
    dict of int to Reading
        Number of the brand to how it stands; brands that are not compared are left out. Takes time in
        proportion to `marked`.
    """
    found: dict[int, Reading] = {}
    regret = bool(_REGRET.search(marked))
    told = leading_handles(marked)
    for start, end in split_sentences(marked):
        sentence = marked[start:end]
        for number, reading in _read_ellipsis(sentence, start):
            found.setdefault(number, reading)
        if not (brands_in(sentence) and _SIGNALS.search(sentence)):
            continue
        for number, reading in _read_unlike(sentence, start):
            found.setdefault(number, reading)
        asked = bool(_ASKING.match(sentence))
        for number, stance in _read(sentence, told, regret=regret):
            kept = Stance.OPEN if asked else stance
            found.setdefault(number, Reading(kept, ((start, end),)))
    return found


def _read(sentence: str, told: set[int], *, regret: bool) -> _Found:
    yield from _told(_first(_PREFERENCES, sentence), told)
    for number, stance in _told(_first(_SWITCHES, sentence), told):
        yield number, _UPSIDE_DOWN[stance] if regret else stance
    yield from _read_as(sentence)
    yield from _read_than(sentence)
    yield from _first(_INSTEAD, sentence, Stance.SAME, Stance.OPPOSITE)
    yield from _first(_WARNINGS, sentence)


def _first(
    forms: tuple[re.Pattern[str], ...],
    sentence: str,
    up: Stance = Stance.BETTER,
    down: Stance = Stance.WORSE,
) -> _Found:
    """Read the first form that fits."""
    for form in forms:
        if match := form.search(sentence):
            yield from _sides(match, up, down)
            return


def _told(found: _Found, told: set[int]) -> _Found:
    """Add that whom a post tells of a preference for another is put behind (“@x next time I fly @y”)."""
    sides = dict(found)
    yield from sides.items()
    if Stance.WORSE not in sides.values() and not told & sides.keys() and sides:
        yield from ((number, Stance.WORSE) for number in told)


def _sides(match: re.Match[str], up: Stance | None, down: Stance | None) -> _Found:
    groups = match.groupdict()
    for side, stance in (("up", up), ("down", down)):
        if stance:
            yield from ((number, stance) for number in brands_in(groups.get(side) or ""))


def _read_than(sentence: str) -> _Found:
    """Read “X is better than Y”, “nothing is better than Y”, “X is no better than Y”, “even worse than Y”."""
    match = _search(_THAN, sentence)
    if not match:
        return
    good = _is_praise(match["more"])
    if not match.groupdict().get("up"):
        better = bool(_NOTHING.search(sentence, 0, match.start())) == good
        yield from _sides(match, None, Stance.BETTER if better else Stance.WORSE)
    elif _NOT.search(match.groupdict().get("link") or ""):
        yield from _sides(match, *((Stance.WORSE, Stance.WORSE) if good else (Stance.SAME, None)))
    else:
        up, down = (Stance.BETTER, Stance.WORSE) if good else (Stance.WORSE, Stance.BETTER)
        even = re.search(r"\beven\b", match.groupdict().get("link") or "", re.IGNORECASE)
        yield from _sides(match, up, up if even else down)


def _read_as(sentence: str) -> _Found:
    """Read “X is as good as Y”, “X is not as good as Y”, “nothing is as good as Y”."""
    match = _search(_AS, sentence)
    if not match or not analyzer().lexicon.get(match["more"].lower()):
        return
    same = Stance.BETTER if _is_praise(match["more"]) else Stance.WORSE
    if not match.groupdict().get("up"):
        yield from _sides(match, None, same)
    elif _NOT.search(match["link"]):
        yield from _sides(match, _UPSIDE_DOWN[same], same)
    else:
        yield from _sides(match, same, same)


def _search(forms: tuple[re.Pattern[str], ...], sentence: str) -> re.Match[str] | None:
    return next((match for form in forms if (match := form.search(sentence))), None)


def _is_praise(comparative: str) -> bool:
    """Say whether to be so (“better”, “more helpful”, “less rude”) is good."""
    *amount, word = comparative.lower().split()
    feeling = float(analyzer().lexicon.get(word, -1 if word in _WORSE_WORDS else 1))
    return (feeling > 0) != (amount in (["less"], ["fewer"]))


def _read_unlike(sentence: str, start: int) -> Iterator[tuple[int, Reading]]:
    """Read “unlike Y, X …” and “X …, unlike Y …”: Y is the opposite of what is said beside that."""
    match = _UNLIKE.search(sentence)
    if not match:
        return
    end = match.end()
    if match.start() > 0 and not match[0].endswith(","):  # "…, unlike that Y of yours"
        end = len(sentence)
    spans = ((start, start + match.start()), (start + end, start + len(sentence)))
    beside = sentence[: match.start()] + sentence[end:]
    down = brands_in(match["down"])
    for number in down:
        yield number, Reading(Stance.AGAINST, spans)
    for number in brands_in(beside) - down:
        yield number, Reading(Stance.WITH, spans)


def _read_ellipsis(sentence: str, start: int) -> Iterator[tuple[int, Reading]]:
    """Read “X is not fun, Y is”: Y is the opposite of what is said before."""
    match = _ELLIPSIS.search(sentence)
    if match and brands_in(sentence[: match.start()]) - brands_in(match["down"]):
        for number in brands_in(match["down"]):
            yield number, Reading(Stance.OPPOSITE, ((start, start + match.start()),))
