"""Labelled posts and what a method makes of them → how good it is, where it fails, and on what.

Macro recall is what SemEval and TweetEval rank by. Intervals are at 95 %: a bootstrap in which authors, where
they are known, are drawn as a whole, since posts of one author resemble each other.

References
----------
- Macro recall: Rosenthal, Farra & Nakov 2017, SemEval-2017 Task 4.
- Percentile bootstrap over clusters: Davison & Hinkley 1997, Bootstrap Methods and their Application, ch. 3.8.
- Expected calibration error: Guo, Pleiss, Sun & Weinberger 2017, ICML, arXiv:1706.04599.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from vaderSentiment import vaderSentiment

from murmuration.frames import TEXT, text_list
from murmuration.schema import NO_LANG, check_columns
from murmuration.sentiment.calibration import BINS, calibration_error, confidence_bins
from murmuration.sentiment.model import LABELS, Model
from murmuration.sentiment.score import PROBABILITIES, label_scores, score_posts, vader_version
from murmuration.sentiment.vader import analyzer, vader_scores
from murmuration.text.clean import HANDLE, MASK
from murmuration.text.language import declared_code, detect_languages
from murmuration.text.letters import MARKS
from murmuration.text.markup import unescape

ALL = "all"  # the row of a table that takes all languages together
FEW = 30  # posts; of fewer a slice says nothing

_DRAWS = 1_000
_LENGTHS = ((40, "under 40"), (80, "40–79"), (120, "80–119"), (160, "120–159"))
_LONGEST = "160 and more"
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u203c\u2049]")
_HASHTAG = re.compile(r"(?<!\w)[#＃][^\W\d_]")
# Words that turn a feeling, and words behind which another one follows, in the languages that have labelled posts.
_NEGATIONS = {
    "ar": "لا ليس ليست لم لن مش مو ما غير", "de": "nicht kein keine keinen keiner nie niemals nichts ohne",
    "en": "not no never none nothing nobody nor neither cannot cant dont doesnt didnt isnt wasnt wont without \\w+n['’]t",
    "es": "no nunca ni sin nada nadie tampoco", "fr": "ne pas jamais rien aucun aucune sans ni",
    "hi": "नहीं नही ना मत न बिना", "it": "non mai né nessuno niente senza nulla", "pt": "não nao nunca nem nada sem ninguém",
}  # fmt: skip
_CONTRASTS = {
    "ar": "لكن ولكن بس رغم", "de": "aber doch jedoch trotzdem obwohl", "en": "but however although though yet despite",
    "es": "pero aunque sino", "fr": "mais pourtant malgré", "hi": "लेकिन मगर पर परंतु", "it": "ma però anche se invece",
    "pt": "mas porém embora",
}  # fmt: skip

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Explain = Callable[[Sequence[str]], Sequence[Sequence[tuple[str, float]]]]


def prepare_labelled(posts: pd.DataFrame) -> pd.DataFrame:
    """Make labelled posts ready to be judged: their language, and what marks them.

    Parameters
    ----------
    posts
        With `text` and `label` (one of `LABELS`), and `lang` and `group` (authors) where there are.

    Returns
    -------
    pandas.DataFrame
        Rows with text and label only, with `lang` (detected where it is not declared; ``und``), `group`
        (null for unknown), and the slices `length`, `emoji`, `negation`, `contrast`, `hashtag` (null where
        the language has no list of such words).
    """
    check_columns(posts.columns, ["text", "label"], what="prepare_labelled")
    there = posts["label"].isin(LABELS) & posts["text"].fillna("").str.strip().ne("")
    kept = posts[there.fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)
    texts = [text or "" for text in text_list(kept["text"])]
    langs = _languages(kept, texts)
    slices: dict[str, list[str] | list[str | None]] = {
        "length": [_length(text) for text in texts],
        "emoji": [_yes(_EMOJI.search(text)) for text in texts],
        "hashtag": [_yes(_HASHTAG.search(text)) for text in texts],
        "negation": _find_words_of(texts, langs, _NEGATIONS),
        "contrast": _find_words_of(texts, langs, _CONTRASTS),
    }
    columns = {"lang": _text(langs)} | {name: _text(found) for name, found in slices.items()}
    group = kept["group"].astype(TEXT) if "group" in kept else _text([None] * len(kept))
    return kept.assign(text=_text(texts), label=kept["label"].astype(TEXT), group=group, **columns)


def _languages(posts: pd.DataFrame, texts: list[str]) -> list[str]:
    declared = text_list(posts["lang"], column="lang") if "lang" in posts else [None] * len(posts)
    codes = [declared_code(code) for code in declared]
    unknown = [text if code is None else None for text, code in zip(texts, codes, strict=True)]
    detected = detect_languages(unknown).to_pylist() if None in codes else codes
    return [code or found or NO_LANG for code, found in zip(codes, detected, strict=True)]


def _length(text: str) -> str:
    return next((name for end, name in _LENGTHS if len(text) < end), _LONGEST)


def _yes(found: object) -> str:
    return "yes" if found else "no"


def _find_words_of(
    texts: Sequence[str], langs: Sequence[str], words: Mapping[str, str]
) -> list[str | None]:
    """Say whether each text holds one of the words of its language; None where there is no list."""
    patterns = {code: _any_of(some) for code, some in words.items() if code in langs}
    return [
        _yes(patterns[lang].search(text)) if lang in patterns else None
        for text, lang in zip(texts, langs, strict=True)
    ]


def _any_of(words: str) -> "re.Pattern[str]":
    """Match any of some words as a whole; they may be written as regular expressions."""
    return re.compile(
        rf"(?<![\w{MARKS}])(?:{'|'.join(words.split())})(?![\w{MARKS}])", re.IGNORECASE
    )


def _text(values: Sequence[str | None] | Sequence[str]) -> Any:
    return pd.array(pa.array(list(values), pa.string()), dtype=TEXT)


def judge(posts: pd.DataFrame, model: Model | None = None) -> pd.DataFrame:
    """Let a model, or VADER, say how labelled posts feel.

    Parameters
    ----------
    posts
        As `prepare_labelled` gives them.
    model
        None for VADER.

    Returns
    -------
    pandas.DataFrame
        The posts with `model` (its version), `given` (its label; null in languages that it was not made
        for), `confidence` (probability of that label; for VADER, which has none, the strength of its score;
        0 to 1) and `p_negative`, `p_neutral`, `p_positive` (NaN for VADER).
    """
    scored = score_posts(posts[["text", "lang"]], model or "auto")
    chances = scored[list(PROBABILITIES)].to_numpy(dtype=float, na_value=np.nan)
    strength = scored["sentiment"].abs().to_numpy(dtype=float, na_value=np.nan)
    if model:
        places = scored["sentiment_label"].map({label: place for place, label in enumerate(LABELS)})
        named = places.fillna(0).to_numpy(dtype=np.int64)
        strength = np.where(places.isna(), np.nan, chances[np.arange(len(posts)), named])
    return posts.assign(
        model=model.version if model else vader_version(),
        given=scored["sentiment_label"],
        confidence=strength,
        **dict(zip(PROBABILITIES, chances.T, strict=True)),
    )


def estimate_quality(judged: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Estimate how good each model is, in all languages together and in each.

    Parameters
    ----------
    judged
        Rows of `judge`, of one model or several.
    seed
        Of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        One row a model and language, see table `quality`: `posts`, `scored`, `authors` (counts),
        `macro_recall`, `macro_f1`, `weighted_f1`, `accuracy` (0 to 1; of scored posts), each with `…_low`
        and `…_high`, and `ece` (0 to 1; null where there are no probabilities). Macro figures are means
        over the labels that occur. Null where nothing was scored; intervals also where one author wrote all.
    """
    rows = []
    for (model, lang), part in _by_language(judged):
        scored = part[part["given"].notna()]
        row: dict[str, Any] = {"model": model, "lang": lang, "posts": len(part)}
        row |= {"scored": len(scored), "authors": _count_authors(scored)}
        rows.append(
            row | _with_intervals(_overall, scored, seed=seed) | {"ece": _calibration_error(scored)}
        )
    return _table(rows)


