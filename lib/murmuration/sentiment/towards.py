"""Sentiment towards one brand, in posts that speak of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from murmuration.errors import ParamError
from murmuration.frames import TEXT, Frame, map_rows, text_list
from murmuration.schema import check_columns
from murmuration.sentiment.comparisons import Reading, Stance, find_readings
from murmuration.sentiment.model import LABELS, Model
from murmuration.sentiment.names import TOWARDS
from murmuration.sentiment.score import Method, score_posts
from murmuration.text.brands import Brand, keep_brand
from murmuration.text.clauses import MAX_BRANDS, brands_in, mark_brands, split_by_brand, trim
from murmuration.text.language import detect_languages

# What VADER gives for "better" alone: a brand that is preferred comes off at least as well.
_CLEAR = 0.4404
_GAP = " … "
_OTHER_SIDE = dict(zip(LABELS, reversed(LABELS), strict=True))


@dataclass(frozen=True)
class _Plan:
    brand: Brand
    others: tuple[Brand, ...]
    method: Method | Model
    lexicon: Mapping[str, float] | None
    models: Mapping[str, Model] | None

    def __dask_tokenize__(self) -> object:
        method = self.method if isinstance(self.method, str) else self.method.version
        models = {language: model.version for language, model in (self.models or {}).items()}
        return self.brand, self.others, method, dict(self.lexicon or {}), models


def score_towards(
    posts: Frame,
    brand: Brand,
    *,
    others: Sequence[Brand] = (),
    method: Method | Model = "auto",
    lexicon: Mapping[str, float] | None = None,
    models: Mapping[str, Model] | None = None,
) -> Frame:
    """Say how posts feel about a brand, judged by the part of each that speaks of it.

    A post that mentions other brands as well is split into clauses (`murmuration.text.clauses`), and what is
    said of the others is left out. Where brands are compared (“X is better than Y”, “switched from Y to X”,
    “unlike Y”), the form says which comes off well (`murmuration.sentiment.comparisons`); a preferred brand
    has .44 or more. All other posts are judged whole, as in `score_posts`; so is every post whose language is
    not English, as the rules know no other.

    Parameters
    ----------
    posts
        pandas or Dask frame with `text`; `title` and `lang` are used where they are there.
    brand
        Towards whom.
    others
        Brands from which it is told apart, such as its competitors; `brand` may be among them.
    method, lexicon, models
        Who scores the parts, see `score_posts`.

    Returns
    -------
    same kind as `posts`
        With `towards` (−1 worst to 1 best; null where the post does not mention the brand or is not scored),
        `towards_label` (``negative``, ``neutral``, ``positive``; null likewise) and `towards_part` (the text
        that was judged, null where the brand is not mentioned; where it leaves something out, there is “…”).

    Raises
    ------
    ParamError
        If a brand is not a `Brand`, if there are too many, or for what `score_posts` refuses.
    SchemaError
        If `text` is missing.
    """
    apart = tuple(other for other in others if other != brand)
    _check_brands((brand, *apart))
    return map_rows(posts, _score_part, _Plan(brand, apart, method, lexicon, models))


def judge_mentions(
    mentions: pd.DataFrame,
    brands: Sequence[Brand],
    *,
    method: Method | Model = "auto",
    lexicon: Mapping[str, float] | None = None,
    models: Mapping[str, Model] | None = None,
) -> pd.DataFrame:
    """Give each mention of a brand the sentiment towards that brand, in place of the whole post's.

    Parameters
    ----------
    mentions
        One row for each brand that a post mentions, with `brand` (its key) and what `score_posts` gives.
    brands
        All of them, told apart from each other.
    method, lexicon, models
        See `score_posts`.

    Returns
    -------
    pandas.DataFrame
        `mentions` with other values of `sentiment` and `sentiment_label`, see `score_towards`. What scored them
        is called ``-towards`` in `sentiment_model`, as it errs otherwise than on whole posts; how often is not known.
    """
    check_columns(mentions.columns, ["brand", "text", "sentiment_model"], what="judge_mentions")
    judged = []
    for brand in brands:
        own = mentions[mentions["brand"] == brand.key]
        judged.append(
            score_towards(own, brand, others=brands, method=method, lexicon=lexicon, models=models)[
                ["towards", "towards_label"]
            ]
        )
    towards = pd.concat(judged).reindex(mentions.index)
    judges = mentions["sentiment_model"].astype(TEXT) + TOWARDS
    return mentions.assign(
        sentiment=towards["towards"],
        sentiment_label=towards["towards_label"],
        sentiment_model=judges.where(towards["towards"].notna(), None),
    )


def _check_brands(brands: Sequence[object]) -> None:
    for brand in brands:
        if not isinstance(brand, Brand):
            raise ParamError(
                f"score_towards needs Brand objects, not {brand!r}. Take them from the catalog: catalog.brands."
            )
    if len(brands) > MAX_BRANDS:
        raise ParamError(
            f"score_towards tells at most {MAX_BRANDS} brands apart, but {len(brands)} were given. Give fewer."
        )


def _score_part(part: pd.DataFrame, plan: _Plan) -> pd.DataFrame:
    check_columns(part.columns, ["text"], what="score_towards")
    posts = part.reset_index(drop=True)
    ours = keep_brand(posts, plan.brand)
    lang = _languages(ours)
    pairs = zip(text_list(ours["text"]), text_list(lang), strict=True)
    judged = [_judge(text, language, plan) for text, language in pairs]
    pieces = _texts([piece for _, piece in judged], ours.index)
    scored = score_posts(
        pd.DataFrame({"text": pieces, "lang": lang}),
        plan.method, lexicon=plan.lexicon, models=plan.models,
    )  # fmt: skip
    stances = pd.Series([stance for stance, _ in judged], index=ours.index, dtype=object)
    found = _turn(scored, stances).assign(towards_part=pieces).reindex(posts.index)
    return part.assign(**found.set_axis(part.index))


def _texts(texts: Sequence[str | None], index: "pd.Index[Any]") -> "pd.Series[Any]":
    return pd.Series(pd.array(pa.array(texts, pa.string()), dtype=TEXT), index=index)


def _languages(posts: pd.DataFrame) -> "pd.Series[Any]":
    """Give the languages of whole posts: a part may be too short to tell."""
    texts = text_list(posts["text"])
    declared = text_list(posts["lang"], column="lang") if "lang" in posts else [None] * len(posts)
    unknown = [text if code is None else None for text, code in zip(texts, declared, strict=True)]
    detected = detect_languages(unknown).to_pylist()
    codes = [code or found for code, found in zip(declared, detected, strict=True)]
    return _texts(codes, posts.index)


def _judge(text: str | None, language: str | None, plan: _Plan) -> tuple[Stance, str | None]:
    """Give the part of a post that speaks of the brand, and how the brand stands to it."""
    if not text or language != "en":
        return Stance.SAME, text
    marked = mark_brands(text, (plan.brand, *plan.others))
    reading = _read(marked)
    if reading is None:
        return Stance.SAME, text
    pieces = (trim(text[start:end]) for start, end in reading.spans)
    return reading.stance, _GAP.join(piece for piece in pieces if piece) or text


def _read(marked: str) -> Reading | None:
    """Say what to judge of a post for its brand number 0; None for all of it."""
    compared = find_readings(marked)
    if 0 in compared:
        return compared[0]
    here = brands_in(marked)
    if 0 not in here or len(here) == 1:
        return None
    return Reading(Stance.SAME, tuple(split_by_brand(marked)[0]))


def _turn(scored: pd.DataFrame, stances: "pd.Series[Any]") -> pd.DataFrame:
    """Turn scores of parts into scores towards the brand."""
    towards, labels = scored["sentiment"].copy(), scored["sentiment_label"].copy()
    silent = (labels == LABELS[1]).fillna(False).astype(bool)
    against = stances.isin([Stance.OPPOSITE, Stance.AGAINST])
    better = (stances == Stance.BETTER) | (stances == Stance.WITH) & silent
    worse = (stances == Stance.WORSE) | (stances == Stance.AGAINST) & silent
    clear = towards.abs().clip(lower=_CLEAR)
    towards = towards.mask(against, -towards).mask(better, clear).mask(worse, -clear)
    labels = labels.mask(against, labels.map(_OTHER_SIDE).astype(TEXT))
    for those, label in ((worse, 0), (stances == Stance.OPEN, 1), (better, 2)):
        labels = labels.mask(those & labels.notna(), LABELS[label])
    towards = towards.mask((stances == Stance.OPEN) & towards.notna(), 0.0)
    return pd.DataFrame({"towards": towards, "towards_label": labels})
