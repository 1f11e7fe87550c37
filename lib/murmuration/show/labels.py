"""What people's labels amount to, in sentences."""

import math
from collections.abc import Mapping

import pandas as pd

from murmuration.sentiment.agreement import Agreement
from murmuration.sentiment.model import LABELS, Model
from murmuration.show.words import count, listing

# Krippendorff 2004, Content Analysis, 2nd edition, p. 241: rely on 0.800 and above, draw tentative conclusions from
# 0.667 on.
_RELIABLE, _TENTATIVE = 0.8, 0.667
GUESSING = 1 / 3  # macro recall of whoever always says the same of three labels


def describe_labels(labels: pd.DataFrame) -> str:
    """Say how many labels there are, by whom and which; `labels` as `murmuration.load_labels` gives them."""
    if labels.empty:
        return "Nobody has labelled a post yet."
    given = labels[labels["label"].notna()]
    people = count(labels["labeller"].nunique(), "labeller")
    posts = count(len(given.drop_duplicates(["source", "post_id"])), "post")
    counts = given["label"].value_counts()
    each = listing([f"{int(counts.get(label, 0)):,} {label}" for label in LABELS])
    skipped = len(labels) - len(given)
    more = f" {count(skipped, 'post was', 'posts were')} skipped." if skipped else ""
    return f"{count(len(given), 'label')} by {people} on {posts}: {each}.{more}"


def describe_agreement(agreement: Agreement) -> str:
    """Say how far labellers agree, and whether that is enough."""
    if not agreement.posts:
        return (
            "No post has two labels yet, so nothing can be said about agreement. Let somebody else label under "
            "another name: some of the posts come again."
        )
    posts = f"{count(agreement.posts, 'post')} with two labels or more"
    if math.isnan(agreement.alpha):
        return f"All labels of {posts} are the same, so nothing tells agreement from chance."
    alpha = f"{agreement.alpha:.2f} ({_interval(agreement)})".replace("-", "−")
    return f"On {posts}, by {count(agreement.labellers, 'labeller')}, Krippendorff’s alpha is {alpha}. {_verdict(agreement.alpha)}"


def _interval(agreement: Agreement) -> str:
    if math.isnan(agreement.low):
        return "too few for an interval"
    return f"95 % interval {agreement.low:.2f} to {agreement.high:.2f}"


def _verdict(alpha: float) -> str:
    if alpha >= _RELIABLE:
        return "From 0.80 on labels count as reliable."
    if alpha >= _TENTATIVE:
        return "That is enough for tentative conclusions; from 0.80 on labels count as reliable."
    return "That is little: below 0.67 read together the posts on which you differ, agree on rules, and label anew."


def describe_settled(settled: pd.DataFrame) -> str:
    """Say of how many posts the labellers made up their mind; `settled` as `settle_labels` gives them."""
    tied = int(settled["label"].isna().sum())
    kept = f"{count(len(settled) - tied, 'post has', 'posts have')} a label that most of their labellers gave."
    return f"{kept} {count(tied, 'tie is', 'ties are')} left out." if tied else kept


def caption_shares(shares: pd.DataFrame, labels: Mapping[str, int]) -> str:
    """Say what a table of shares shows, and which labels of people are in it.

    Parameters
    ----------
    shares
        As `estimate_shares` gives them.
    labels
        As `count_joined` gives them.
    """
    if shares["share"].isna().all():
        return "Shares cannot be corrected: how often the method errs on these posts is not known"
    caption = (
        "Share of each label: as counted (raw), and corrected, with its 95 % interval; of the random posts "
        f"{labels['used']:,} have a label that corrects"
    )
    if labels["undecided"]:
        caption += f", {labels['undecided']:,} have none (skipped or tied)"
    if labels["learned"]:
        caption += (
            f", and labels of {labels['learned']:,} are left out, as the model learned from them or cannot "
            "say that it did not"
        )
    return caption


def describe_retrained(model: Model | None, *, needed: int) -> str:
    """Say how good a model is that was trained from labels, or that there are too few of them.

    Parameters
    ----------
    model
        The model, or None where none was trained.
    needed
        Posts of each label that were asked for.
    """
    if model is None:
        return f"Too few labels to learn from: it takes {count(needed, 'post')} of each label. Label more, and run this again."
    recall = model.card.metrics["macro_recall"]
    rows = count(model.card.trained_on["rows"], "labelled post")
    return (
        f"The model learned from {rows}. On posts it was not fitted to, its macro recall is {recall:.2f}; guessing "
        f"gives {GUESSING:.2f}."
    )
