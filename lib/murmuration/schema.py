"""The tables: every column with its type, its unit and what it means.

``docs/data_dictionary.md`` is this file in words; ``python tests/test_schema.py`` writes it anew.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import pyarrow as pa

from murmuration.errors import SchemaError, suggest

UTC_TIME = pa.timestamp("us", "UTC")
STRINGS = pa.list_(pa.string())
PAIRS = pa.map_(pa.string(), pa.string())

KINDS = ("post", "reply", "repost", "quote", "comment", "article")
LANG_SOURCES = ("declared", "detected")
NO_LANG = "und"  # BCP 47: undetermined
NO_MONTH = "unknown"  # the month of posts without a time
DERIVED = "~"  # begins the ids of posts whose source gave none
# What the policy of a source may forbid to name or to infer of authors.
Sensitive = Literal["health", "politics", "religion", "ethnicity", "orientation"]
SENSITIVE: tuple[Sensitive, ...] = get_args(Sensitive)
SOURCE_NAME = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name, type
        Name and Arrow type.
    meaning
        What it says; null always means unknown, never zero.
    unit
        Unit of a number, else empty.
    text
        Whether it may hold what people wrote; such columns get no statistics in the store's log.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    text: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in order, what one row is, and what tells rows apart.

    `nullable` names the columns that may be null; all others have a value in every row. `matched` tells which row of
    another run is the same one, where the key holds a rank or a number that each run gives anew.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()
    nullable: tuple[str, ...] = ()
    matched: tuple[str, ...] = ()

    @property
    def arrow(self) -> pa.Schema:
        """Arrow schema of all columns."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    @property
    def plain_names(self) -> list[str]:
        """Names of the columns that cannot hold what people wrote."""
        return [column.name for column in self.columns if not column.text]


def _count(name: str, what: str) -> Column:
    return Column(name, pa.int64(), f"{what} when the post was observed", unit="count")


# What a platform may withhold, a file may lack, or nobody can tell.
_MAY_BE_UNKNOWN = (
    "platform", "created_at", "author_key", "text", "title", "lang", "lang_source", "reply_to_id", "root_id",
    "repost_of_id", "quote_of_id", "community", "url", "hashtags", "mention_keys", "urls", "like_count",
    "repost_count", "reply_count", "quote_count", "view_count", "score", "author_followers", "sensitive",
    "place_name", "version", "extra",
)  # fmt: skip

POSTS = Table(
    name="posts",
    row="one version of one post; readers see the newest version of each key",
    key=("source", "post_id"),
    partition_by=("source", "created_month"),
    nullable=_MAY_BE_UNKNOWN,
    columns=(
        Column("source", pa.string(), "Label of the import or the live source it came through"),
        Column("platform", pa.string(), "Where it was published, for example `x` or `mastodon`"),
        Column("post_id", pa.string(), "Id on the platform; derived where a file has none"),
        Column("kind", pa.string(), "One of " + ", ".join(f"`{kind}`" for kind in KINDS)),
        Column("created_at", UTC_TIME, "When it was published", unit="UTC, microseconds"),
        Column("author_key", pa.string(), "Pseudonym of the author: keyed hash, 32 hex digits"),
        Column(
            "text", pa.string(), "What was written; the title where there is no body", text=True
        ),
        Column("title", pa.string(), "Title or content warning", text=True),
        Column("lang", pa.string(), "Language, BCP 47; `und` where it cannot be told"),
        Column("lang_source", pa.string(), "`declared` by the platform or `detected` here"),
        Column("reply_to_id", pa.string(), "The post that this one answers"),
        Column("root_id", pa.string(), "First post of the conversation"),
        Column("repost_of_id", pa.string(), "The post that this one passes on"),
        Column("quote_of_id", pa.string(), "The post that this one quotes"),
        Column("community", pa.string(), "Subreddit, group, channel or page", text=True),
        Column("url", pa.string(), "Address of the post", text=True),
        Column("hashtags", STRINGS, "Hashtags without #, as written", text=True),
        Column("mention_keys", STRINGS, "Pseudonyms of the accounts it mentions", text=True),
        Column("urls", STRINGS, "Addresses it links to", text=True),
        _count("like_count", "Likes"),
        _count("repost_count", "Reposts"),
        _count("reply_count", "Replies"),
        _count("quote_count", "Quotes"),
        _count("view_count", "Views"),
        Column("score", pa.int64(), "Votes up minus votes down", unit="count"),
        _count("author_followers", "Followers of the author"),
        Column("sensitive", pa.bool_(), "Marked as sensitive by the author or the platform"),
        Column("place_name", pa.string(), "Place that the author or platform declared", text=True),
        Column("version", UTC_TIME, "When it was edited, if the source says", unit="UTC"),
        Column("observed_at", UTC_TIME, "When this version was seen", unit="UTC"),
        Column("first_seen_at", UTC_TIME, "When any version was first seen", unit="UTC"),
        Column("import_id", pa.string(), "The import that brought this version"),
        Column("extra", PAIRS, "What the source has beyond these columns", text=True),
        Column("content_hash", pa.int64(), "Hash of all that the source said in this version"),
        Column("created_month", pa.string(), "Month of the first version, `YYYY-MM`"),
    ),
)

