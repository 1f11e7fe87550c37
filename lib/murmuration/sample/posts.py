"""The generator: block after block of posts, cut into frames."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from murmuration.errors import ParamError
from murmuration.sample.draw import BROKEN, COPY, QUOTE, REPLY, REPOST, Facts, Stage
from murmuration.sample.phrasebook import Phrasebook
from murmuration.sample.plan import Plan
from murmuration.sample.reach import COUNTS, count_reactions
from murmuration.sample.texts import write_texts
from murmuration.sample.threads import Links, Threads, find_roots, link_posts
from murmuration.sample.words.abroad import LANGUAGES
from murmuration.sample.words.english import PLACES
from murmuration.sample.words.parts import FEELINGS
from murmuration.schema import POSTS, STRINGS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NAME = "sample"  # source and platform
TRUTH = pa.schema(
    [
        ("truth_brands", STRINGS),
        ("truth_topic", pa.string()),
        ("truth_sentiment", pa.string()),
        ("truth_author_group", pa.string()),
        ("truth_lang", pa.string()),
        ("truth_crisis", pa.string()),
        ("truth_spam", pa.bool_()),
        ("truth_copy_of", pa.string()),
        ("truth_broken", pa.string()),
    ]
)
_SAID = (
    "source", "platform", "post_id", "kind", "created_at", "author_key", "text", "title", "lang",
    "reply_to_id", "root_id", "repost_of_id", "quote_of_id", "url", "hashtags", "urls", *COUNTS,
    "sensitive", "place_name",
)  # fmt: skip
SCHEMA = pa.schema([*(POSTS.arrow.field(name) for name in _SAID), *TRUTH])

_EPOCH_MS = 946_684_800_000  # 2000-01-01
_ROW_BITS = 22  # of an id; the bits above are milliseconds, so ids are in order of time
_PLACES = 0.35  # share of authors who say where they are
_SENSITIVE, _SENSITIVE_SPAM, _SENSITIVE_UNKNOWN = 0.004, 0.05, 0.1


def make_posts(
    n: int, seed: int = 0, *, plan: Plan | None = None, chunk: int = 20_000
) -> Iterator[pd.DataFrame]:
    """Invent posts, with the truth about each beside it.

    Parameters
    ----------
    n
        How many posts, exactly; from 0.
    seed
        The same number, plan and seed give the same posts; another seed gives others.
    plan
        What is planted; the usual plan unless given. `planted_topics` and `planted_crises` give it as
        tables.
    chunk
        Rows of a frame; the last one may have fewer. Changes nothing about the rows.

    Yields
    ------
    pandas.DataFrame
        In order of time; Arrow types. The columns of `posts` that a platform would fill, and

        - `truth_brands` (list of keys, empty for none), `truth_topic`, `truth_sentiment` (``negative``,
          ``neutral``, ``positive``), `truth_lang`, `truth_author_group`;
        - `truth_crisis`: key of the crisis that it belongs to, else null;
        - `truth_spam`: whether it is unwanted advertising;
        - `truth_copy_of`: the post whose text it repeats, exactly or nearly, as part of a campaign;
        - `truth_broken`: why the row cannot be read, else null. Such rows have no `created_at`, or
          neither `post_id` nor `text`; `write_posts` breaks them for good.

        A count that the platform withholds is null. Memory does not grow with `n`.

    Raises
    ------
    ParamError
        If a number is out of range; at once, not at the first frame.
    """
    check_whole("n", n, least=0)
    check_whole("seed", seed, least=0)
    check_whole("chunk", chunk, least=1)
    return (_as_frame(table) for table in make_tables(n, seed, plan=plan, chunk=chunk))


def check_whole(name: str, value: object, *, least: int) -> None:
    """Make sure that a parameter is a whole number from `least`.

    Raises
    ------
    ParamError
        If not.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ParamError(
            f"make_posts: {name} is {value!r}, but it must be a whole number from {least}."
        )


