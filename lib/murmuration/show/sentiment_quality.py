"""Sentences and tables of the report `sentiment_quality` and of `evaluate sentiment`."""

import html
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from murmuration.sentiment.names import is_vader
from murmuration.sentiment.quality import ALL, PaperComparison
from murmuration.show.posts import Html, show_table
from murmuration.show.words import as_markdown, count, listing, percent, tidy
from murmuration.text.markup import unescape

GUESSING = 1 / 3  # macro recall of whoever always says the same of three labels
_SHOWN_CHARS = 600
_ENOUGH = 100  # posts, for a slice to be spoken of
_SEEN = 0.02  # share of posts; a few repeat by chance
SEEN_MARK = " *"  # behind the name of a model that was trained on the posts

# Macro recall on the test set of SemEval-2017 (TweetEval): Barbieri et al. 2020, Findings of EMNLP, table 3;
# BERTweet and TimeLMs: the leaderboard of TweetEval, and Loureiro et al. 2022, arXiv:2202.03829.
_PUBLISHED = (
    ("SVM", 0.629), ("FastText", 0.629), ("LSTM", 0.583), ("RoBERTa-base", 0.713), ("BERTweet", 0.734),
    ("TimeLMs (2021)", 0.737),
)  # fmt: skip

# Measured with the rules that VADER's authors published in 2014 and today's lexicon; and with today's package
# when it cuts words, and reads "no", as in 2014: tests/benchmarks/vader_paper.py.
_OF_2014 = {"r": 0.880, "r_raw": 0.881, "f1": 0.960}
_CUT_AS_IN_2014 = {"r": 0.877, "f1": 0.954}
_BOTH_AS_IN_2014 = {"r": 0.880, "f1": 0.957}

_SLICES = {
    "length": "characters", "emoji": "emoji", "negation": "negation", "contrast": "“but” and the like",
    "hashtag": "hashtag", "lang": "language",
}  # fmt: skip
_DRIFTS = {
    "seen": "posts that the model was trained on", "unknown_words": "words that training had rarely or never", "vocabulary": "how differently words are used",
    "length": "length of posts", "language": "mix of languages",
}  # fmt: skip


def model_name(version: str) -> str:
    """Give a model as people call it: “VADER 3.3.2”, else its version."""
    return version.replace("vader-", "VADER ", 1) if is_vader(version) else tidy(version)


def decimals(value: float | None) -> str:
    """Give a measure from 0 to 1 with three decimals: “0.457”."""
    return "–" if value is None or pd.isna(value) else f"{float(value):.3f}"