IMPORTS = Table(
    name="imports",
    row="one file or batch taken in",
    key=("import_id",),
    columns=(
        Column("import_id", pa.string(), "Derived from source, content and mapping: repeatable"),
        Column("source", pa.string(), "The label it was imported under"),
        Column("file_name", pa.string(), "Name of the file, without its folder"),
        Column("file_hash", pa.string(), "SHA-256 of the file as it lay on disk"),
        Column("file_bytes", pa.int64(), "Size of the file as it lay on disk", unit="bytes"),
        Column("shape", pa.string(), "Which known export it was taken for"),
        Column("mapping", PAIRS, "Field to column, as used"),
        Column("observed_at", UTC_TIME, "The file's modification time unless given", unit="UTC"),
        Column("imported_at", UTC_TIME, "When it was committed", unit="UTC"),
        Column("posts_version", pa.int64(), "Version of `posts` that it made"),
        Column("rows_read", pa.int64(), "Rows in the file", unit="rows"),
        Column("rows_new", pa.int64(), "Posts that were not known", unit="posts"),
        Column("rows_updated", pa.int64(), "Known posts with a newer version", unit="posts"),
        Column("rows_unchanged", pa.int64(), "Known posts with nothing new", unit="posts"),
        Column("rows_older", pa.int64(), "Known posts, but an older version", unit="posts"),
        Column("rows_repeated", pa.int64(), "Rows that repeat an id of the file", unit="rows"),
        Column("rows_skipped", pa.int64(), "Records that are no posts, e.g. likes", unit="rows"),
        Column("rows_forgotten", pa.int64(), "Rows of forgotten or deleted posts", unit="rows"),
        Column("rows_quarantined", pa.int64(), "Rows that could not be read", unit="rows"),
        Column("rows_written", pa.int64(), "Rows added to `posts`", unit="rows"),
        Column("notes", STRINGS, "What was repaired or looks odd, with counts"),
    ),
)

QUARANTINE = Table(
    name="quarantine",
    row="one row of a file that could not be read as a post",
    key=("import_id", "row"),
    nullable=("post_id", "author_key"),
    columns=(
        Column("source", pa.string(), "The label it was imported under"),
        Column("import_id", pa.string(), "The import that met it"),
        Column("file_name", pa.string(), "Name of the file, without its folder"),
        Column("row", pa.int64(), "Line in the file, or record number, from 1"),
        Column("reason", pa.string(), "Why it was set aside"),
        Column("post_id", pa.string(), "Its id, if it could be read"),
        Column("author_key", pa.string(), "Pseudonym of its author, if it could be read"),
        Column(
            "content",
            pa.string(),
            "What was read of it but for names, up to 2,000 characters; empty if it could not be taken apart",
            text=True,
        ),
    ),
)

TOMBSTONES = Table(
    name="tombstones",
    row="one post or author that was forgotten and must not come back",
    key=("source", "kind", "hidden_key"),
    columns=(
        Column("source", pa.string(), "Where it is forgotten"),
        Column(
            "kind",
            pa.string(),
            "`post`, `author`, or `mention`: an author, as named in texts of others",
        ),
        Column("hidden_key", pa.string(), "Keyed hash of the id; the id itself is gone"),
        Column("reason", pa.string(), "`forgotten` by a person or `deleted` on the platform"),
        Column("at", UTC_TIME, "When", unit="UTC"),
        Column("swept", pa.bool_(), "Whether the store was rewritten without it"),
    ),
)

LABELS = Table(
    name="labels",
    row="one thing that a person said of a post; the newest entry of each labeller and post holds",
    key=("entry_id",),
    nullable=("label", "stratum", "inclusion_probability"),
    columns=(
        Column("entry_id", pa.string(), "Made at random, 32 hex digits"),
        Column("source", pa.string(), "The source of the post"),
        Column("post_id", pa.string(), "The post"),
        Column("labeller", pa.string(), "Short name of who said it"),
        Column("action", pa.string(), "`label`, `skip`, or `undo`: what was said before is void"),
        Column("label", pa.string(), "`negative`, `neutral` or `positive`; null unless labelled"),
        Column("drawn", pa.string(), "`random`, `stratified`, `uncertain`, `double` or `chosen`"),
        Column("stratum", pa.string(), "Group of posts that it was drawn from", text=True),
        Column(
            "inclusion_probability",
            pa.float64(),
            "Chance that the draw would take this post, of those it could take; null where unknown",
            unit="0 to 1",
        ),
        Column("labelled_at", UTC_TIME, "When it was said", unit="UTC"),
    ),
)

STORE_TABLES = (POSTS, IMPORTS, QUARANTINE, TOMBSTONES, LABELS)


def check_columns(found: Iterable[str], needed: Iterable[str], *, what: str) -> None:
    """Make sure that a table has the columns a function needs.

    Parameters
    ----------
    found
        Column names of the table.
    needed
        Column names that must be among them.
    what
        The function that asks, for the message.

    Raises
    ------
    SchemaError
        If one is missing; names it and the nearest one there is.
    """
    there = list(found)
    for name in needed:
        if name not in there:
            raise SchemaError(f"{what} needs the column {name!r}.{suggest(name, there)}")


def _levels() -> tuple[Column, ...]:
    share = pa.float64()
    return (
        Column("posts", pa.int64(), "Posts of the group", unit="posts"),
        Column("scored", pa.int64(), "Those with a sentiment", unit="posts"),
        Column("authors", pa.int64(), "Distinct authors of scored posts", unit="authors"),
        Column("negative", pa.int64(), "Scored posts that are negative", unit="posts"),
        Column("neutral", pa.int64(), "Scored posts that are neutral", unit="posts"),
        Column("positive", pa.int64(), "Scored posts that are positive", unit="posts"),
        Column("mean", share, "Mean sentiment", unit="−1 to 1"),
        Column("mean_low", share, "Its 95 % interval, lower end", unit="−1 to 1"),
        Column("mean_high", share, "Its 95 % interval, upper end", unit="−1 to 1"),
        Column("negative_share", share, "Share of negative posts among scored ones", unit="0 to 1"),
        Column("negative_low", share, "Its 95 % interval, lower end", unit="0 to 1"),
        Column("negative_high", share, "Its 95 % interval, upper end", unit="0 to 1"),
        Column("positive_share", share, "Share of positive posts among scored ones", unit="0 to 1"),
        Column("positive_low", share, "Its 95 % interval, lower end", unit="0 to 1"),
        Column("positive_high", share, "Its 95 % interval, upper end", unit="0 to 1"),
    )


