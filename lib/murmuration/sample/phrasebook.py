"""Phrases and templates as arrays of numbers, so that a whole block of texts is put together at once.

Every phrase has a number. A template is a row of pieces, and each piece a range of phrases of which
one is drawn: a literal is a range of one, a slot such as {time} a longer one. What depends on the post
({brand}, {other}, {thing}) is a negative number in its place. A text is then the phrases of its row,
one behind the other, which Arrow takes and joins without touching Python.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.sample.planned import STYLES, PlannedBrand
from murmuration.sample.words import english
from murmuration.sample.words.abroad import LANGUAGES
from murmuration.sample.words.book import WORDS
from murmuration.sample.words.parts import FEELINGS

Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.int32]

BRAND, OTHER, THING = -1, -2, -3
_SPECIAL = {"brand": BRAND, "other": OTHER, "thing": THING}
WIDTH = 6  # pieces of the longest template

LANGS = ("en", *LANGUAGES)
WORD_NAMES = tuple(WORDS)

# How a phrase may be written; the number of the variant times the number of phrases is added.
AS_WRITTEN, LOWER, UPPER, CAPITAL, SWAPPED, DOUBLED, STRETCHED = range(7)
NAME, HANDLE, HASHTAG = range(3)  # how a brand is mentioned

EMOJI = {
    "negative": "😡 😤 🤬 👎 😞 🙄 😠 🤦 😭".split(),
    "neutral": "🤷 👀 📍 🤔 📌 ☕ 📷 🗓".split(),
    "positive": "😍 🎉 🥳 😊 💚 🙌 👏 ✨ 😂".split(),
}
ADVERT_EMOJI = "🎁 💰 🚀 💯 ⚡ 🛒".split()
# How a sentence ends: last of all, before another one, and questions. By feeling.
_ENDS = {
    "last": (("", ".", "!", "!!", "..."), ("", ".", "", "..."), ("", "!", ".", "!!")),
    "inside": ((".", "!", ".", "..."), (".", ".", "..."), ("!", ".", ".")),
    "asked": (("?!", "??"), ("?", "?", "??"), ("?",)),
}
_JAPANESE_ENDS = {
    "last": (("。", "", "！", "…"), ("。", "", "。"), ("！", "。", "")),
    "inside": (("。", "！"), ("。",), ("！", "。")),
    "asked": (("。",), ("。", "？"), ("。",)),
}
_ASKS = re.compile(
    r"(?:how|how many|which|what|where|is|are|do|does|who|when|can|any|anyone) "
    r"|alguien sabe|cuándo|con quién|dónde|weiß jemand|wann|an wen|wo steht|quelqu'un sait|quand|à qui|où "
    r"|alguém sabe|com quem|quando|onde vejo"
)
_CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Pool:
    """A range of phrases or templates: number of the first, and how many."""

    first: int
    count: int


class PhraseTable:
    """Collects phrases and templates, and the pools that they form."""

    def __init__(self) -> None:
        self.phrases: list[str] = [""]
        self.fixed: list[bool] = [True]
        self._pieces: list[list[tuple[int, int]]] = [[]]
        self.asks: list[bool] = [False]
        self._slots: dict[str, Pool] = {}

    def add(self, phrases: Iterable[str], *, fixed: bool = False) -> Pool:
        """Take in phrases; `fixed` ones have no variants: names, tags, links."""
        first = len(self.phrases)
        self.phrases += phrases
        count = len(self.phrases) - first
        self.fixed += [fixed] * count
        return Pool(first, count)

    def slot(self, name: str, phrases: Iterable[str]) -> None:
        """Take in what fills a slot."""
        self._slots[name] = self.add(phrases)

    def templates(self, texts: Iterable[str], *, lang: str = "en", end: str = "") -> Pool:
        """Take in templates; `end` is put behind each."""
        first = len(self._pieces)
        for text in texts:
            self._pieces.append(self._parse(text + end, lang))
            self.asks.append(bool(_ASKS.match(text)) or text.endswith("か"))
        return Pool(first, len(self._pieces) - first)

    def _parse(self, text: str, lang: str) -> list[tuple[int, int]]:
        pieces = []
        for part in re.split(r"(\{\w+\})", text):
            name = part[1:-1]
            if not part:
                continue
            if not part.startswith("{"):
                pieces.append((self.add([part]).first, 1))
            elif name in _SPECIAL:
                pieces.append((_SPECIAL[name], 1))
            else:
                pool = self._slots.get(f"{lang}:{name}") or self._slots[name]
                pieces.append((pool.first, pool.count))
        return pieces

    def arrays(self) -> tuple[Ids, Ids]:
        """First phrase and number of phrases of each piece; both of shape (n_templates, WIDTH)."""
        first = np.zeros((len(self._pieces), WIDTH), dtype=np.int32)
        count = np.ones_like(first)
        for row, pieces in enumerate(self._pieces):
            for column, (one, many) in enumerate(pieces):
                first[row, column], count[row, column] = one, many
        return first, count


class Grid:
    """Pools by whole numbers, looked up for a block of posts at once."""

    def __init__(self, *shape: int) -> None:
        self.first = np.zeros(shape, dtype=np.int32)
        self.count = np.zeros(shape, dtype=np.int32)

    def __setitem__(self, where: int | tuple[int, ...], pool: Pool) -> None:
        self.first[where], self.count[where] = pool.first, pool.count

    def draw(self, where: tuple[Ints | int, ...], chances: npt.NDArray[np.float32]) -> Ids:
        """Draw one of each pool; 0, which is nothing, from an empty one."""
        count = self.count[where]
        drawn = self.first[where] + (chances * count).astype(np.int32)
        return np.where(count > 0, drawn, 0).astype(np.int32)


class Phrasebook:
    """All phrases and templates for the brands of a plan.

    Attributes
    ----------
    first, count, asks, has_brand
        Of templates: their pieces, whether they are questions, whether they name the brand.
    table
        All phrases in all variants, variant by variant.
    tags, tag_numbers, is_tag
        Names of the hashtags among the phrases, empty for all others; a number for each name; and
        whether there is one.
    size
        Number of phrases in one variant.
    """

    def __init__(self, brands: Sequence[PlannedBrand]) -> None:
        shared = _shared()
        self.grids = shared.grids
        self.first, self.count = shared.first, shared.count
        self.asks, self.has_brand = shared.asks, shared.has_brand
        self.mentions = Grid(len(brands), len(LANGS), 3)
        self.brand_tags = Grid(len(brands))
        names = self._add_brands(brands, offset=len(shared.variants[0]))
        self.size = len(shared.variants[0]) + len(names)
        own = pa.array(names, pa.string())
        self.table = pa.concat_arrays([part for one in shared.variants for part in (one, own)])
        self.tags = pa.array(
            [
                name.strip()[1:] if name.strip()[:1] == "#" else ""
                for name in (*shared.phrases, *names)
            ]
        )
        self.is_tag = np.asarray(pc.not_equal(self.tags, ""))
        self.tag_numbers = np.asarray(self.tags.dictionary_encode().indices)

    def _add_brands(self, brands: Sequence[PlannedBrand], *, offset: int) -> list[str]:
        names: list[str] = []

        def add(phrases: Sequence[str]) -> Pool:
            names.extend(phrases)
            return Pool(offset + len(names) - len(phrases), len(phrases))

        for number, brand in enumerate(brands):
            for place, lang in enumerate(LANGS):
                local = brand.local_names.get(lang, ())
                self.mentions[number, place, NAME] = add((*brand.names, *local * len(brand.names)))
                self.mentions[number, place, HANDLE] = add([f"@{name}" for name in brand.handles])
                self.mentions[number, place, HASHTAG] = add([f"#{name}" for name in brand.hashtags])
            self.brand_tags[number] = add([f"#{name} " for name in brand.hashtags])
        return names


@dataclass(frozen=True, slots=True)
class _Shared:
    """What is the same whatever the brands."""

    phrases: list[str]
    variants: list[pa.Array]
    first: Ids
    count: Ids
    asks: npt.NDArray[np.bool_]
    has_brand: npt.NDArray[np.bool_]
    grids: Mapping[str, Grid]


@cache
def _shared() -> _Shared:
    table = PhraseTable()
    _add_slots(table)
    grids = {**_english_grids(table), **_plain_grids(table)}
    _add_abroad(table, grids)
    first, count = table.arrays()
    return _Shared(
        phrases=table.phrases,
        variants=_variants(table),
        first=first,
        count=count,
        asks=np.array(table.asks),
        has_brand=(first == BRAND).any(axis=1),
        grids=grids,
    )


def _add_slots(table: PhraseTable) -> None:
    table.slot("day", english.SLOTS["day"])
    for name, phrases in english.SLOTS.items():
        if name != "day":
            # Slots inside slots are written out here.
            table.slot(name, _written_out(phrases, {"day": english.SLOTS["day"]}))
    table.slot(
        "ticket",
        [f"{letter}-{number}" for letter, number in product("BKQT", range(20117, 99999, 611))],
    )
    table.slot("flight", [f"KA{number}" for number in range(103, 990, 13)])
    for lang, words in LANGUAGES.items():
        table.slot(f"{lang}:time", words.times)
        table.slot(f"{lang}:place", words.places)


def _written_out(phrases: Iterable[str], slots: Mapping[str, Sequence[str]]) -> list[str]:
    found = []
    for phrase in phrases:
        name = next((name for name in slots if "{" + name + "}" in phrase), None)
        fillings = slots[name] if name else ("",)
        found += [phrase.replace("{" + str(name) + "}", filling) for filling in fillings]
    return found


def _english_grids(table: PhraseTable) -> dict[str, Grid]:
    """Pools of English by number of words, style and feeling; other languages are added later."""
    langs, styles, feelings, words = len(LANGS), len(STYLES), len(FEELINGS), len(WORDS)
    grids = {
        "things": Grid(langs, words),
        "clauses": Grid(words, feelings),
        "frames": Grid(langs, styles, feelings),
        "openers": Grid(langs, styles, feelings),
        "closers": Grid(langs, styles, feelings),
        "details": Grid(langs, words),
        "topic_tags": Grid(words),
        "compared": Grid(feelings),
    }
    for number, topic in enumerate(WORDS.values()):
        things = _written_out(
            topic.things["en"], {"money": english.SLOTS["money"], "num": english.SLOTS["num"]}
        )
        grids["things"][0, number] = table.add(things)
        grids["details"][0, number] = table.templates(topic.details, end=" ")
        grids["topic_tags"][number] = table.add([f"{tag} " for tag in topic.tags], fixed=True)
        for place, feeling in enumerate(FEELINGS):
            grids["clauses"][number, place] = table.templates(topic.clauses[feeling])
        for lang, phrases in topic.things.items():
            if lang != "en":
                grids["things"][LANGS.index(lang), number] = table.add(phrases)
    for place, feeling in enumerate(FEELINGS):
        grids["compared"][place] = table.templates(english.COMPARED[feeling], end=" ")
        for number, style in enumerate(STYLES):
            key = (style, feeling)
            grids["frames"][0, number, place] = table.templates(english.FRAMES.get(key, ()))
            grids["openers"][0, number, place] = table.templates(
                english.OPENERS.get(key, ()), end=" "
            )
            grids["closers"][0, number, place] = table.templates(
                english.CLOSERS.get(key, ()), end=" "
            )
    return grids


def _plain_grids(table: PhraseTable) -> dict[str, Grid]:
    """Pools that know no language, or only English."""
    grids = {
        "leads": Grid(len(LANGS)),
        "tails": Grid(len(LANGS)),
        "sarcasm": Grid(1),
        "emoji": Grid(2, len(FEELINGS)),
        "ends": Grid(2, len(_ENDS), len(FEELINGS)),
        "hosts": Grid(len(STYLES)),
        "codes": Grid(1),
        "nicks": Grid(1),
        "before": Grid(1),
        "behind": Grid(1),
    }
    grids["leads"][0] = table.templates(english.LEADS, end=" ")
    grids["tails"][0] = table.templates(_tails(english.TAILS))
    grids["sarcasm"][0] = table.templates(english.SARCASM)
    for place, feeling in enumerate(FEELINGS):
        grids["emoji"][0, place] = table.add([f"{sign} " for sign in EMOJI[feeling]], fixed=True)
        grids["emoji"][1, place] = table.add([f"{sign} " for sign in ADVERT_EMOJI], fixed=True)
    for script, (ends, space) in enumerate(((_ENDS, " "), (_JAPANESE_ENDS, ""))):
        for kind, by_feeling in enumerate(ends.values()):
            for place, marks in enumerate(by_feeling):
                signs = [mark + space if mark else " " for mark in marks]
                grids["ends"][script, kind, place] = table.add(signs, fixed=True)
    _add_links(table, grids)
    grids["nicks"][0] = table.add([f"@{name} " for name in _nicks()], fixed=True)
    grids["before"][0] = table.add(["+1 ", "👇 ", "Re: ", "📢 ", ">> "], fixed=True)
    grids["behind"][0] = table.add([" 🙏", " !!", " (1/2)", " ➡️", " ✍️", " ^^"], fixed=True)
    return grids


def _add_links(table: PhraseTable, grids: Mapping[str, Grid]) -> None:
    # Domains under .example belong to nobody (RFC 2606).
    hosts = {
        "plain": ["photos.example/", "clips.example/v/", "blog.example/"],
        "ask": ["help.example/case/"],
        "news": [
            f"{name}.example/{room}/"
            for name, room in product(
                ("daily-ledger", "harbour-post", "the-dispatch", "metro-wire", "evening-herald"),
                ("business", "city", "tech"),
            )
        ],
        "advert": ["win-now.example/", "deal.example/x/", "bit.example/", "coin.example/join/"],
    }
    for number, style in enumerate(STYLES):
        urls = [f"https://{host}" for host in hosts[style]]
        grids["hosts"][number] = table.add(urls, fixed=True)
    pairs = ["".join(pair) for pair in product(_CODE_LETTERS, repeat=2)]
    grids["codes"][0] = table.add(pairs, fixed=True)


def _nicks() -> list[str]:
    starts = (
        "mika lena tomo ravi noor jules edda pablo suki arno bela cleo dino fritz gwen hana".split()
    )
    return [
        f"{start}{sign}{number}"
        for start, sign, number in product(starts, ("", "_"), range(12, 99, 9))
    ]


def _tails(tails: Iterable[str]) -> list[str]:
    """Put a space before tails that begin with a word or a bracket."""
    return [tail if tail[0] in ",.、（" else f" {tail}" for tail in tails]


def _add_abroad(table: PhraseTable, grids: Mapping[str, Grid]) -> None:
    plain, ask, news, advert = (STYLES.index(name) for name in ("plain", "ask", "news", "advert"))
    for place, (lang, words) in enumerate(LANGUAGES.items(), 1):
        space = " " if words.spaced else ""
        by_feeling = [
            table.templates(phrases, lang=lang)
            for phrases in (words.negative, words.neutral, words.positive)
        ]
        fixed = {
            style: table.templates(phrases, lang=lang)
            for style, phrases in ((ask, words.ask), (news, words.news), (advert, words.advert))
        }
        openers = table.templates(words.openers, lang=lang, end=space)
        details = table.templates(words.details, lang=lang, end=space)
        closers = [table.templates(block, lang=lang, end=space) for block in words.closers]
        for number, feeling in product(range(len(STYLES)), range(len(FEELINGS))):
            own = number in fixed and (number != ask or feeling == 1)
            grids["frames"][place, number, feeling] = fixed[number] if own else by_feeling[feeling]
            if number != news:
                grids["openers"][place, number, feeling] = openers
            if number in (plain, ask):
                grids["closers"][place, number, feeling] = closers[feeling]
        for number in range(len(WORDS)):
            grids["details"][place, number] = details
        grids["leads"][place] = table.templates(words.leads, lang=lang, end=space)
        grids["tails"][place] = table.templates(_tails(words.tails), lang=lang)


def _variants(table: PhraseTable) -> list[pa.Array]:
    """All phrases as written, in lower and upper case, with a capital, and with three kinds of slips."""
    written = list(zip(table.phrases, table.fixed, strict=True))
    changes = (str, str.lower, str.upper, _capital, _swap, _double, _stretch)
    return [
        pa.array([phrase if fixed else change(phrase) for phrase, fixed in written], pa.string())
        for change in changes
    ]


def _capital(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]


_LONG_WORD = re.compile(r"[A-Za-z]{6,}")


def _swap(phrase: str) -> str:
    """Two letters of a long word in the wrong order."""
    return _LONG_WORD.sub(
        lambda word: word[0][:2] + word[0][3] + word[0][2] + word[0][4:], phrase, count=1
    )


def _double(phrase: str) -> str:
    """A letter of a long word twice."""
    return _LONG_WORD.sub(lambda word: word[0][:3] + word[0][2:], phrase, count=1)


def _stretch(phrase: str) -> str:
    """The last vowel of a long word again and again."""
    return _LONG_WORD.sub(
        lambda word: re.sub(r"([aeiou])(?=[^aeiou]*$)", r"\1\1\1\1", word[0]), phrase, count=1
    )