def make_tables(n: int, seed: int, *, plan: Plan | None, chunk: int) -> Iterator[pa.Table]:
    """Give what `make_posts` gives as Arrow tables of the schema `SCHEMA`; checks nothing."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in _blocks(int(n), int(seed), plan or Plan()) if n else ():
        waiting.append(table)
        rows += len(table)
        if rows < chunk:
            continue
        whole = pa.concat_tables(waiting)
        cuts = range(0, rows - rows % chunk, chunk)
        yield from (whole.slice(cut, chunk).combine_chunks() for cut in cuts)
        # A copy, so that what was given away can be freed.
        waiting = [whole.slice(rows - rows % chunk).combine_chunks()]
        rows %= chunk
    if rows:
        yield pa.concat_tables(waiting).combine_chunks()


def _as_frame(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


@dataclass(frozen=True, slots=True)
class Content:
    """What posts say and what is true about it, as far as reposts and copies repeat it."""

    text: pa.Array
    hashtags: pa.Array
    urls: pa.Array
    number: Ints
    root: Ints
    brands: Ints
    topic: Ints
    feeling: Ints
    lang: Ints
    crisis: Ints
    spam: Flags

    def take(self, rows: Ints) -> "Content":
        """Give some rows."""
        places = pa.array(rows)
        return Content(
            **{
                name: value[rows] if isinstance(value, np.ndarray) else value.take(places)
                for name, value in self.columns()
            }
        )

    def under(self, other: "Content") -> "Content":
        """Give the rows of another one, then these."""
        return Content(
            **{
                name: np.concatenate([above, below])
                if isinstance(below, np.ndarray)
                else pa.concat_arrays([above, below])
                for (_, above), (name, below) in zip(other.columns(), self.columns(), strict=True)
            }
        )

    def columns(self) -> list[tuple[str, Any]]:
        """Name and values of each column."""
        return [(one.name, getattr(self, one.name)) for one in fields(self)]

    def __len__(self) -> int:
        return len(self.number)


@dataclass(slots=True)
class _State:
    """What goes on from block to block."""

    content: Content | None = None
    threads: Threads = field(default_factory=Threads)


def _blocks(n: int, seed: int, plan: Plan) -> Iterator[pa.Table]:
    stage, book, state = Stage(plan, n, seed), Phrasebook(plan.brands), _State()
    first = 0
    blocks = stage.volume.blocks()
    for number, slots in enumerate(blocks):
        facts = stage.draw(number, slots, first)
        first += len(facts)
        if len(facts):
            rng = np.random.default_rng([seed, 2, number])
            yield _make_block(stage, book, facts, state, rng, last=number == len(blocks) - 1)


def _make_block(
    stage: Stage,
    book: Phrasebook,
    facts: Facts,
    state: _State,
    rng: np.random.Generator,
    *,
    last: bool,
) -> pa.Table:
    """Write the posts of a block and remember what later ones may point to."""
    offset = 0 if state.content is None else len(state.content)
    links, threads = _link(stage, facts, state.threads, offset, rng)
    own = (links.repost < 0) & (links.copy < 0)
    texts = write_texts(stage, book, facts, own, rng)
    number = _numbers(facts)
    content = Content(
        text=texts.text,
        hashtags=texts.hashtags,
        urls=texts.urls,
        number=number,
        root=number,
        brands=texts.brands,
        topic=facts.topic,
        feeling=facts.feeling,
        lang=facts.writers.lang,
        crisis=facts.crisis,
        spam=facts.spam,
    )
    known = content if state.content is None else content.under(state.content)
    roots = _roots(facts, links, known)
    rows = offset + np.arange(len(facts))
    said = known.take(np.where(own, rows, np.maximum(links.repost, links.copy)))
    said = _vary_copies(said, facts, links, stage, book, rng)
    table = _assemble(stage, facts, links, known.number, roots, said, number, rng)
    if not last:
        known = replace(known, root=np.concatenate([known.root[:offset], roots]))
        state.content, state.threads = _remember(known, threads)
    return table


def _link(
    stage: Stage, facts: Facts, threads: Threads, offset: int, rng: np.random.Generator
) -> tuple[Links, Threads]:
    """Posts of one topic, crisis or advertising and language are of one kind."""
    langs = len(stage.plan.languages)
    kinds = facts.topic * langs + facts.writers.lang
    return link_posts(
        threads,
        offset,
        kinds=kinds,
        reposts=facts.role == REPOST,
        copies=facts.role == COPY,
        others=(facts.role == REPLY) | (facts.role == QUOTE),
        broken=facts.broken > 0,
        rng=rng,
    )


def _numbers(facts: Facts) -> Ints:
    """Ids as numbers: milliseconds, then the row."""
    rows = (facts.first + np.arange(len(facts))) % (1 << _ROW_BITS)
    return np.asarray(((facts.time_us // 1000 - _EPOCH_MS) << _ROW_BITS) | rows)


def _roots(facts: Facts, links: Links, known: Content) -> Ints:
    """First post of the conversation of each post of the block; its own id where it begins one."""
    offset = len(known) - len(facts)
    parents = np.arange(len(known))
    answers = np.flatnonzero((facts.role == REPLY) & (links.parent >= 0))
    parents[offset + answers] = links.parent[answers]
    return find_roots(parents, known.root)[offset:]


def _remember(known: Content, threads: Threads) -> tuple[Content, Threads]:
    """Keep the remembered rows only, and number them anew."""
    rows = np.concatenate([threads.posts.rows, threads.campaigns.rows])
    many = len(threads.posts.rows)
    threads.posts.rows = np.arange(many)
    threads.campaigns.rows = np.arange(many, len(rows))
    return known.take(rows), threads


def _vary_copies(
    said: Content,
    facts: Facts,
    links: Links,
    stage: Stage,
    book: Phrasebook,
    rng: np.random.Generator,
) -> Content:
    """Some copies have a word or sign before or behind."""
    near = (links.copy >= 0) & (rng.random(len(facts)) < stage.plan.near_copy_share)
    front = rng.random(len(facts)) < 0.5
    parts = []
    for name, wanted in (("before", near & front), ("behind", near & ~front)):
        chances = rng.random(len(facts), dtype=np.float32)
        drawn = book.grids[name].draw((0,), chances)
        parts.append(book.table.take(pa.array(np.where(wanted, drawn, 0))))
    text = pc.binary_join_element_wise(parts[0], said.text, parts[1], "")
    return replace(said, text=text)


def _assemble(
    stage: Stage,
    facts: Facts,
    links: Links,
    numbers: Ints,
    roots: Ints,
    said: Content,
    number: Ints,
    rng: np.random.Generator,
) -> pa.Table:
    plan, n = stage.plan, len(facts)
    reposted, answered = links.repost >= 0, (facts.role == REPLY) & (links.parent >= 0)
    quoted = (facts.role == QUOTE) & (links.parent >= 0)
    lost = facts.broken > 1  # neither id nor text
    ids = pa.array(number, mask=lost).cast(pa.string())
    langs = pa.array(list(plan.languages), pa.string()).take(pa.array(said.lang))
    columns = {
        "source": pa.repeat(pa.scalar(NAME), n),
        "platform": pa.repeat(pa.scalar(NAME), n),
        "post_id": ids,
        "kind": _named(["post", "reply", "repost", "quote"], answered + 2 * reposted + 3 * quoted),
        "created_at": pa.array(facts.time_us, mask=facts.broken == 1).view(
            POSTS.arrow.field("created_at").type
        ),
        "author_key": stage.crowd.keys(facts.writers.number),
        "text": _without(said.text, lost),
        "title": pa.nulls(n, pa.string()),
        "lang": _without(langs, rng.random(n) >= plan.declared_language_share),
        "reply_to_id": _ids_at(numbers, links.parent, answered),
        "root_id": pa.array(roots, mask=~answered).cast(pa.string()),
        "repost_of_id": _ids_at(numbers, links.repost, reposted),
        "quote_of_id": _ids_at(numbers, links.parent, quoted),
        "url": pc.binary_join_element_wise("https://sample.example/p/", ids, ""),
        "hashtags": _without(said.hashtags, lost),
        "urls": _without(said.urls, lost),
        **count_reactions(stage, facts, links.viral, reposted, rng),
        "sensitive": _sensitive(said.spam, rng),
        "place_name": _places(stage, facts),
        **_truth(stage, facts, links, numbers, said, langs),
    }
    return pa.table([columns[name] for name in SCHEMA.names], schema=SCHEMA)


def _truth(
    stage: Stage, facts: Facts, links: Links, numbers: Ints, said: Content, langs: pa.Array
) -> dict[str, pa.Array]:
    plan = stage.plan
    crises = [crisis.key for crisis in plan.all_crises]
    return {
        "truth_brands": _brand_lists([brand.key for brand in plan.brands], said.brands),
        "truth_topic": _named(stage.topic_names, said.topic),
        "truth_sentiment": _named(FEELINGS, said.feeling),
        "truth_author_group": _named([one.key for one in plan.groups], facts.writers.group),
        "truth_lang": langs,
        "truth_crisis": _named(crises, said.crisis),
        "truth_spam": pa.array(said.spam),
        "truth_copy_of": _ids_at(numbers, links.copy, links.copy >= 0),
        "truth_broken": _named(BROKEN, facts.broken - 1),
    }


def _named(names: list[str] | tuple[str, ...], numbers: Ints) -> pa.Array:
    """Names by number, null below 0."""
    numbers = np.asarray(numbers)
    return pa.array(names, pa.string()).take(pa.array(numbers, mask=numbers < 0))


def _without(values: pa.Array, missing: Flags) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, values.type), values)


def _ids_at(numbers: Ints, places: Ints, there: Flags) -> pa.Array:
    return pa.array(numbers[np.where(there, places, 0)], mask=~there).cast(pa.string())


def _brand_lists(keys: list[str], brands: Ints) -> pa.Array:
    masks, where = np.unique(brands, return_inverse=True)
    lists = [[key for bit, key in enumerate(keys) if mask >> bit & 1] for mask in masks.tolist()]
    return pa.array(lists, STRINGS).take(pa.array(where))


def _sensitive(spam: Flags, rng: np.random.Generator) -> pa.Array:
    marked = rng.random(len(spam)) < np.where(spam, _SENSITIVE_SPAM, _SENSITIVE)
    return pa.array(marked, mask=rng.random(len(spam)) < _SENSITIVE_UNKNOWN)


def _places(stage: Stage, facts: Facts) -> pa.Array:
    """The place that an author declares, one and the same in all posts."""
    writers, crowd = facts.writers, stage.crowd
    lists = [PLACES if name == "en" else LANGUAGES[name].places for name in stage.plan.languages]
    counts = np.array([len(names) for names in lists])
    starts = np.cumsum(counts) - counts
    place = (crowd.trait(writers.number, 6) * counts[writers.lang]).astype(np.int64)
    silent = crowd.trait(writers.number, 7) >= _PLACES
    names = pa.array([name for names in lists for name in names], pa.string())
    return names.take(pa.array(starts[writers.lang] + place, mask=silent))