# Without a scored post there is no level, without two authors no interval.
_ESTIMATES = (
    "mean", "mean_low", "mean_high", "negative_share", "negative_low", "negative_high", "positive_share",
    "positive_low", "positive_high",
)  # fmt: skip
_BRAND = Column("brand", pa.string(), "Key of the brand in the catalog")

_ALERTS = Table(
    name="alerts",
    row="one alert: hours or days with far more posts about the brand, or far more negative ones, than usual",
    key=("brand", "began"),
    nullable=(
        "negative_share",
        "usual_negative_share",
        "top_text_share",
        "authors",
        "top_author_share",
    ),
    columns=(
        _BRAND,
        Column("measure", pa.string(), "`volume`, `negative_share` or `both`"),
        Column("severity", pa.int64(), "How severe", unit="1 to 10"),
        Column("began", UTC_TIME, "Start of the first hour or day of it", unit="UTC"),
        Column("found", UTC_TIME, "End of the one that raised the alarm", unit="UTC"),
        Column("ended", UTC_TIME, "End of the last one with an alarm", unit="UTC"),
        Column("ongoing", pa.bool_(), "Whether it was not yet over at the end of the period"),
        Column("posts", pa.int64(), "Posts from `began` to `ended`", unit="posts"),
        Column("expected", pa.float64(), "What is usual there", unit="posts"),
        Column("growth", pa.float64(), "The one over the other", unit="times"),
        Column("peak_growth", pa.float64(), "The same where it is strongest", unit="times"),
        Column("negative_share", pa.float64(), "Share of negative ones", unit="0 to 1"),
        Column("usual_negative_share", pa.float64(), "What is usual there", unit="0 to 1"),
        Column("p_value", pa.float64(), "Chance of the strongest alarm", unit="0 to 1"),
        Column("terms", STRINGS, "Words that mark it out, most telling first", text=True),
        Column("shared_copies", pa.int64(), "Posts with the most shared text", unit="posts"),
        Column("top_text_share", pa.float64(), "Share of that text", unit="0 to 1"),
        Column("authors", pa.int64(), "Known authors", unit="authors"),
        Column("top_author_share", pa.float64(), "Share of the busiest", unit="0 to 1"),
        Column("driven_by", pa.string(), "Accounts: `few`, `many` or `unknown`"),
        Column("langs", STRINGS, "Languages, largest first"),
        Column("brands", STRINGS, "Other brands that a tenth of the posts or more name"),
        Column("topics", STRINGS, "Labels of topics, likewise, as last kept", text=True),
    ),
)

# Columns that tables of several reports share.
_TO_READ = (
    Column("rank", pa.int64(), "1 is to be read first"),
    Column("source", pa.string(), "Where it came from"),
    Column("post_id", pa.string(), "Its id"),
    Column("author_key", pa.string(), "Pseudonym of its author"),
    Column("created_at", UTC_TIME, "When it was published", unit="UTC"),
    Column("text", pa.string(), "What it says, handles masked unless asked for", text=True),
)
_RECEIVED = (
    Column("sentiment", pa.float64(), "Sentiment", unit="−1 to 1"),
    Column("engagement", pa.int64(), "Reactions that are known, together", unit="count"),
    Column("url", pa.string(), "Its address", text=True),
)
_FIGURE = (
    Column("measure", pa.string(), "What is measured"),
    Column("value", pa.float64(), "How much", unit="see `unit`"),
    Column("unit", pa.string(), "Of what"),
)
_COVERAGE = Table(
    name="coverage",
    row="one figure about what the report rests on",
    key=("item",),
    columns=(
        Column("item", pa.string(), "What is counted"),
        Column("value", pa.int64(), "How many"),
        Column("unit", pa.string(), "Of what"),
    ),
)


def _posts(*more: Column, matched: tuple[str, ...] = ()) -> Table:
    """Give the table of all posts that a report is about, which dashboards look into."""
    return Table(
        name="posts",
        row="one post that the report is about",
        key=("created_at", "source", "post_id"),
        matched=matched,
        nullable=(
            *("author_key", "lang", "text", "url", "sentiment", "sentiment_label", "engagement"),
            *(column.name for column in more if column.name not in ("topic", "segment")),
        ),
        columns=(
            Column("source", pa.string(), "Where it came from"),
            Column("post_id", pa.string(), "Its id"),
            Column("author_key", pa.string(), "Pseudonym of its author"),
            Column("created_at", UTC_TIME, "When it was published", unit="UTC"),
            Column("lang", pa.string(), "Language, BCP 47"),
            *more,
            Column("sentiment", pa.float64(), "Sentiment", unit="−1 to 1"),
            Column("sentiment_label", pa.string(), "`negative`, `neutral` or `positive`"),
            Column("engagement", pa.int64(), "Reactions that are known, together", unit="count"),
            Column("url", pa.string(), "Its address", text=True),
            Column("text", pa.string(), "What it says, handles masked unless asked for", text=True),
        ),
    )