def measure_with_interval(row: Mapping[Any, Any], name: str) -> str:
    """Give a measure with its interval: “0.457 (0.448–0.467)”."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(low) or pd.isna(high):
        return decimals(row[name])
    return f"{decimals(row[name])} ({decimals(low)}–{decimals(high)})"


def find_seen(drift: pd.DataFrame | None) -> dict[str, float]:
    """Give the models that were trained on some of the posts they are judged by, and on which share."""
    if drift is None:
        return {}
    rows = drift[(drift["posts"] == "labelled") & (drift["measure"] == "seen")]
    shares = {str(row["model"]): row["value"] for row in _rows(rows)}
    return {name: float(share) for name, share in shares.items() if is_seen(share)}


def is_seen(share: float | None) -> bool:
    """Say whether so large a share of posts is known from training that figures on them are too good."""
    return share is not None and not pd.isna(share) and share > _SEEN


def describe_seen(model: str, share: float) -> str:
    """Warn of the figures of a model that was trained on some of the posts."""
    return (
        f"{model_name(model)} was trained on about {percent(share)} of these posts, so its figures here are too "
        "good; judge it by posts that it was not trained on."
    )


def describe_quality(
    quality: pd.DataFrame,
    confusion: pd.DataFrame,
    slices: pd.DataFrame,
    drift: pd.DataFrame | None = None,
    *,
    posts: str = "post",
) -> list[str]:
    """Give the answer of the report in three sentences, behind warnings of models that knew the posts.

    Parameters
    ----------
    quality, confusion, slices, drift
        Tables of the report. A model that was trained on the posts is no answer where there is another one.
    posts
        What the labelled posts are called, in the singular.
    """
    rows = [row for row in _rows(quality[quality["lang"] == ALL]) if row["scored"]]
    if not rows:
        total = int(quality["posts"].max()) if len(quality) else 0
        return [
            f"None of {count(total, f'labelled {posts}')} could be scored.",
            "VADER reads English only, and no model for the languages of these posts was named; the page says "
            "under Limits which they are.",
        ]
    seen = find_seen(drift)
    warnings = [
        describe_seen(row["model"], seen[row["model"]]) for row in rows if row["model"] in seen
    ]
    rows = [row for row in rows if row["model"] not in seen] or rows
    best = max(rows, key=lambda row: row["macro_recall"])
    return [
        *warnings,
        _level_sentence(best, rows, posts),
        _confusion_sentence(confusion, best),
        _slice_sentence(slices, best),
    ]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _level_sentence(best: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], posts: str) -> str:
    level = (
        f"{model_name(best['model'])} has a macro recall of {measure_with_interval(best, 'macro_recall')} on "
        f"{count(best['scored'], f'labelled {posts}')}, where guessing has {decimals(GUESSING)}, and is right "
        f"about {percent(best['accuracy'])} of them"
    )
    others = [
        f"{model_name(row['model'])} has {decimals(row['macro_recall'])}"
        for row in sorted(rows, key=lambda row: -row["macro_recall"])
        if row["model"] != best["model"]
    ]
    return f"{level}; {listing(others)}." if others else f"{level}."


def _confusion_sentence(confusion: pd.DataFrame, best: Mapping[str, Any]) -> str:
    mine = confusion[(confusion["model"] == best["model"]) & (confusion["lang"] == ALL)]
    totals = mine.groupby("label")["posts"].sum()
    wrong = mine[(mine["label"] != mine["given"]) & (mine["posts"] > 0)]
    if wrong.empty:
        return "It makes no mistake on them."
    worst = _rows(wrong.sort_values(["posts", "label", "given"], ascending=[False, True, True]))[0]
    share = percent(worst["posts"] / totals[worst["label"]])
    return (
        f"Its most frequent mistake is to call {worst['label']} posts {worst['given']}: "
        f"{count(worst['posts'], 'post')}, {share} of the {worst['label']} ones."
    )


def _slice_sentence(slices: pd.DataFrame, best: Mapping[str, Any]) -> str:
    mine = slices[(slices["model"] == best["model"]) & (slices["posts"] >= _ENOUGH)]
    clear = mine[(mine["accuracy_high"] < best["accuracy"]).fillna(False).to_numpy(dtype=bool)]
    sure = ""
    if not pd.isna(best["ece"]):
        sure = f" Its probabilities are off by {100 * best['ece']:.0f} points on average."
    if clear.empty:
        return f"No kind of post that was looked at is clearly harder than the others.{sure}"
    worst = _rows(clear.sort_values(["accuracy", "slice", "value"]))[0]
    return (
        f"It is weakest on {slice_name(worst['slice'], worst['value'])}: {percent(worst['accuracy'])} of "
        f"{count(worst['posts'], 'post')} right.{sure}"
    )


def slice_name(kind: str, value: str) -> str:
    """Name a kind of post: “posts with negation”, “posts of 40–79 characters”."""
    if kind == "length":
        return f"posts of {value} characters"
    if kind == "lang":
        return f"posts in {value}"
    return f"posts {'with' if value == 'yes' else 'without'} {_SLICES[kind]}"


def quality_headline(answer: Sequence[str], data: str, posts: pd.DataFrame) -> str:
    """Give the top of the report as Markdown: what was measured on what, and the answer.

    Parameters
    ----------
    answer
        Of `describe_quality`.
    data
        Name of the labelled posts; those called ``sample`` are invented.
    posts
        The labelled posts, with `lang` and `group`.
    """
    langs = posts["lang"].value_counts()
    spoken = listing([f"{lang} ({number:,})" for lang, number in langs.head(8).items()])
    authors = posts["group"].nunique()
    what = {"sample": "invented posts", "labels": "posts that people labelled in the store"}.get(
        data, f"posts of {as_markdown(tidy(data))}"
    )
    lead = f"Measured on {len(posts):,} labelled {what}"
    lead += f" by {count(authors, 'author')}" if authors else ", whose authors are not known"
    lines = "\n>\n".join(f"> {as_markdown(sentence)}" for sentence in answer)
    return f"# Sentiment quality\n\n{lead}; languages: {spoken}.\n\n{lines}\n"


def quality_table(quality: pd.DataFrame, drift: pd.DataFrame | None = None) -> pd.DataFrame:
    """Give the table `quality` as people read it, best first; unscored languages are left out.

    A model that was trained on the posts has a `SEEN_MARK`.
    """
    seen = find_seen(drift)
    rows = _rows(quality[quality["scored"] > 0])
    rows.sort(key=lambda row: (row["lang"] != ALL, row["lang"], -row["macro_recall"]))
    table = pd.DataFrame(
        {
            "model": [
                model_name(row["model"]) + SEEN_MARK * (row["model"] in seen) for row in rows
            ],
            "language": [row["lang"] for row in rows],
            "macro recall": [measure_with_interval(row, "macro_recall") for row in rows],
            "macro F1": [decimals(row["macro_f1"]) for row in rows],
            "weighted F1": [decimals(row["weighted_f1"]) for row in rows],
            "accuracy": [measure_with_interval(row, "accuracy") for row in rows],
            "ECE": [decimals(row["ece"]) for row in rows],
            "scored": [f"{row['scored']:,}" for row in rows],
        }
    )
    return table if table["language"].nunique() > 1 else table.drop(columns="language")


def show_quality(quality: pd.DataFrame, drift: pd.DataFrame | None = None) -> Html:
    """Show how good each model is, in all languages together and in each."""
    table = quality_table(quality, drift)
    if table.empty:
        return Html('<p class="empty">No post was scored.</p>')
    mark = (
        f"; {SEEN_MARK.strip()} trained on some of these posts: too good"
        if find_seen(drift)
        else ""
    )
    return show_table(table, caption=f"Intervals at 95 %{mark}")


def show_published(quality: pd.DataFrame, drift: pd.DataFrame | None = None) -> Html:
    """Show published figures with those of this run between them, best first; none of models that knew the posts."""
    seen = find_seen(drift)
    rows = [(name, value, "SemEval-2017, published") for name, value in _PUBLISHED]
    rows += [
        (model_name(row["model"]), float(row["macro_recall"]), "the posts of this report")
        for row in _rows(quality[(quality["lang"] == ALL) & (quality["scored"] > 0)])
        if row["model"] not in seen
    ]
    rows.sort(key=lambda row: (-row[1], row[0]))
    table = pd.DataFrame(rows, columns=["system", "macro recall", "measured on"])
    return show_table(table.assign(**{"macro recall": table["macro recall"].map(decimals)}))


def show_mistakes(mistakes: pd.DataFrame, quality: pd.DataFrame) -> Html:
    """Show the mistakes that each model was surest of as cards: text, labels, what weighed.

    Parameters
    ----------
    mistakes, quality
        Tables of the report; `mistakes` with handles masked as wished.
    """
    scored = quality[(quality["lang"] == ALL) & (quality["scored"] > 0)]
    if scored.empty:
        return Html('<p class="empty">No post was scored.</p>')
    parts = []
    for model in scored["model"]:
        mine = mistakes[mistakes["model"] == model].sort_values("rank")
        cards = "".join(map(_card, _rows(mine)))
        parts.append(f"<h3>{html.escape(model_name(str(model)))}</h3>")
        parts.append(f'<ol class="posts">{cards}</ol>' if cards else "<p>No mistakes.</p>")
    return Html("".join(parts))


def _card(row: Mapping[str, Any]) -> str:
    text = unescape(str(row["text"]))
    shown = html.escape(text[:_SHOWN_CHARS] + ("…" if len(text) > _SHOWN_CHARS else ""))
    strength = "strength of the score" if is_vader(row["model"]) else "probability"
    facts = [
        f"is labelled <strong>{html.escape(row['label'])}</strong>",
        f"was called <strong>{html.escape(row['given'])}</strong>",
        f"{strength} {decimals(row['confidence'])}",
    ]
    if row["terms"]:
        facts.append(f"what weighed: {html.escape(row['terms'])}")
    line = shown.replace("\n", "<br>")
    return f'<li><p class="post" dir="auto">{line}</p><p class="facts">{" · ".join(facts)}</p></li>'


def show_drift(drift: pd.DataFrame) -> Html:
    """Show how far posts are from those that models were trained on."""
    if drift.empty:
        return Html(
            '<p class="empty">None of the models says what it was trained on, so there is nothing to compare. '
            "VADER was not trained.</p>"
        )
    known = drift[drift["value"].notna()]
    parts = [
        show_table(_drift_table(part), caption=_drift_caption(str(model), str(posts))).markup
        for (model, posts), part in known.groupby(["model", "posts"], sort=False)
    ]
    return Html("".join(parts))


def _drift_caption(model: str, posts: str) -> str:
    of = "the labelled posts" if posts == "labelled" else f"posts of {tidy(posts)} in the store"
    return f"{model_name(model)}: {of}"


def _drift_table(drift: pd.DataFrame) -> pd.DataFrame:
    rows = _rows(drift)
    return pd.DataFrame(
        {
            "what": [_DRIFTS[row["measure"]] for row in rows],
            "drift": [_verdict(row) for row in rows],
            "now": [decimals(row["value"]) for row in rows],
            "usual": [decimals(row["usual"]) for row in rows],
        }
    )


def _verdict(row: Mapping[str, Any]) -> str:
    if row["measure"] == "seen":
        return "much" if is_seen(row["value"]) else "none"
    ratio = row["value"] / max(row["usual"], 1e-9)
    return "none" if ratio <= 1.5 else "some" if ratio <= 2.5 else "much"


class LabelledCounts(Protocol):
    """What a file of labelled posts held; see `murmuration.collect.labelled.Labelled`."""

    @property
    def rows(self) -> int:
        """How many it has."""

    @property
    def without_label(self) -> int:
        """How many were left out for want of a label."""

    @property
    def without_text(self) -> int:
        """How many for want of a text."""

    @property
    def repeated(self) -> int:
        """Rows whose text another has too."""

    @property
    def contradicting(self) -> int:
        """Those of them that do not agree on the label."""


def describe_quality_limits(
    quality: pd.DataFrame, counts: LabelledCounts, drift: pd.DataFrame
) -> str:
    """Give what the report cannot tell, as a Markdown list.

    Parameters
    ----------
    quality, drift
        Tables of the report.
    counts
        What the labelled file held.
    """
    every = _rows(quality[quality["lang"] == ALL])
    lines = [
        f"{count(counts.rows, 'row')} were read; {counts.without_text:,} without text and "
        f"{counts.without_label:,} without a label were left out."
    ]
    if counts.repeated:
        lines.append(
            f"{count(counts.repeated, 'post')} have a text that another has too; {counts.contradicting:,} of them "
            "do not agree on the label, so that nobody can be right about all."
        )
    lines += [
        f"{as_markdown(model_name(row['model']))} scored {row['scored']:,} of {count(row['posts'], 'post')}; the "
        "others are in languages that it does not read, or in none that could be told. Its figures are of "
        "scored posts only."
        for row in every
        if row["scored"] < row["posts"]
    ]
    lines += [
        f"**{as_markdown(model_name(model))} was trained on about {percent(share)} of these posts**, so "
        "its figures here are too good. Those in its model card are of posts that it had not seen."
        for model, share in find_seen(drift).items()
    ]
    lines += [
        "Labels are what some people said. People disagree too, so no method can be right about all posts.",
        "Published figures are of another test set: they show the order of magnitude, and no ranking.",
        "Intervals cover the chance of which authors, or where these are not known, which posts were labelled; "
        "not whether these posts resemble yours.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def describe_speed(speeds: Mapping[str, float]) -> str:
    """Say how fast each model was in this run."""
    said = [f"{model_name(model)} {speed:,.0f}" for model, speed in speeds.items() if speed]
    if not said:
        return "Nothing was scored, so no speed was measured."
    return f"Posts scored in a second, in one process of this run: {listing(said)}."


def describe_paper(found: PaperComparison) -> list[str]:
    """Say how today's VADER does on the tweets of its paper, and why the paper has other figures."""
    return [
        f"VADER on the tweets of its paper: r {_short(found.r)}, weighted F1 {_short(found.f1)}; the paper (Hutto & "
        "Gilbert 2014) has r .881 and F1 .96.",
        f"It is not how F1 is counted: with scores cut at 0 instead of ±.05 it is {_short(found.f1_cut_at_zero)}, "
        f"with ratings nearer to 0 than .05 taken as neutral {_short(found.f1_neutral_near_zero)}, than .5 "
        f"{_short(found.f1_neutral_within_half)}.",
        f"It is hardly the ratings: {found.ratings_that_differ} published means are not those of the raters' answers; "
        f"with the latter r is {_short(found.r_raw)}.",
        f"It is the package: the rules published in 2014 reach r {_short(_OF_2014['r'])} ({_short(_OF_2014['r_raw'])} "
        f"with the raters' answers) and F1 {_short(_OF_2014['f1'])} on these tweets with today's lexicon. Most of it "
        f"comes from how today's package cuts texts into words (as in 2014: r {_short(_CUT_AS_IN_2014['r'])}, F1 "
        f"{_short(_CUT_AS_IN_2014['f1'])}) and from “no”, which now turns the words behind it (both as in 2014: r "
        f"{_short(_BOTH_AS_IN_2014['r'])}, F1 {_short(_BOTH_AS_IN_2014['f1'])}).",
    ]


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
