"""Words of a post, for counting."""

import re
import unicodedata
from collections.abc import Collection
from functools import cache
from itertools import pairwise

from stop_words import LANGUAGE_MAPPING, get_stop_words

from murmuration.text.fillers import ANYWHERE, FILLERS
from murmuration.text.letters import MARKS
from murmuration.text.markup import unescape

# Addresses, handles and what retweets begin with say who, not what.
_NOT_WORDS = re.compile(
    r"https?://\S+|www\.\S+|(?<![A-Za-z0-9_])@\w[\w.@-]*|\bRT\b(?=\s*@)|\bvia\b(?=\s*@)"
)
# Joiners stand inside words of Persian and Hindi.
_LETTERS = rf"[^\W\d_]+(?:[{MARKS}\u200c\u200d]+[^\W\d_]*)*"
# A word in small letters.
WORD = rf"{_LETTERS}(?:['’]{_LETTERS})*|(?<!\d)\d++(?=\s*+(?:hours?|hrs?|min(?:ute)?s?)\b)"
_WORD = re.compile(WORD)
_SQUEEZE = re.compile(r"([^\W\d])\1{2,}")
MIN_CHARS = 2
_LISTS = {"no": "nb"}  # how the package calls a language that posts call otherwise

# Function words and what fills speech. The list of the package stop_words, good for other languages,
# has 1,333 words for English, among them "problems", "good" and "fire".
_ENGLISH = frozenset(
    """
    a about above actually after again against ain't all almost already also although always am among an
    and another any anybody anyone anything are aren't around as at away b be because been before being
    below between both but by c can can't cannot could couldn't d did didn't do does doesn't doing don't
    done down during e each either else etc even ever every everyone everything f few for from further g
    get gets getting go goes going gonna got gotta h had hadn't has hasn't have haven't having he he'd
    he'll he's hence her here here's hers herself him himself his how how's however i i'd i'll i'm i've if
    in instead into is isn't it it'd it'll it's its itself j just k l let let's like ll lol m made make
    makes making many may maybe me might mine more most much must my myself n near need no nor not nothing
    now o of off oh ok okay on once one ones only onto or other others otherwise ought our ours ourselves
    out over own p per perhaps put q quite r rather re really s said same say saying says see seem seems
    seen shall she she'd she'll she's should shouldn't since so some somebody someone something still such
    t take taking tell than that that'd that'll that's the their theirs them themselves then there there's
    these they they'd they'll they're they've thing things this those though through thru thus till to
    too toward towards u under until unto up upon ur us use used using v ve very via w want wanted wants
    was wasn't way we we'd we'll we're we've well went were weren't what what's when when's where where's
    whether which while who who's whom whose why why's will with within without won't would wouldn't x y
    yeah yes yet you you'd you'll you're you've your yours yourself yourselves z
    """.split()
)


def clean_text(text: str) -> str:
    """Give a post without addresses, handles and markup; hashtags stay as words."""
    plain = _NOT_WORDS.sub(" ", unescape(text)).replace("’", "'")
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def find_words(text: str, *, stop: Collection[str] = ()) -> list[str]:
    """Give the words of a post in lower case and in order.

    Parameters
    ----------
    text
        As written.
    stop
        Words to leave out.

    Returns
    -------
    list of str
        Without addresses, handles and stop words; letters repeated three times and more are squeezed to
        two (“sooooo” is “soo”), so that one feeling is one word.
    """
    return [word for word in _all_words(text) if len(word) >= MIN_CHARS and word not in stop]


def find_terms(text: str, *, stop: Collection[str] = ()) -> set[str]:
    """Give the words of a post and its pairs of neighbouring words, each once.

    A pair is made of words that stand next to each other in the text: it does not reach over a stop word.
    """
    words = _all_words(text)
    kept = {word for word in words if len(word) >= MIN_CHARS and word not in stop}
    return kept | {f"{a} {b}" for a, b in pairwise(words) if a in kept and b in kept}


def _all_words(text: str) -> list[str]:
    return [squeeze(word) for word in _WORD.findall(clean_text(text).lower())]


def squeeze(word: str) -> str:
    """Give a word with letters that are repeated three times and more squeezed to two."""
    return _SQUEEZE.sub(r"\1\1", word)


# Languages whose function words are known.
LISTED = frozenset({"en", *_LISTS, *LANGUAGE_MAPPING, *FILLERS} - {*_LISTS.values()})


@cache
def stop_words(languages: tuple[str, ...] = ("en",)) -> frozenset[str]:
    """Give words that carry no topic in these languages (BCP 47 codes), and in none; unknown ones add nothing."""
    found = set(ANYWHERE)
    for code in languages:
        if code == "en":
            found |= _ENGLISH
        elif (name := _LISTS.get(code, code)) in LANGUAGE_MAPPING:
            found.update(word.lower().replace("’", "'") for word in get_stop_words(name))
        found.update(FILLERS.get(code, "").split())
    # Written without its apostrophe a word is no more telling: "dont", "im".
    return frozenset(found | {word.replace("'", "") for word in found})