BRAND_HEALTH = (
    Table(
        name="by_brand",
        row="one brand in one of the two periods",
        key=("brand", "period"),
        nullable=_ESTIMATES,
        columns=(_BRAND, Column("period", pa.string(), "`this` or `before`"), *_levels()),
    ),
    Table(
        name="over_time",
        row="one brand in one hour, day, week or month of the period",
        key=("brand", "period_start"),
        nullable=_ESTIMATES,
        columns=(
            _BRAND,
            Column("period_start", UTC_TIME, "Local start of the step", unit="UTC"),
            *_levels(),
        ),
    ),
    Table(
        name="share_of_voice",
        row="one brand",
        key=("brand",),
        nullable=("share", "share_low", "share_high"),
        columns=(
            _BRAND,
            Column("mentions", pa.int64(), "Posts that mention it", unit="posts"),
            Column("share", pa.float64(), "Of all mentions of the compared brands", unit="0 to 1"),
            Column("share_low", pa.float64(), "Its 95 % interval, lower end", unit="0 to 1"),
            Column("share_high", pa.float64(), "Its 95 % interval, upper end", unit="0 to 1"),
        ),
    ),
    Table(
        name="terms",
        row="one word or pair of words that marks some posts of the brand",
        key=("side", "rank"),
        matched=("side", "term"),
        columns=(
            Column(
                "side",
                pa.string(),
                "`negative`, `positive`, or `peak`: negative posts of the step that stands out, against those of others",
            ),
            Column("rank", pa.int64(), "1 is the most distinctive"),
            Column("term", pa.string(), "Word or pair of words", text=True),
            Column("z", pa.float64(), "Log-odds over their standard error"),
            Column("log_odds", pa.float64(), "Log-odds ratio with an informative prior"),
            Column("posts", pa.int64(), "Distinct posts of this side with it", unit="posts"),
            Column("posts_other", pa.int64(), "Distinct posts of the other side", unit="posts"),
        ),
    ),
    Table(
        name="reading",
        row="one post worth reading",
        key=("why", "rank"),
        matched=("why", "source", "post_id"),
        nullable=("author_key", "text", "sentiment", "engagement", "url"),
        columns=(
            Column("why", pa.string(), "`negative`, `positive`, `engaged` or `alert`"),
            *_TO_READ,
            *_RECEIVED,
        ),
    ),
    Table(
        name="by_language",
        row="one language of the brand's posts in the period",
        key=("lang",),
        nullable=("lang", *_ESTIMATES),
        columns=(Column("lang", pa.string(), "Language, BCP 47"), *_levels()),
    ),
    Table(
        name="shares",
        row="one label of the posts about one brand in one of the two periods",
        key=("brand", "period", "label"),
        nullable=("raw", "share"),
        columns=(
            _BRAND,
            Column("period", pa.string(), "`this` or `before`"),
            Column("label", pa.string(), "`negative`, `neutral` or `positive`"),
            Column("posts", pa.int64(), "Posts with a label that can be corrected", unit="posts"),
            Column("unscored", pa.int64(), "All others", unit="posts"),
            Column("raw", pa.float64(), "Share of these posts, as counted", unit="0 to 1"),
            Column(
                "share",
                pa.float64(),
                "The same, corrected for how often the method errs",
                unit="0 to 1",
            ),
            Column("low", pa.float64(), "Its 95 % interval, lower end", unit="0 to 1"),
            Column("high", pa.float64(), "Its 95 % interval, upper end", unit="0 to 1"),
        ),
    ),
    Table(
        name="methods",
        row="one method that said how posts of the period about the brand feel",
        key=("method",),
        nullable=("measured_on",),
        columns=(
            Column("method", pa.string(), "Its version"),
            Column("posts", pa.int64(), "Posts that it scored", unit="posts"),
            Column("measured_on", pa.string(), "Posts on which its errors were counted"),
        ),
    ),
    _ALERTS,
    _posts(),
    _COVERAGE,
)


def _measure(name: str, what: str) -> tuple[Column, ...]:
    """Give a measure and the ends of its 95 % interval."""
    return (
        Column(name, pa.float64(), what, unit="0 to 1"),
        Column(f"{name}_low", pa.float64(), "Its 95 % interval, lower end", unit="0 to 1"),
        Column(f"{name}_high", pa.float64(), "Its 95 % interval, upper end", unit="0 to 1"),
    )


def _with_ends(*names: str) -> tuple[str, ...]:
    return tuple(name + end for name in names for end in ("", "_low", "_high"))


_MODEL = Column("model", pa.string(), "Version of the model, or of VADER")
_JUDGED_LANG = Column("lang", pa.string(), "Language, BCP 47; `all` for all together")

