"""From facts to texts, with their hashtags and links."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.sample.draw import NEUTRAL, REPLY, Facts, Stage
from murmuration.sample.phrasebook import (
    BRAND,
    CAPITAL,
    HANDLE,
    HASHTAG,
    LANGS,
    LOWER,
    NAME,
    OTHER,
    SWAPPED,
    THING,
    UPPER,
    WIDTH,
    Phrasebook,
)
from murmuration.sample.planned import STYLES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

_PLAIN, _ASK, _NEWS, _ADVERT = (STYLES.index(name) for name in ("plain", "ask", "news", "advert"))
_ENGLISH, _JAPANESE = LANGS.index("en"), LANGS.index("ja")
_LAST, _INSIDE, _ASKED = range(3)  # where a sentence stands, see Phrasebook

# The parts of a text in order, and how many pieces each takes.
_PARTS = {
    "nick": 1, "opener": WIDTH, "lead": WIDTH, "clause": WIDTH, "tail": WIDTH, "end": 1,
    "second": WIDTH, "second_end": 1, "detail": WIDTH, "compared": WIDTH, "closer": WIDTH, "emoji": 1,
    "brand_tag": 1, "tag": 1, "other_tag": 1, "host": 1, "code": 1, "other_code": 1,
}  # fmt: skip
_AT = dict(zip(_PARTS, np.cumsum([0, *_PARTS.values()]).tolist(), strict=False))
_COLUMNS = sum(_PARTS.values())

_OPENERS = 0.3
_FRAMES = {
    "plain": 0.25,
    "ask": 0.6,
    "news": 1.0,
    "advert": 0.3,
}  # instead of the topic's own clauses
_LEADS, _TAILS = 0.42, 0.84  # cumulated; the others name the brand in a hashtag only
_LEADS_ADVERT, _TAILS_ADVERT = 0.15, 0.3
_BRAND_TAGS = 0.3  # of posts with hashtags, also with that of the brand
_NICKS = 0.5  # of answers, beginning with a handle
_SARCASM = 0.04  # of negative posts
_SHOUTS = 0.02  # of posts with a feeling, all in capitals


@dataclass(frozen=True, slots=True)
class Texts:
    """What the posts of a block say; all of length n_posts.

    Attributes
    ----------
    text, hashtags, urls
        Arrow arrays; lists are null where empty.
    brands
        Brands that are mentioned, a bit each.
    """

    text: pa.Array
    hashtags: pa.Array
    urls: pa.Array
    brands: Ints


def write_texts(
    stage: Stage, book: Phrasebook, facts: Facts, wanted: Flags, rng: np.random.Generator
) -> Texts:
    """Write the texts of a block.

    Parameters
    ----------
    stage, book
        What was decided and what can be said.
    facts
        The posts.
    wanted
        Which of them have a text of their own; the others get an empty one. Shape (n_posts,).
    rng
        Source of chance.
    """
    return _Writer(stage, book, facts, wanted, rng).write()


class _Writer:
    """Fills a table of phrase numbers, a row a post."""

    def __init__(
        self, stage: Stage, book: Phrasebook, facts: Facts, wanted: Flags, rng: np.random.Generator
    ) -> None:
        self._stage, self._book, self._facts, self._rng = stage, book, facts, rng
        self._plan = stage.plan
        n = len(facts)
        self._wanted = wanted
        self._ids: Ids = np.zeros((n, _COLUMNS), dtype=np.int32)
        self._group = facts.writers.group
        names = np.array([LANGS.index(name) for name in self._plan.languages])
        self._lang = names[facts.writers.lang]
        self._english = self._lang == _ENGLISH
        self._branded = facts.home < len(self._plan.brands)
        self._brand = np.minimum(facts.home, len(self._plan.brands) - 1)
        self._form = self._forms()
        self._mention = self._mentions(self._brand, self._form)
        self._other = self._others()
        self._compared = self._compares()

    def _chance(self, many: int | None = None) -> npt.NDArray[np.float32]:
        return self._rng.random(len(self._facts) if many is None else many, dtype=np.float32)

    def _rate(self, name: str) -> Floats:
        """A rate of the author's group, by post."""
        return np.array([getattr(group, name) for group in self._plan.groups])[self._group]

    def _forms(self) -> Ints:
        chance, handles = self._chance(), self._rate("handles")
        tags = handles + self._rate("inline_tags")
        return np.select([chance < handles, chance < tags], [HANDLE, HASHTAG], NAME)

    def _mentions(self, brand: Ints, form: Ints | int) -> Ids:
        return self._book.mentions.draw((brand, self._lang, form), self._chance())

    def _others(self) -> Ids:
        """How another brand would be named."""
        brands = len(self._plan.brands)
        steps = 1 + (self._chance() * max(1, brands - 1)).astype(np.int64)
        self._other_brand = (self._brand + steps) % brands
        return self._mentions(self._other_brand, NAME)

    def _compares(self) -> Flags:
        """Which posts name a second brand: English ones, so that their share is the plan's in all."""
        if len(self._plan.brands) < 2:
            return np.zeros(len(self._facts), dtype=np.bool_)
        english = self._plan.languages.get("en", 0) / sum(self._plan.languages.values())
        share = self._plan.second_brand_share / max(english, 0.05)
        able = self._branded & self._english & ~self._facts.spam
        return np.asarray(able & (self._chance() < share))

    def write(self) -> Texts:
        """Fill all parts and join them."""
        followed = self._sides()
        asks = self._clauses()
        self._ends("end", asks, followed | self._seconds(followed))
        self._tags()
        self._links()
        tags = self._book.is_tag[self._ids]
        hashtags = _lists(self._without_repeats(tags), self._ids, self._book.tags)
        self._ids *= self._wanted[:, None]
        at = _AT["host"]
        urls = _join(self._book.table, self._ids[:, at:])
        urls = pc.if_else(pc.equal(urls, ""), None, urls)
        text = pc.utf8_trim_whitespace(_join(self._book.table, self._varied()))
        brands = np.where(self._branded, 1 << self._brand, 0)
        brands |= np.where(self._compared, 1 << self._other_brand, 0)
        return Texts(text, hashtags, _single_lists(urls), brands)

    def _put(self, part: str, templates: Ids, rows: Ints) -> None:
        """Fill a part of some posts from templates, one each."""
        book, places = self._book, _AT[part]
        first, count = book.first[templates], book.count[templates]
        chance = self._rng.random(first.shape, dtype=np.float32)
        ids = first + (chance * count).astype(np.int32)
        for code, phrases in ((BRAND, self._mention), (OTHER, self._other)):
            ids = np.where(first == code, phrases[rows, None], ids)
        if (first == THING).any():
            where = (self._lang[rows], self._facts.words[rows])
            things = book.grids["things"].draw(where, chance[:, 0])
            ids = np.where(first == THING, things[:, None], ids)
        self._ids[rows, places : places + WIDTH] = ids

    def _put_drawn(self, part: str, grid: str, wanted: Flags, *where: Ints | int) -> Flags:
        """Fill a part of the wanted posts from a grid of templates; give those that have it."""
        rows = np.flatnonzero(wanted & self._wanted)
        index = tuple(one if isinstance(one, int) else one[rows] for one in where)
        templates = self._book.grids[grid].draw(index, self._chance(len(rows)))
        self._put(part, templates, rows)
        found = np.zeros(len(wanted), dtype=np.bool_)
        found[rows[templates > 0]] = True
        return found

    def _sides(self) -> Flags:
        """What stands around the clause; gives the posts that go on behind it."""
        facts, lang, style = self._facts, self._lang, self._facts.style
        by_feeling = (lang, style, facts.feeling)
        self._opened = self._put_drawn("opener", "openers", self._chance() < _OPENERS, *by_feeling)
        # Other languages know personal remarks only, which are not for news desks.
        personal = (self._chance() < self._rate("details")) & (self._english | (style != _NEWS))
        detailed = self._put_drawn("detail", "details", personal, lang, facts.other_words)
        closed = self._put_drawn(
            "closer", "closers", self._chance() < self._rate("closers"), *by_feeling
        )
        compared = self._put_drawn("compared", "compared", self._compared, facts.feeling)
        nicks = (facts.role == REPLY) & (self._chance() < _NICKS)
        self._opened |= nicks
        self._put_phrases("nick", "nicks", nicks, 0)
        emoji = self._chance() < self._rate("emoji")
        advert = (style == _ADVERT).astype(np.int64)
        self._put_phrases("emoji", "emoji", emoji, advert, facts.feeling)
        return detailed | closed | compared

    def _put_phrases(self, part: str, grid: str, wanted: Flags, *where: Ints | int) -> None:
        rows = np.flatnonzero(wanted)
        index = tuple(one if isinstance(one, int) else one[rows] for one in where)
        self._ids[rows, _AT[part]] = self._book.grids[grid].draw(index, self._chance(len(rows)))

    def _draw_clauses(self) -> Ids:
        """The template of each post's clause."""
        facts, grids = self._facts, self._book.grids
        rates = np.array([_FRAMES[style] for style in STYLES])[facts.style]
        framed = ~self._english | (self._chance() < rates)
        own = grids["clauses"].draw((facts.words, facts.feeling), self._chance())
        frames = grids["frames"].draw((self._lang, facts.style, facts.feeling), self._chance())
        templates = np.where(framed | (own == 0), frames, own)
        sarcastic = self._english & (facts.feeling == 0) & (facts.style == _PLAIN)
        sarcastic &= self._chance() < _SARCASM
        return np.where(sarcastic, grids["sarcasm"].draw((0,), self._chance()), templates)

    def _clauses(self) -> Flags:
        """The clause, and how it names the brand; gives the posts that ask something."""
        templates, rows = self._draw_clauses(), np.flatnonzero(self._wanted)
        self._clause = templates
        self._put("clause", templates[rows], rows)
        chance = self._chance()
        advert = self._facts.style == _ADVERT
        leads, tails = (
            np.where(advert, special, usual)
            for special, usual in ((_LEADS_ADVERT, _LEADS), (_TAILS_ADVERT, _TAILS))
        )
        bare = self._branded & ~self._book.has_brand[templates]
        led = self._put_drawn("lead", "leads", bare & (chance < leads), self._lang)
        self._put_drawn("tail", "tails", bare & (chance >= leads) & (chance < tails), self._lang)
        self._tagged = bare & (chance >= tails)
        self._capital = ~(self._opened | led)
        return np.asarray(self._book.asks[templates])

    def _seconds(self, followed: Flags) -> Flags:
        """A second clause where the group likes to write on; gives the posts that have one."""
        facts = self._facts
        wanted = self._english & (self._chance() < self._rate("seconds")) & ~facts.spam
        wanted &= facts.style != _NEWS
        where = (facts.words, facts.feeling)
        templates = self._book.grids["clauses"].draw(where, self._chance())
        there = wanted & self._wanted & (templates > 0) & (templates != self._clause)
        self._put("second", templates[there], np.flatnonzero(there))
        self._ends("second_end", np.zeros(len(there), dtype=np.bool_), followed, only=there)
        return np.asarray(there)

    def _ends(self, part: str, asks: Flags, followed: Flags, only: Flags | None = None) -> None:
        kind = np.select([asks, followed], [_ASKED, _INSIDE], _LAST)
        script = (self._lang == _JAPANESE).astype(np.int64)
        ids = self._book.grids["ends"].draw((script, kind, self._facts.feeling), self._chance())
        self._ids[:, _AT[part]] = ids if only is None else np.where(only, ids, 0)

    def _tags(self) -> None:
        facts, rate, grid = self._facts, self._rate("tags"), self._book.grids["topic_tags"]
        chance, n = self._chance(), len(self._facts)
        tagged = chance < rate
        first, count = grid.first[facts.words], grid.count[facts.words]
        place = (self._chance() * count).astype(np.int32)
        twice = tagged & (count > 1) & (self._chance() < rate)
        self._ids[:, _AT["tag"]] = np.where(tagged & (count > 0), first + place, 0)
        self._ids[:, _AT["other_tag"]] = np.where(
            twice, first + (place + 1) % np.maximum(count, 1), 0
        )
        unnamed = self._branded & (self._form != HASHTAG) & (self._chance() < _BRAND_TAGS)
        brand = self._tagged | (tagged & unnamed)
        drawn = self._book.brand_tags.draw((self._brand,), self._chance(n))
        self._ids[:, _AT["brand_tag"]] = np.where(brand, drawn, 0)

    def _links(self) -> None:
        facts, grids = self._facts, self._book.grids
        linked = self._chance() < self._rate("links")
        hosts = grids["hosts"]
        count = hosts.count[facts.style]
        chance = self._chance()
        # A news desk has a site of its own.
        own = facts.writers.number % np.maximum(count, 1)
        place = np.where(facts.style == _NEWS, own, (chance * count).astype(np.int64))
        self._ids[:, _AT["host"]] = np.where(linked, hosts.first[facts.style] + place, 0)
        for part in ("code", "other_code"):
            self._ids[:, _AT[part]] = np.where(linked, grids["codes"].draw((0,), self._chance()), 0)

    def _without_repeats(self, tags: Flags) -> Flags:
        """Leave out a brand's hashtag where the text has it before."""
        tags = tags & self._wanted[:, None]
        rows = np.flatnonzero(tags.sum(axis=1) > 1)
        names = np.where(tags[rows], self._book.tag_numbers[self._ids[rows]], -1)
        order = np.argsort(names, axis=1, kind="stable")
        ordered = np.take_along_axis(names, order, axis=1)
        again = np.zeros_like(order, dtype=np.bool_)
        again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
        repeated = np.zeros_like(again)
        np.put_along_axis(repeated, order, again, axis=1)
        tags[rows] &= ~repeated
        return tags

    def _varied(self) -> Ids:
        """Phrase numbers with capitals, small letters and slips of the finger."""
        facts, size = self._facts, self._book.size
        ids = self._ids.copy()
        clause, second = _AT["clause"], _AT["second"]
        slips = np.flatnonzero(self._chance() < self._rate("typos"))
        kind = SWAPPED + self._rng.integers(0, 3, (len(slips), 1))
        hit = self._rng.random((len(slips), WIDTH), dtype=np.float32) < 0.6
        ids[slips, clause : clause + WIDTH] += (size * kind * hit).astype(np.int32)
        for column, wanted in ((clause, self._capital), (second, ids[:, second] > 0)):
            wanted = wanted & (ids[:, column] < size)
            ids[:, column] += np.where(wanted, size * CAPITAL, 0).astype(np.int32)
        small = self._stage.crowd.trait(facts.writers.number, 5) < self._rate("lower_case")
        shouts = (facts.feeling != NEUTRAL) & (facts.style != _NEWS) & (self._chance() < _SHOUTS)
        for rows, variant in ((small, LOWER), (shouts, UPPER)):
            ids[rows] = ids[rows] % size + (ids[rows] > 0) * (size * variant)
        return ids


def _join(table: pa.Array, ids: Ids) -> pa.Array:
    """Join the phrases of each row; a string array of length n_rows."""
    there = ids != 0
    flat = table.take(pa.array(ids[there]))
    ends = np.concatenate([[0], there.sum(axis=1).cumsum()])
    offsets = np.frombuffer(flat.buffers()[1], dtype=np.int32)[flat.offset + ends]
    # The joined text of a row is what lies in Arrow's buffer between its first and its last phrase.
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), flat.buffers()[2])


def _lists(wanted: Flags, ids: Ids, names: pa.Array) -> pa.Array:
    """Names of the wanted phrases of each row as lists, null for none."""
    counts = wanted.sum(axis=1)
    offsets = np.concatenate([[0], counts.cumsum()]).astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), names.take(pa.array(ids[wanted])), mask=pa.array(counts == 0)
    )


def _single_lists(values: pa.Array) -> pa.Array:
    """Lists of one value each, null for none."""
    there = np.asarray(values.is_valid())
    offsets = np.concatenate([[0], there.cumsum()]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.drop_null(), mask=pa.array(~there))