def estimate_by_class(judged: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Estimate precision, recall and F1 of each label; see table `by_class`.

    Parameters
    ----------
    judged, seed
        As in `estimate_quality`.

    Returns
    -------
    pandas.DataFrame
        One row a model, language and label: `posts` that are, `given` (posts that the model calls so),
        `precision`, `recall`, `f1`, each with `…_low` and `…_high`; null where there is nothing to divide by.
    """
    rows = []
    for (model, lang), part in _by_language(judged):
        scored = part[part["given"].notna()]
        matrix = confusion(scored["label"], scored["given"])
        for place, label in enumerate(LABELS):
            row = {"model": model, "lang": lang, "label": label}
            row |= {"posts": matrix[place].sum(), "given": matrix[:, place].sum()}
            rows.append(row | _with_intervals(_of_class(place), scored, seed=seed))
    return _table(rows)


def count_confusion(judged: pd.DataFrame) -> pd.DataFrame:
    """Count scored posts by true and given label, for each model and language; see table `confusion`."""
    rows = []
    for (model, lang), part in _by_language(judged):
        scored = part[part["given"].notna()]
        matrix = confusion(scored["label"], scored["given"])
        for (row, column), posts in np.ndenumerate(matrix):
            names = {"label": LABELS[row], "given": LABELS[column]}
            rows.append({"model": model, "lang": lang, **names, "posts": posts})
    return _table(rows)


def confusion(labels: "pd.Series[Any]", given: "pd.Series[Any]") -> Counts:
    """Count posts by true label (rows) and given label (columns), in the order of `LABELS`; shape (3, 3)."""
    return _count_cells(_cells(labels, given), 1).reshape(3, 3)


def _cells(labels: "pd.Series[Any]", given: "pd.Series[Any]") -> Counts:
    """Number the cell of the confusion matrix that each post is in, row by row."""
    place = {label: number for number, label in enumerate(LABELS)}
    rows, columns = (
        np.array([place[label] for label in column], dtype=np.int64) for column in (labels, given)
    )
    return 3 * rows + columns


def estimate_calibration(judged: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Compare how sure a model says to be with how often it is right; see table `calibration`.

    Parameters
    ----------
    judged, seed
        As in `estimate_quality`; models without probabilities are left out.

    Returns
    -------
    pandas.DataFrame
        One row a model and a fifteenth of probability, where there are posts: `bin_low`, `bin_high`, `posts`,
        `probability` (mean over posts of that of the most probable label), `right` (share whose label that is)
        with `right_low` and `right_high`; all 0 to 1. The label that a model gives can be another one.
    """
    rows = []
    for model, part in judged.groupby("model", sort=True):
        sure = part[part["given"].notna() & part[PROBABILITIES[0]].notna()]
        chances = _chances(sure)
        sure = sure.assign(
            given=np.array(LABELS)[chances.argmax(axis=1)], confidence=chances.max(axis=1)
        )
        places = confidence_bins(chances.max(axis=1))
        for place in np.unique(places):
            inside = sure[places == place]
            row = {"model": model, "bin_low": place / BINS, "bin_high": (place + 1) / BINS}
            row |= {"posts": len(inside), "probability": inside["confidence"].mean()}
            found = _with_intervals(_accuracy, inside, seed=seed)
            rows.append(
                row | {name.replace("accuracy", "right"): value for name, value in found.items()}
            )
    measures = "model bin_low bin_high posts probability right right_low right_high"
    return _table(rows, measures.split())


def _chances(judged: pd.DataFrame) -> Floats:
    """Give the probabilities of posts, shape (n_posts, n_labels)."""
    return judged[list(PROBABILITIES)].to_numpy(dtype=float, na_value=np.nan)


def _calibration_error(scored: pd.DataFrame) -> float:
    sure = scored[scored[PROBABILITIES[0]].notna()]
    if sure.empty:
        return np.nan
    truth = np.array([LABELS.index(label) for label in sure["label"]])
    return calibration_error(_chances(sure), truth)


def estimate_slices(judged: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Estimate how good each model is on parts of the posts; see table `slices`.

    Parameters
    ----------
    judged, seed
        As in `estimate_quality`.

    Returns
    -------
    pandas.DataFrame
        One row a model, slice (`length`, `emoji`, `negation`, `contrast`, `hashtag`, `lang`) and value:
        `posts` (scored), `accuracy` and `macro_recall` with `…_low` and `…_high`; null below 30 posts.
    """
    rows = []
    for model, part in judged[judged["given"].notna()].groupby("model", sort=True):
        for name in ("length", "emoji", "negation", "contrast", "hashtag", "lang"):
            for value, inside in part.groupby(name, sort=True):
                measures = inside if len(inside) >= FEW else inside.iloc[:0]
                row = {"model": model, "slice": name, "value": value, "posts": len(inside)}
                rows.append(row | _with_intervals(_of_slice, measures, seed=seed))
    ends = [name + end for name in ("accuracy", "macro_recall") for end in ("", "_low", "_high")]
    return _table(rows, ["model", "slice", "value", "posts", *ends])


def find_mistakes(
    judged: pd.DataFrame, models: Iterable[Model] = (), *, count: int = 10
) -> pd.DataFrame:
    """Find the mistakes that a model was surest of, and the terms that weighed.

    Parameters
    ----------
    judged
        Rows of `judge`.
    models
        Those that judged, beside VADER; of one that can `explain` texts the terms that weighed are told:
        above 0 they spoke for the label that it gave. Of VADER it is what each word feels like, −4 to 4.
    count
        How many of each model; texts that repeat are shown once.

    Returns
    -------
    pandas.DataFrame
        One row a mistake, see table `mistakes`; rank 1 is the surest.
    """
    explain: dict[str, Explain] = {vader_version(): weigh_words}
    explain |= {one.version: one.explain for one in models if isinstance(one, _Explains)}
    parts = []
    for model, part in judged[judged["given"].notna()].groupby("model", sort=True):
        wrong = part[part["given"] != part["label"]].drop_duplicates("text")
        worst = wrong.sort_values(["confidence", "text"], ascending=[False, True]).head(count)
        terms = explain[str(model)](worst["text"].tolist()) if str(model) in explain else []
        shown = [_describe_terms(weights) for weights in terms] or [""] * len(worst)
        parts.append(worst.assign(rank=np.arange(1, len(worst) + 1), terms=_text(shown)))
    found = pd.concat(parts) if parts else judged.iloc[:0].assign(rank=0, terms=_text([]))
    missing = [name for name in ("source", "post_id", "author_key") if name not in found]
    return found.assign(**{name: _text([None] * len(found)) for name in missing}).reset_index(
        drop=True
    )


@runtime_checkable
class _Explains(Protocol):
    def explain(self, texts: Sequence[str]) -> Sequence[Sequence[tuple[str, float]]]:
        """Give the terms of each text with their weights: above 0 they spoke for the label that it was given."""


def weigh_words(texts: Sequence[str]) -> list[list[tuple[str, float]]]:
    """Give the words of each text that VADER knows, with what each adds by itself (−4 to 4), in order.

    What stands around a word, such as a negation, can turn or strengthen it; such words have no weight. Handles
    are masked first, so that none is told.
    """
    reference = analyzer()
    found = []
    for text in (HANDLE.sub(MASK, unescape(text)) for text in texts):
        plain = "".join(
            f" {reference.emojis[one]} " if one in reference.emojis else one for one in text
        )
        words = (vaderSentiment.SentiText(plain)).words_and_emoticons
        known = {word.lower(): reference.lexicon.get(word.lower(), 0.0) for word in words}
        found.append([(word, weight) for word, weight in known.items() if weight])
    return found


def _describe_terms(weights: Sequence[tuple[str, float]], most: int = 6) -> str:
    heaviest = sorted(weights, key=lambda term: (-abs(term[1]), term[0]))[:most]
    return ", ".join(f"{term} {weight:+.1f}" for term, weight in heaviest).replace("-", "−")


@dataclass(frozen=True, slots=True)
class PaperComparison:
    """VADER as it is today on the tweets of its paper, counted in several ways.

    Attributes
    ----------
    r, r_raw
        Correlation with the published mean ratings, and with means worked out from every rater's answer.
    f1
        Weighted F1; truth is the sign of the mean rating, VADER's scores are cut at its authors' ±0.05.
    f1_cut_at_zero
        The same with scores cut at 0.
    f1_neutral_near_zero, f1_neutral_within_half
        The same as `f1`, with mean ratings nearer to 0 than 0.05, or 0.5, taken as neutral.
    ratings_that_differ
        Tweets whose published mean is not that of the raters' answers, by more than 0.01.
    """

    r: float
    r_raw: float
    f1: float
    f1_cut_at_zero: float
    f1_neutral_near_zero: float
    f1_neutral_within_half: float
    ratings_that_differ: int


def compare_with_paper(
    texts: Sequence[str], ratings: Floats, raw_ratings: Floats, scores: Floats | None = None
) -> PaperComparison:
    """Measure VADER in the ways in which the figures of its paper may have come about.

    Parameters
    ----------
    texts
        Tweets.
    ratings, raw_ratings
        Mean ratings, −4 to 4: as published, and of the raters' answers.
    scores
        Compound scores; those of VADER unless given.

    References
    ----------
    Hutto & Gilbert 2014, ICWSM, table 4: r .881, overall F1 .96.
    """
    if scores is None:
        scores = vader_scores(list(texts))["compound"].fillna(0.0).to_numpy(dtype=float)
    given = label_scores(pd.Series(scores))

    def weighted_f1(neutral_below: float, called: "pd.Series[Any]") -> float:
        labels = pd.Series(_name_signs(ratings, neutral_below))
        return float(_overall(confusion(labels, called))["weighted_f1"])

    return PaperComparison(
        r=float(np.corrcoef(ratings, scores)[0, 1]),
        r_raw=float(np.corrcoef(raw_ratings, scores)[0, 1]),
        f1=weighted_f1(0, given),
        f1_cut_at_zero=weighted_f1(0, pd.Series(_name_signs(scores, 0))),
        f1_neutral_near_zero=weighted_f1(0.05, given),
        f1_neutral_within_half=weighted_f1(0.5, given),
        ratings_that_differ=int((np.abs(ratings - raw_ratings) > 0.01).sum()),
    )


def _name_signs(values: Floats, neutral_below: float) -> list[str]:
    """Name values by their sign; those nearer to 0 than `neutral_below` are neutral."""
    signs = np.where(np.abs(values) < neutral_below, 0, np.sign(values)).astype(int)
    return [LABELS[1 + sign] for sign in signs]


def _by_language(judged: pd.DataFrame) -> Iterable[tuple[tuple[str, str], pd.DataFrame]]:
    """Give the rows of each model: all together, and of each language where there are several."""
    for model, part in judged.groupby("model", sort=True):
        yield (str(model), ALL), part
        if part["lang"].nunique() > 1:
            for lang, inside in part.groupby("lang", sort=True):
                yield (str(model), str(lang)), inside


def _count_authors(scored: pd.DataFrame) -> int:
    return int(scored["group"].nunique() + scored["group"].isna().sum())


Measures = Callable[[Counts], dict[str, Floats]]


def _overall(matrices: Counts) -> dict[str, Floats]:
    """Measure confusion matrices, shape (…, 3, 3); labels that do not occur are left out of means."""
    with np.errstate(divide="ignore", invalid="ignore"):
        truth, given = matrices.sum(axis=-1), matrices.sum(axis=-2)
        hits = np.diagonal(matrices, axis1=-2, axis2=-1)
        there = truth > 0
        f1 = np.where(there, 2 * hits / (truth + given), 0.0)
        recall = np.where(there, hits / truth, 0.0)
        total, labels = truth.sum(axis=-1), there.sum(axis=-1)
        return {
            "macro_recall": recall.sum(axis=-1) / labels,
            "macro_f1": f1.sum(axis=-1) / labels,
            "weighted_f1": (f1 * truth).sum(axis=-1) / total,
            "accuracy": hits.sum(axis=-1) / total,
        }


def _accuracy(matrices: Counts) -> dict[str, Floats]:
    return {"accuracy": _overall(matrices)["accuracy"]}


def _of_slice(matrices: Counts) -> dict[str, Floats]:
    measures = _overall(matrices)
    return {name: measures[name] for name in ("accuracy", "macro_recall")}


def _of_class(place: int) -> Measures:
    def measure(matrices: Counts) -> dict[str, Floats]:
        truth, given = matrices.sum(axis=-1)[..., place], matrices.sum(axis=-2)[..., place]
        hits = matrices[..., place, place]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "precision": hits / given,
                "recall": hits / truth,
                "f1": 2 * hits / (truth + given),
            }

    return measure


def _with_intervals(measure: Measures, scored: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """Give measures with their 95 % intervals, `…_low` and `…_high`; NaN where they cannot be told."""
    cells = _cells(scored["label"], scored["given"])
    counts = _per_author(cells, scored["group"])
    values = measure(counts.sum(axis=0).reshape(3, 3))
    ends = dict.fromkeys(values, (np.nan, np.nan))
    if len(counts) > 1:
        drawn = measure(_draw(counts, seed).reshape(-1, 3, 3))
        for name, many in drawn.items():
            known = many[~np.isnan(many)]
            if len(known):
                low, high = np.quantile(known, [0.025, 0.975])
                ends[name] = (low, high) if low < high else _alike(float(low), len(counts))
    found: dict[str, float] = {}
    for name, value in values.items():
        low, high = ends[name]
        found |= {name: float(value), f"{name}_low": low, f"{name}_high": high}
    return found


def _per_author(cells: Counts, group: "pd.Series[Any]") -> Counts:
    """Count the cells of the confusion matrix for each author, shape (n_authors, 9)."""
    authors = np.array(pd.factorize(group)[0], dtype=np.int64)
    alone = authors < 0  # an unknown author is one of its own
    authors[alone] = authors.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    size = int(authors.max(initial=-1)) + 1
    return _count_cells(9 * authors + cells, size)


def _count_cells(cells: Counts, size: int) -> Counts:
    """Count cells of so many confusion matrices, shape (size, 9)."""
    counts: Counts = np.asarray(np.bincount(cells, minlength=9 * size), dtype=np.int64)
    return counts.reshape(size, 9)


def _draw(counts: Counts, seed: int) -> Counts:
    """Draw as many authors anew as there are, again and again: sums, shape (n_draws, 9)."""
    # Authors of one post are of nine kinds, and most; only the others need sorting.
    single = counts.sum(axis=1) == 1
    busy, busy_times = np.unique(counts[~single], axis=0, return_counts=True)
    kinds = np.concatenate([np.eye(9, dtype=np.int64), busy])
    times = np.concatenate([counts[single].sum(axis=0), busy_times])
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(len(counts), times / len(counts), size=_DRAWS)
    return np.asarray(drawn @ kinds)


def _alike(value: float, size: int) -> tuple[float, float]:
    """Give the interval of a value that no draw changes: Wilson's, as for a share seen in `size` cases."""
    z = 1.959964
    middle, reach = (
        value + z**2 / (2 * size),
        z * np.sqrt(value * (1 - value) / size + z**2 / (4 * size**2)),
    )
    scale = 1 + z**2 / size
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Make a table whose missing numbers are null, not NaN."""
    wanted = list(rows[0]) if rows else names
    columns = {name: pa.array([row[name] for row in rows], from_pandas=True) for name in wanted}
    frame: pd.DataFrame = pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)
    return frame