SENTIMENT_QUALITY = (
    Table(
        name="quality",
        row="one model in one language, or in all together",
        key=("model", "lang"),
        nullable=(*_with_ends("macro_recall", "macro_f1", "weighted_f1", "accuracy"), "ece"),
        columns=(
            _MODEL,
            _JUDGED_LANG,
            Column("posts", pa.int64(), "Labelled posts", unit="posts"),
            Column("scored", pa.int64(), "Those that the model scored", unit="posts"),
            Column("authors", pa.int64(), "Authors of scored posts", unit="authors"),
            *_measure("macro_recall", "Mean recall of the labels that occur"),
            *_measure("macro_f1", "Mean F1 of the labels that occur"),
            *_measure("weighted_f1", "F1 weighted by how often each label occurs"),
            *_measure("accuracy", "Share of scored posts that are right"),
            Column(
                "ece",
                pa.float64(),
                "Expected calibration error of the most probable label, 15 bins",
                unit="0 to 1",
            ),
        ),
    ),
    Table(
        name="by_class",
        row="one label, for one model in one language or in all together",
        key=("model", "lang", "label"),
        nullable=_with_ends("precision", "recall", "f1"),
        columns=(
            _MODEL,
            _JUDGED_LANG,
            Column("label", pa.string(), "`negative`, `neutral` or `positive`"),
            Column("posts", pa.int64(), "Scored posts that are so", unit="posts"),
            Column("given", pa.int64(), "Scored posts that the model calls so", unit="posts"),
            *_measure("precision", "Share of those called so that are so"),
            *_measure("recall", "Share of those that are so that are called so"),
            *_measure("f1", "Harmonic mean of the two"),
        ),
    ),
    Table(
        name="confusion",
        row="one true and one given label, for one model in one language or in all together",
        key=("model", "lang", "label", "given"),
        columns=(
            _MODEL,
            _JUDGED_LANG,
            Column("label", pa.string(), "What the post is"),
            Column("given", pa.string(), "What the model calls it"),
            Column("posts", pa.int64(), "Scored posts", unit="posts"),
        ),
    ),
    Table(
        name="calibration",
        row="the posts of one model whose most probable label has a probability within one fifteenth",
        key=("model", "bin_low"),
        nullable=("right_low", "right_high"),
        columns=(
            _MODEL,
            Column("bin_low", pa.float64(), "Start of the fifteenth, included", unit="0 to 1"),
            Column("bin_high", pa.float64(), "Its end", unit="0 to 1"),
            Column("posts", pa.int64(), "Scored posts", unit="posts"),
            Column("probability", pa.float64(), "Mean probability of that label", unit="0 to 1"),
            *_measure("right", "Share of posts whose label it is"),
        ),
    ),
    Table(
        name="slices",
        row="one kind of post, for one model",
        key=("model", "slice", "value"),
        nullable=_with_ends("accuracy", "macro_recall"),
        columns=(
            _MODEL,
            Column(
                "slice",
                pa.string(),
                "`length`, `emoji`, `negation`, `contrast`, `hashtag` or `lang`",
            ),
            Column("value", pa.string(), "Which of them, e.g. `yes`, or characters"),
            Column("posts", pa.int64(), "Scored posts", unit="posts"),
            *_measure("accuracy", "Share that is right; null below 30 posts"),
            *_measure("macro_recall", "Mean recall of the labels that occur; null likewise"),
        ),
    ),
    Table(
        name="mistakes",
        row="one mistake of a model, the surest first",
        key=("model", "rank"),
        matched=("model", "source", "post_id", "text"),
        nullable=("source", "post_id", "author_key"),
        columns=(
            _MODEL,
            Column("rank", pa.int64(), "1 is the surest"),
            Column("source", pa.string(), "Source of a post of the store"),
            Column("post_id", pa.string(), "Its id, if it has one"),
            Column("author_key", pa.string(), "Pseudonym of the author of a post of the store"),
            Column("lang", pa.string(), "Language, BCP 47"),
            Column("label", pa.string(), "What the post is"),
            Column("given", pa.string(), "What the model calls it"),
            Column(
                "confidence",
                pa.float64(),
                "Probability that the model gave this label; of VADER the strength of its score",
                unit="0 to 1",
            ),
            Column("text", pa.string(), "What it says, handles masked unless asked for", text=True),
            Column("terms", pa.string(), "Terms that weighed, with their weights", text=True),
        ),
    ),
    Table(
        name="drift",
        row="one way in which posts may differ from those that a model was trained on",
        key=("model", "posts", "measure"),
        nullable=("value", "usual"),
        columns=(
            _MODEL,
            Column("posts", pa.string(), "Which: `labelled`, or a source of the store"),
            Column(
                "measure",
                pa.string(),
                "`seen` in training (share), `unknown_words` (share), `vocabulary` (Jensen-Shannon divergence, bits), `length` or `language` (stability index)",
            ),
            Column("value", pa.float64(), "How far", unit="see `measure`"),
            Column("usual", pa.float64(), "What to expect without drift", unit="see `measure`"),
        ),
    ),
)

_TOPIC = Column("topic", pa.int64(), "Id of the topic; −1 for none", unit="id")
_LABEL = Column("label", pa.string(), "What it is called: up to three of its terms", text=True)


def _of_posts(name: str, what: str) -> Column:
    return Column(name, pa.int64(), what, unit="posts")


def _share(name: str, what: str) -> Column:
    return Column(name, pa.float64(), what, unit="0 to 1")


def _times(name: str, what: str) -> Column:
    return Column(name, pa.float64(), what, unit="times")


