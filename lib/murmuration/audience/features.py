"""What a profile says of an author: every feature with its unit and what it means."""

from dataclasses import dataclass
from typing import Literal, get_args

Block = Literal[
    "volume", "rhythm", "style", "reception", "reach", "declared", "feeling", "interests", "text"
]
Kind = Literal["number", "log", "share", "angle", "name", "time", "terms"]

BLOCKS: tuple[Block, ...] = get_args(Block)
# Blocks that segments are not made of: what platform or author declare is told of a segment, never a reason for it.
TOLD_ONLY: tuple[Block, ...] = ("declared",)


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a profile.

    Attributes
    ----------
    name, block
        Its name, and the topic that it belongs to.
    kind
        ``number``; ``log``: a number over orders of magnitude; ``share``: 0 to 1; ``angle``: one of two coordinates of a
        place on a circle; ``name``; ``time``; ``terms``: names with their counts.
    unit
        Unit of a number, else empty.
    meaning
        What it says; null always means unknown, never zero.
    needs
        Columns of posts, one of which it is made of; without any it is null.
    phrase
        How a person would say that there is much of it, and little.
    counted
        What a share is a share of, as it follows the number: “of an author’s texts have an emoji”.
    """

    name: str
    block: Block
    kind: Kind
    unit: str
    meaning: str
    needs: tuple[str, ...]
    phrase: tuple[str, str] = ("", "")
    counted: str = ""


def _share(
    name: str,
    block: Block,
    what: str,
    needs: tuple[str, ...],
    phrase: tuple[str, str],
    counted: str,
) -> Feature:
    return Feature(name, block, "share", "0 to 1", what, needs, phrase, counted)


def _log(
    name: str, block: Block, unit: str, what: str, needs: tuple[str, ...], phrase: tuple[str, str]
) -> Feature:
    return Feature(name, block, "log", unit, what, needs, phrase)


_WHEN, _SAID, _KIND = ("created_at",), ("text",), ("kind",)
_ANGLE = "coordinate of the mean direction, 0 where the pattern is even"

FEATURES: tuple[Feature, ...] = (
    _log("posts", "volume", "posts", "Posts of the author", (), ("many posts", "few posts")),
    Feature("first_post_at", "volume", "time", "UTC", "Day of the first post", _WHEN),
    Feature("last_post_at", "volume", "time", "UTC", "Day of the last post", _WHEN),
    _log(
        "active_days", "volume", "days", "Days, in UTC, with a post", _WHEN,
        ("active on many days", "active on few days"),
    ),
    _log(
        "posts_per_active_day", "volume", "posts/day", "Posts on a day with any", _WHEN,
        ("many posts a day", "few posts a day"),
    ),
    _share(
        "regularity", "rhythm", "Share of the days from the first post to the last that have one", _WHEN,
        ("posts day by day", "long silences"), "of their days have a post",
    ),
    _share(
        "burst_share", "rhythm", "Share of the posts that fell on the busiest day", _WHEN,
        ("posts in bursts", "posts evenly"), "of an author’s posts fall on the busiest day",
    ),
    Feature("hour_cos", "rhythm", "angle", "−1 to 1", f"Hour of the day in UTC, cosine: {_ANGLE}", _WHEN, ("posts around midnight UTC", "posts around noon UTC")),
    Feature("hour_sin", "rhythm", "angle", "−1 to 1", f"Hour of the day in UTC, sine: {_ANGLE}", _WHEN, ("posts in the morning UTC", "posts in the evening UTC")),
    Feature("weekday_cos", "rhythm", "angle", "−1 to 1", f"Day of the week from Monday on, cosine: {_ANGLE}", _WHEN, ("posts around Monday", "posts in mid-week")),
    Feature("weekday_sin", "rhythm", "angle", "−1 to 1", f"Day of the week from Monday on, sine: {_ANGLE}", _WHEN, ("posts early in the week", "posts late in the week")),
    _share("night_share", "rhythm", "Share of posts from 0:00 to 6:00 UTC", _WHEN, ("night hours UTC", "no night hours UTC"), "of an author’s posts from 0 to 6 h UTC"),
    _share("weekend_share", "rhythm", "Share of posts on Saturday and Sunday, UTC", _WHEN, ("weekends", "working days"), "of an author’s posts on Saturday and Sunday"),
    _log("text_chars", "style", "characters", "Length of a text, geometric mean", _SAID, ("long posts", "short posts")),
    _share("url_share", "style", "Share of texts with an address", _SAID, ("many links", "few links"), "of an author’s texts have a link"),
    _share("hashtag_share", "style", "Share of texts with a hashtag", _SAID, ("many hashtags", "few hashtags"), "of an author’s texts have a hashtag"),
    _share("many_hashtags_share", "style", "Share of texts with three hashtags or more", _SAID, ("rows of hashtags", "no rows of hashtags"), "of an author’s texts have three hashtags or more"),
    _share("mention_share", "style", "Share of texts that name an account", _SAID, ("names many accounts", "names few accounts"), "of an author’s texts name an account"),
    _share("emoji_share", "style", "Share of texts with an emoji", _SAID, ("many emoji", "few emoji"), "of an author’s texts have an emoji"),
    _share("question_share", "style", "Share of texts with a question mark", _SAID, ("asks questions", "asks little"), "of an author’s texts have a question mark"),
    _share("exclamation_share", "style", "Share of texts with an exclamation mark", _SAID, ("many exclamations", "few exclamations"), "of an author’s texts have an exclamation mark"),
    _share("shout_share", "style", "Share of texts with a word of four capitals or more", _SAID, ("words in capitals", "no words in capitals"), "of an author’s texts have a word in capitals"),
    _share("start_lower_share", "style", "Share of texts that begin with a small letter", _SAID, ("begins with small letters", "begins with capitals"), "of an author’s texts begin with a small letter"),
    _share("repost_share", "style", "Share of posts that pass another on", _KIND, ("passes on much", "passes on little"), "of an author’s posts pass another on"),
    _share("reply_share", "style", "Share of posts that answer another", _KIND, ("answers others", "answers few"), "of an author’s posts answer another"),
    _share("quote_share", "style", "Share of posts that quote another", _KIND, ("quotes others", "quotes few"), "of an author’s posts quote another"),
    _share("repeated_share", "style", "Share of texts that repeat one of the author's own; addresses and handles make no difference", _SAID, ("repeats own texts", "repeats nothing"), "of an author’s texts repeat another of them"),
    _share("copied_share", "style", "Share of texts that other authors wrote as well, word by word; addresses and handles make no difference", _SAID, ("texts of others", "own texts"), "of an author’s texts are others' as well"),
    _log("likes_per_post", "reception", "likes/post", "Likes, geometric mean of posts (of likes + 1, less 1)", ("like_count",), ("many likes", "few likes")),
    _log("reposts_per_post", "reception", "reposts/post", "Reposts, likewise", ("repost_count",), ("passed on often", "passed on rarely")),
    _log("replies_per_post", "reception", "replies/post", "Replies, likewise", ("reply_count",), ("many replies", "few replies")),
    _log("views_per_post", "reception", "views/post", "Views, likewise", ("view_count",), ("many views", "few views")),
    _log("followers", "reach", "followers", "Followers when posting, geometric mean", ("author_followers",), ("many followers", "few followers")),
    Feature("main_lang", "declared", "name", "", "Language of most posts, BCP 47, as `lang` says", ("lang",)),
    _share("main_lang_share", "declared", "Share of posts in it", ("lang",), ("one language", "several languages"), "of an author’s posts in one language"),
    Feature("main_place", "declared", "name", "", "Place that most posts with one declare", ("place_name",)),
    Feature("sentiment", "feeling", "number", "−1 to 1", "Mean sentiment", ("sentiment",), ("feels well", "feels badly")),
    Feature("sentiment_spread", "feeling", "number", "0 to 1", "Standard deviation of sentiment; null below two posts", ("sentiment",), ("feelings that differ", "even feelings")),
    _share("negative_share", "feeling", "Share of scored posts that are negative", ("sentiment_label",), ("often negative", "rarely negative"), "of an author’s scored posts are negative"),
    _share("positive_share", "feeling", "Share of scored posts that are positive", ("sentiment_label",), ("often positive", "rarely positive"), "of an author’s scored posts are positive"),
    Feature("hashtags", "interests", "terms", "posts", "Hashtags in small letters, the most frequent first", ("hashtags", "text")),
    Feature("mentions", "interests", "terms", "posts", "Accounts named, as fingerprints", ("mention_keys", "text")),
    Feature("domains", "interests", "terms", "posts", "Sites linked to; shorteners such as t.co say nothing of what is linked and are left out", ("urls", "text")),
    Feature("communities", "interests", "terms", "posts", "Communities posted in", ("community",)),
    Feature("topics", "interests", "terms", "posts", "Topics written about, as `assign_topics` numbers them", ("topic",)),
    Feature("words", "text", "terms", "texts", "Words written, without function words, links, handles and hashtags", _SAID),
)  # fmt: skip

BY_NAME = {feature.name: feature for feature in FEATURES}
TERMS = tuple(feature.name for feature in FEATURES if feature.kind == "terms")
NUMBERS = tuple(
    feature.name for feature in FEATURES if feature.kind in ("number", "log", "share", "angle")
)


def names_of(block: str) -> tuple[str, ...]:
    """Give the names of the numbers in a block."""
    return tuple(name for name in NUMBERS if BY_NAME[name].block == block)


def can_be_told(name: str) -> bool:
    """Say whether a reader can be told what a number is: a coordinate of a circle is half of an hour or weekday."""
    feature = BY_NAME[name]
    return feature.block not in TOLD_ONLY and feature.kind != "angle"


# What has to be known of a post to count for a number; `KNOWN_POSTS` and this is the column that says of how many it is.
RESTS_ON = {
    **dict.fromkeys(
        (
            "posts_per_active_day", "burst_share", "hour_cos", "hour_sin", "night_share", "weekday_cos", "weekday_sin",
            "weekend_share",
        ),
        "time",
    ),
    **dict.fromkeys(
        (
            "text_chars", "url_share", "hashtag_share", "many_hashtags_share", "mention_share", "emoji_share",
            "question_share", "exclamation_share", "shout_share", "start_lower_share", "repeated_share", "copied_share",
        ),
        "text",
    ),
    **dict.fromkeys(("repost_share", "reply_share", "quote_share"), "kind"),
    **{name: name for name in (*names_of("reception"), *names_of("reach"))},
    **dict.fromkeys(("sentiment", "sentiment_spread"), "sentiment"),
    **dict.fromkeys(("negative_share", "positive_share"), "label"),
}  # fmt: skip
KNOWN_POSTS = "known_"
