"""Posts to label, one at a time, by keys or by touch."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import pandas as pd
import traitlets

from murmuration.errors import MurmurationError
from murmuration.frames import text_list
from murmuration.schema import check_columns
from murmuration.sentiment.model import LABELS
from murmuration.show.posts import read_escapes
from murmuration.show.words import count
from murmuration.text.clean import mask_handles

Save = Callable[[Sequence[Mapping[str, Any]]], int]

QUESTION = "How does the writer feel about what the post is about?"
_SHOWN_CHARS = 4_000
_HOW_DRAWN = ("drawn", "stratum", "inclusion_probability")
_HERE = Path(__file__).parent


class Labelling:
    """One person's way through a queue of posts.

    Parameters
    ----------
    queue
        `source`, `post_id` and how each was drawn.
    labeller
        Who labels.
    save
        Keeps entries, see `murmuration.save_labels`; gives how many were kept.
    """

    def __init__(self, queue: pd.DataFrame, *, labeller: str, save: Save) -> None:
        known = ["source", "post_id", *(name for name in _HOW_DRAWN if name in queue)]
        self._entries: list[dict[Any, Any]] = queue[known].to_dict("records")
        self._labeller, self._save = labeller, save
        self.said: list[str] = []  # label or "skip" of the posts that are done
        self.lost: set[int] = set()  # numbers of posts of which nothing is kept

    @property
    def at(self) -> int:
        """Number of the post that is next, from 0; that of all posts at the end."""
        return len(self.said)

    @property
    def is_done(self) -> bool:
        """Whether no post is left."""
        return self.at >= len(self._entries)

    def say(self, what: str) -> None:
        """Label the post, ``"skip"`` it, or ``"undo"`` what was said last; kept before anything moves.

        Raises
        ------
        MurmurationError
            What `save` raises; then nothing has moved.
        """
        if what == "undo":
            if self.said:
                self._keep(self.at - 1, action="undo")
                self.said.pop()
        elif not self.is_done and what in (*LABELS, "skip"):
            is_label = what in LABELS
            self._keep(
                self.at, action="label" if is_label else "skip", label=what if is_label else None
            )
            self.said.append(what)

    def _keep(self, number: int, *, action: str, label: str | None = None) -> None:
        entry = {"labeller": self._labeller, "action": action, "label": label}
        # A post that was forgotten meanwhile is not kept, and work goes on.
        kept = self._save([self._entries[number] | entry])
        self.lost = self.lost - {number} if kept or action == "undo" else self.lost | {number}


class LabelPosts(anywidget.AnyWidget):
    """The widget that `label_posts` gives.

    Attributes
    ----------
    labelling
        How far the person is.
    shown
        What the browser shows now; `turn` tells answers to this post from late ones.
    """

    _esm = _HERE / "labelling.js"
    _css = _HERE / "labelling.css"
    shown = traitlets.Dict().tag(sync=True)

    def __init__(self, posts: pd.DataFrame, labelling: Labelling, *, question: str) -> None:
        self.labelling = labelling
        self._texts = [_shown(text) for text in text_list(posts["text"])]
        titles = text_list(posts["title"]) if "title" in posts else [None] * len(posts)
        self._titles = [_shown(title) for title in titles]
        self._question, self._turn = question, 0
        super().__init__(shown=self._state(""))
        self.on_msg(lambda _widget, message, _buffers: self._hear(message))

    def _hear(self, message: Mapping[str, Any]) -> None:
        problem = "This could not be kept; the log of the kernel says why."
        try:
            if (
                message.get("turn") == self._turn
            ):  # not a second press, while the first was on its way
                self.labelling.say(str(message.get("what")))
            problem = ""
        except MurmurationError as err:
            problem = f"Not kept: {err}"
        finally:
            self._turn += 1
            self.shown = self._state(problem)

    def _state(self, problem: str) -> dict[str, Any]:
        at, done = self.labelling.at, self.labelling.is_done
        skipped = self.labelling.said.count("skip")
        told = f"{at:,} of {count(len(self._texts), 'post')}"
        return {
            "turn": self._turn,
            "at": at,
            "of": len(self._texts),
            "count": f"{told}, {skipped:,} skipped" if skipped else told,
            "done": done,
            "question": "" if done else self._question,
            "title": "" if done else self._titles[at],
            "text": self._farewell() if done else self._texts[at],
            "can_undo": at > 0,
            "problem": problem,
        }

    def _farewell(self) -> str:
        if not self._texts:
            return "There is no post to label."
        lost = len(self.labelling.lost)
        if not lost:
            return "That was the last post. Everything is kept."
        was = count(lost, "post that was", "posts that were")
        return (
            f"That was the last post. All is kept but what was said of {was} forgotten meanwhile."
        )


def label_posts(
    queue: pd.DataFrame, *, labeller: str, save: Save, question: str = QUESTION, mask: bool = True
) -> LabelPosts:
    """Show posts one after the other, and keep what a person says of them.

    Keys: 1 or n negative, 2 or e neutral, 3 or p positive, s skip, u undo. Each answer is kept before the next
    post is shown. How a post was drawn, and what a model says of it, is not shown: it would sway people.

    Parameters
    ----------
    queue
        `source`, `post_id`, `text`, what there is of `title`, `drawn`, `stratum`, `inclusion_probability`; see
        `murmuration.sentiment.draw_posts`.
    labeller
        Who labels: a short name or a pseudonym.
    save
        Keeps entries: `murmuration.save_labels`.
    question
        What people are asked of every post.
    mask
        Whether handles are masked.

    Returns
    -------
    LabelPosts
        A widget for JupyterLab and Voila.

    Raises
    ------
    SchemaError
        If a column is missing.
    """
    check_columns(queue.columns, ["source", "post_id", "text"], what="label_posts")
    posts = queue
    for column in ("text", "title"):
        if mask and column in posts:
            posts = mask_handles(posts, column=column)
    labelling = Labelling(queue, labeller=labeller, save=save)
    return LabelPosts(posts, labelling, question=question)


def _shown(text: str | None) -> str:
    """Text as a person reads it, not endlessly long."""
    plain = read_escapes(text or "")
    return plain if len(plain) <= _SHOWN_CHARS else plain[:_SHOWN_CHARS] + " …"