TOPICS = (
    Table(
        name="topics",
        row="one topic",
        key=("topic",),
        nullable=(
            "authors",
            "share",
            "share_low",
            "share_high",
            "stability",
            "found_again",
            "label_share",
            "most_copied",
        ),
        columns=(
            _TOPIC,
            _LABEL,
            Column("terms", STRINGS, "Words that tell it, most telling first", text=True),
            Column("phrases", STRINGS, "Pairs of words that tell it, likewise", text=True),
            _of_posts("posts", "Posts of the period"),
            _of_posts("posts_before", "Posts of the days before that were read"),
            Column("authors", pa.int64(), "Known authors in the period", unit="authors"),
            *_measure("share", "Share of all posts of the period, those without a topic too"),
            Column("x", pa.float64(), "Place on the map, left to right", unit="−1 to 1"),
            Column("y", pa.float64(), "Place on the map, bottom to top", unit="−1 to 1"),
            _share(
                "stability", "Share of its posts that stay together when topics are found again"
            ),
            Column(
                "found_again",
                pa.string(),
                "`itself`, `joined` (together, but mostly with other posts) or `parted` (fewer than half stay together)",
            ),
            _share("label_share", "Share of its posts that have a term of the label"),
            _of_posts(
                "most_copied",
                "Its posts that are copies, wholly or nearly, of one text: that with most of them",
            ),
        ),
    ),
    Table(
        name="emerging",
        row="one topic, and how it changed",
        key=("topic",),
        nullable=(
            "label",
            "expected",
            "growth",
            "growth_low",
            "growth_high",
            "p_value",
            "q_value",
            "since",
            "since_posts",
            "since_expected",
            "since_growth",
            "authors",
            "top_author_share",
            "top_text_share",
        ),
        columns=(
            _TOPIC,
            _LABEL,
            Column(
                "status",
                pa.string(),
                "`emerging`, `new`, `growing`, `fading`, `gone`, `perhaps` (less sure: of a list with these, one in five is chance), `steady`, `too_small` or `unknown` (too few days before)",
            ),
            _of_posts("posts", "Posts of the period"),
            _of_posts("posts_before", "Posts of the days before it that say what is usual"),
            Column("expected", pa.float64(), "Posts to be expected without a change", unit="posts"),
            _times("growth", "Posts over expected; null for new ones"),
            _times("growth_low", "Its 95 % interval, lower end"),
            _times("growth_high", "Its 95 % interval, upper end"),
            _share("p_value", "Chance of so much change were nothing changed"),
            _share("q_value", "False discovery rate of a list that ends with this topic"),
            Column("since", UTC_TIME, "Start of the day from which on it changed", unit="UTC"),
            Column("since_posts", pa.float64(), "Posts from that day on", unit="posts"),
            Column("since_expected", pa.float64(), "To be expected from that day on", unit="posts"),
            _times("since_growth", "The one over the other"),
            Column("authors", pa.int64(), "Known authors in the period", unit="authors"),
            _share("top_author_share", "Share of the busiest author in posts of known authors"),
            Column("driven_by", pa.string(), "`few`, `many` or `unknown`"),
            Column("langs", STRINGS, "Languages, largest first"),
            _share("top_text_share", "Share of the most repeated text"),
            Column("baseline_days", pa.int64(), "Days that say what is usual", unit="days"),
        ),
    ),
    Table(
        name="over_time",
        row="one topic on one day",
        key=("topic", "day"),
        nullable=("authors", "expected", "low", "high"),
        columns=(
            Column("day", UTC_TIME, "Local start of the day", unit="UTC"),
            _TOPIC,
            Column("posts", pa.float64(), "Posts of the day", unit="posts"),
            Column("authors", pa.int64(), "Their known authors", unit="authors"),
            Column("expected", pa.float64(), "To be expected without a change", unit="posts"),
            Column(
                "low", pa.float64(), "Nineteen of twenty days have so many or more", unit="posts"
            ),
            Column(
                "high", pa.float64(), "Nineteen of twenty days have so many or fewer", unit="posts"
            ),
        ),
    ),
    Table(
        name="terms",
        row="one term of one topic",
        key=("topic", "rank"),
        matched=("topic", "term"),
        columns=(
            _TOPIC,
            Column("rank", pa.int64(), "1 tells most"),
            Column("term", pa.string(), "Word or pair of words", text=True),
            _of_posts("posts", "Posts of the topic that have it, of those counted"),
            _share("share", "Share of the topic's posts that have it"),
            _share("share_other", "Share of all other posts that have it"),
        ),
    ),
    Table(
        name="by_sentiment",
        row="how the posts of one topic feel, in the period",
        key=("topic",),
        nullable=_ESTIMATES,
        columns=(_TOPIC, *_levels()),
    ),
    Table(
        name="by_group",
        row="one topic in one source, language or segment of authors, in the period",
        key=("kind", "group", "topic"),
        columns=(
            Column("kind", pa.string(), "`source`, `lang` or `segment`"),
            Column("group", pa.string(), "Which of them"),
            _TOPIC,
            _of_posts("posts", "Posts of the group about the topic"),
            _of_posts("of", "All posts of the group"),
            _share("share", "The one over the other"),
        ),
    ),
    Table(
        name="hierarchy",
        row="one joining of two topics, or groups of topics, that are alike",
        key=("step",),
        matched=("first", "second", "distance"),
        columns=(
            Column("step", pa.int64(), "From 0; the most alike are joined first", unit="count"),
            Column("first", pa.int64(), "Id of a topic; −1 − s for the group of step s", unit="id"),
            Column("second", pa.int64(), "Likewise", unit="id"),
            _share("distance", "How different their words are, on average"),
        ),
    ),
    Table(
        name="lineage",
        row="one link of an earlier topic with one of this run",
        key=("event", "previous_id", "topic"),
        nullable=("previous_label", "label", "shared_posts", "previous_posts", "posts"),
        columns=(
            Column(
                "event",
                pa.string(),
                "`continued`, `drifted`, `born`, `absorbed` (new, but without a place of its own), `died`, `merged`, `split` or `returned`",
            ),
            Column(
                "previous_id",
                pa.int64(),
                "Id of the earlier topic, or of the absorbed one; −1 for none",
                unit="id",
            ),
            _TOPIC,
            Column("previous_label", pa.string(), "What the earlier one was called", text=True),
            _LABEL,
            _share("similarity", "How alike their words are"),
            _of_posts("shared_posts", "Posts that are in both"),
            _of_posts("previous_posts", "Posts that the earlier one was made of"),
            _of_posts("posts", "Posts that this one was made of"),
            Column("terms_gained", STRINGS, "Terms that are new", text=True),
            Column("terms_lost", STRINGS, "Terms that went", text=True),
        ),
    ),
    Table(
        name="reading",
        row="one post that shows what a topic is about",
        key=("topic", "rank"),
        matched=("topic", "source", "post_id"),
        nullable=("author_key", "created_at", "text", "sentiment", "engagement", "url"),
        columns=(
            _TOPIC,
            *_TO_READ,
            _share("topic_strength", "How sure its topic is"),
            *_RECEIVED,
        ),
    ),
    Table(
        name="repeats",
        row="one of the texts that were posted most often in the period, nearly equal ones together",
        key=("repeat_group",),
        matched=("text", "first_seen"),
        nullable=("text", "first_seen", "last_seen"),
        columns=(
            Column("repeat_group", pa.int64(), "Which text", unit="id"),
            Column(
                "text",
                pa.string(),
                "As it was posted first, title and text, handles masked",
                text=True,
            ),
            _of_posts("posts", "How often it was posted"),
            Column("texts", pa.int64(), "Different wordings", unit="texts"),
            Column(
                "authors",
                pa.int64(),
                "Who posted it: different authors that are known",
                unit="authors",
            ),
            Column("first_seen", UTC_TIME, "When it was posted first", unit="UTC"),
            Column("last_seen", UTC_TIME, "When it was posted last", unit="UTC"),
        ),
    ),
    Table(
        name="quality",
        row="one figure about how far the topics can be trusted",
        key=("measure",),
        nullable=("value",),
        columns=(*_FIGURE,),
    ),
    _posts(
        _TOPIC,
        Column("topic_strength", pa.float64(), "How sure its topic is", unit="0 to 1"),
    ),
    _COVERAGE,
)

_SEGMENT = Column("segment", pa.int64(), "Id of the segment; −1 for none", unit="id")


def _of_authors(name: str, what: str) -> Column:
    return Column(name, pa.int64(), what, unit="authors")


AUDIENCE = (
    Table(
        name="segments",
        row="one segment of 20 authors or more",
        key=("segment",),
        nullable=(
            "best_times",
            "rule",
            "rule_precision",
            "rule_recall",
            "strength",
            "authors_before",
            "stayed",
            "came",
            "left",
            "arrived",
            "gone",
            "name_before",
        ),
        columns=(
            _SEGMENT,
            Column("name", pa.string(), "What sets it apart, in a few words", text=True),
            _of_authors("authors", "Its authors"),
            *_measure("share", "Share of all authors that were looked at"),
            _of_posts("posts", "Their posts in the period"),
            Column("posts_per_author", pa.float64(), "The one over the other", unit="posts/author"),
            _share("strength", "How well its authors fit, mean"),
            Column("langs", STRINGS, "Main languages of its authors with shares, largest first"),
            Column(
                "best_times",
                pa.string(),
                "When its authors post clearly more than those of other segments, local time",
            ),
            Column("rule", pa.string(), "What tells its authors, in words", text=True),
            _share("rule_precision", "Share of other authors who meet the rule that are in it"),
            _share("rule_recall", "Share of its other authors who meet the rule"),
            Column(
                "status",
                pa.string(),
                "`first` (no earlier run), `continued` or `new`",
            ),
            Column("name_before", pa.string(), "What it was called in the earlier run", text=True),
            _of_authors("authors_before", "Its authors in the earlier run"),
            _of_authors("stayed", "Authors that were in it before"),
            _of_authors("came", "Authors that were in another one, or in none, before"),
            _of_authors("left", "Authors of before that are in another one, or in none, now"),
            _of_authors("arrived", "Authors that were not there before"),
            _of_authors("gone", "Authors of before that are not there any more"),
        ),
    ),
    Table(
        name="traits",
        row="one trait that tells a segment from the others",
        key=("segment", "rank"),
        matched=("segment", "feature"),
        columns=(
            _SEGMENT,
            Column("rank", pa.int64(), "1 tells most"),
            Column("feature", pa.string(), "Column of the profile"),
            Column("trait", pa.string(), "In words"),
            Column("effect", pa.float64(), "Cliff's delta against the others", unit="−1 to 1"),
            Column("effect_low", pa.float64(), "Its 95 % interval, lower end", unit="−1 to 1"),
            Column("effect_high", pa.float64(), "Its 95 % interval, upper end", unit="−1 to 1"),
            Column("value", pa.float64(), "Typical of its authors", unit="see `unit`"),
            Column("value_rest", pa.float64(), "Typical of all others", unit="see `unit`"),
            Column("unit", pa.string(), "Of both; shares are means, the rest medians"),
        ),
    ),
    Table(
        name="interests",
        row="one term that more authors of a segment use than others do",
        key=("segment", "kind", "rank"),
        matched=("segment", "kind", "term"),
        nullable=("times",),
        columns=(
            _SEGMENT,
            Column(
                "kind", pa.string(), "`topics`, `hashtags`, `communities`, `domains` or `words`"
            ),
            Column("rank", pa.int64(), "1 tells most"),
            Column("term", pa.string(), "What they use", text=True),
            _of_authors("authors", "Authors of the segment who use it, five or more"),
            *_measure("share", "Share of its authors who use it"),
            _share("share_rest", "Share of the authors of other segments who use it"),
            _times("times", "The one over the other; null where no other uses it"),
            Column("z", pa.float64(), "How far beyond chance"),
        ),
    ),
    Table(
        name="by_sentiment",
        row="how the posts of one segment feel",
        key=("segment",),
        nullable=_ESTIMATES,
        columns=(_SEGMENT, *_levels()),
    ),
    Table(
        name="times",
        row="one segment in one hour of the week",
        key=("segment", "weekday", "hour"),
        columns=(
            _SEGMENT,
            Column("weekday", pa.int64(), "Local day, 1 is Monday", unit="day"),
            Column("hour", pa.int64(), "Local hour, 0 to 23", unit="hour"),
            _of_posts("posts", "Posts of its authors"),
            _share("share", "Share of what its authors post, each author counting once"),
        ),
    ),
    Table(
        name="best_times",
        row="one day, or three hours of the day, in which a segment posts clearly more than the others",
        key=("segment", "rank"),
        matched=("segment", "kind", "time"),
        columns=(
            _SEGMENT,
            Column("rank", pa.int64(), "Days first; within them 1 differs most"),
            Column("kind", pa.string(), "`day` or `hours`"),
            Column("time", pa.string(), "Which, local time"),
            _share("share", "Share of what its authors post, each author counting once"),
            _share("share_rest", "The same of the authors of other segments"),
            Column("difference", pa.float64(), "The one less the other", unit="−1 to 1"),
            Column(
                "difference_low",
                pa.float64(),
                "Its interval, 95 % for all times and segments together, lower end",
                unit="−1 to 1",
            ),
            Column("difference_high", pa.float64(), "Its upper end", unit="−1 to 1"),
        ),
    ),
    Table(
        name="places",
        row="one author as a dot on the map, without a name",
        key=("point",),
        matched=("segment", "x", "y"),
        columns=(
            Column("point", pa.int64(), "Number of the dot", unit="count"),
            _SEGMENT,
            Column("x", pa.float64(), "Place, left to right", unit="−1 to 1"),
            Column("y", pa.float64(), "Place, bottom to top", unit="−1 to 1"),
        ),
    ),
    Table(
        name="flows",
        row="authors that went from one segment of the earlier run to one of this run",
        key=("previous", "segment"),
        nullable=("previous_name", "name"),
        columns=(
            Column(
                "previous",
                pa.int64(),
                "Id of the earlier segment; −1 for none, −2 not there before",
                unit="id",
            ),
            Column(
                "segment",
                pa.int64(),
                "Id of the segment now; −1 for none, −2 not there any more",
                unit="id",
            ),
            Column("previous_name", pa.string(), "What the earlier one was called", text=True),
            Column("name", pa.string(), "What it is called now", text=True),
            _of_authors("authors", "How many went"),
        ),
    ),
    Table(
        name="moved",
        row="what became of authors since the earlier run, all of them together",
        key=("what",),
        nullable=("authors", "fewer_than"),
        columns=(
            Column(
                "what",
                pa.string(),
                "`stayed` in their segment, `changed` it, `arrived` (not there before) or `gone` (not there any more)",
            ),
            _of_authors("authors", "How many; null where they are too few to be told"),
            _of_authors("fewer_than", "Than how many they are fewer where they are too few"),
            Column(
                "rounded",
                pa.bool_(),
                "Whether that is to the nearest multiple of what a group needs, as flows are in it that are too small to be told",
            ),
        ),
    ),
    Table(
        name="ahead",
        row="one term that a segment is expected to care for next",
        key=("segment", "rank"),
        matched=("segment", "kind", "term"),
        columns=(
            _SEGMENT,
            Column("rank", pa.int64(), "1 is expected most"),
            Column("kind", pa.string(), "`topics`, `hashtags`, `communities` or `domains`"),
            Column("term", pa.string(), "What it is", text=True),
            Column("expected", pa.float64(), "More than of all authors, weighed", unit="no unit"),
            _share("share", "Share of its authors who use it already"),
        ),
    ),
    Table(
        name="origins",
        row="one post that was looked at, so that `forget` finds the run; nothing says its segment",
        key=("source", "post_id"),
        nullable=("author_key",),
        columns=(
            Column("source", pa.string(), "Where it came from"),
            Column("author_key", pa.string(), "Pseudonym of its author"),
            Column("post_id", pa.string(), "Its id"),
        ),
    ),
    Table(
        name="members",
        row="one author of a segment; only where the policy of the source allows it",
        key=("source", "author_key"),
        nullable=("strength",),
        columns=(
            Column("source", pa.string(), "Source of the author's posts"),
            Column("author_key", pa.string(), "Pseudonym of the author"),
            _SEGMENT,
            Column("name", pa.string(), "What the segment is called", text=True),
            _share("strength", "How well the author fits"),
        ),
    ),
    Table(
        name="choice",
        row="one number of segments that was tried; or the one that was not, with the reason or the doubt",
        key=("n_segments",),
        nullable=("stability", "jaccard", "separation", "shared", "why"),
        columns=(
            Column("n_segments", pa.int64(), "How many", unit="segments"),
            Column(
                "stability",
                pa.float64(),
                "Median adjusted Rand index of segments of two samples",
                unit="−1 to 1",
            ),
            _share("jaccard", "Median overlap of segments with those of a sample"),
            Column("separation", pa.float64(), "Mean silhouette", unit="−1 to 1"),
            _share("shared", "Votes that put authors of the two nearest segments together"),
            _of_authors("smallest", "Authors in the smallest, of those segments were found in"),
            Column("chosen", pa.bool_(), "Whether this one was taken"),
            Column(
                "why",
                pa.string(),
                "Why there is one segment only: it was asked for, authors are too few for two, or no groups stand out",
            ),
        ),
    ),
    Table(
        name="reading",
        row="one post that shows what a segment writes",
        key=("segment", "rank"),
        matched=("segment", "source", "created_at", "text"),
        nullable=("author_key", "created_at", "text", "sentiment", "engagement", "url"),
        columns=(
            _SEGMENT,
            *_TO_READ,
            *_RECEIVED,
        ),
    ),
    Table(
        name="quality",
        row="one figure about how far the segments can be trusted",
        key=("measure",),
        nullable=("value",),
        columns=(*_FIGURE,),
    ),
    # Its posts have numbers where the policy lets nobody name them.
    _posts(_SEGMENT, matched=("created_at", "source", "text")),
    _COVERAGE,
)

RESULTS: dict[str, tuple[Table, ...]] = {
    "brand_health": BRAND_HEALTH,
    "sentiment_quality": SENTIMENT_QUALITY,
    "topics": TOPICS,
    "audience": AUDIENCE,
}
