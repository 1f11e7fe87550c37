"""What the kernel does with what a person says; how it looks and hears keys is tested in a browser."""

import pandas as pd
import pytest

from murmuration.errors import SchemaError, StoreError
from murmuration.sentiment import draw_posts
from murmuration.show import label_posts


class Store:
    """Takes entries as `save_labels` does, or fails."""

    def __init__(self):
        self.entries, self.error = [], None

    def save(self, labels):
        if self.error:
            raise self.error
        self.entries += labels
        return len(labels)

    def said(self):
        return [(entry["post_id"], entry["label"] or entry["action"]) for entry in self.entries]


@pytest.fixture
def store():
    return Store()


def make_queue(count=3, **columns):
    posts = {"source": "test", "post_id": [f"{n}" for n in range(count)], "text": [f"text {n}" for n in range(count)]}  # fmt: skip
    return pd.DataFrame(posts | columns)


def make_widget(store, queue=None, **options):
    queue = make_queue() if queue is None else queue
    return label_posts(queue, labeller="ann", save=store.save, **options)


def press(widget, what, turn=None):
    """Send what the browser sends."""
    turn = widget.shown["turn"] if turn is None else turn
    widget._handle_custom_msg({"turn": turn, "what": what}, [])
    return widget.shown


def test_each_answer_is_kept_with_how_the_post_was_drawn(store):
    queue = make_queue(drawn="random", stratum="all", inclusion_probability=0.5)
    shown = press(make_widget(store, queue), "negative")
    assert (shown["at"], shown["text"], shown["can_undo"]) == (1, "text 1", True)
    assert store.entries == [
        {
            "source": "test", "post_id": "0", "drawn": "random", "stratum": "all", "inclusion_probability": 0.5,
            "labeller": "ann", "action": "label", "label": "negative",
        }
    ]  # fmt: skip


def test_skipping_and_undoing_are_kept_too(store):
    widget = make_widget(store)
    press(widget, "positive")
    assert press(widget, "skip")["count"] == "2 of 3 posts, 1 skipped"
    assert press(widget, "undo")["count"] == "1 of 3 posts"
    shown = press(widget, "undo")
    assert (shown["text"], shown["can_undo"]) == ("text 0", False)
    press(widget, "undo")  # nothing left to undo
    press(widget, "neutral")
    assert store.said() == [
        ("0", "positive"), ("1", "skip"), ("1", "undo"), ("0", "undo"), ("0", "neutral")
    ]  # fmt: skip


def test_a_second_press_on_its_way_does_not_label_the_next_post(store):
    widget = make_widget(store)
    turn = widget.shown["turn"]
    press(widget, "negative", turn)
    assert press(widget, "negative", turn)["at"] == 1
    assert press(widget, "nonsense")["at"] == 1
    assert press(widget, None)["at"] == 1
    assert store.said() == [("0", "negative")]


def test_after_the_last_post_only_undo_is_left(store):
    widget = make_widget(store, make_queue(1))
    assert press(widget, "neutral")["done"]
    assert "last post" in widget.shown["text"]
    press(widget, "neutral")
    assert store.said() == [("0", "neutral")]
    shown = press(widget, "undo")
    assert (shown["done"], shown["text"]) == (False, "text 0")


def test_in_the_end_it_is_said_what_was_forgotten_meanwhile(store):
    widget = make_widget(store, make_queue(2))
    keep = widget.labelling._save
    widget.labelling._save = lambda entries: 0
    press(widget, "neutral")
    widget.labelling._save = keep
    told = press(widget, "negative")["text"]
    assert "All is kept but what was said of 1 post that was forgotten" in told
    press(widget, "undo")
    press(widget, "undo")
    press(widget, "neutral")
    assert "Everything is kept" in press(widget, "negative")["text"]


def test_what_cannot_be_kept_is_said_and_the_post_stays(store):
    widget = make_widget(store)
    store.error = StoreError("The disk is full.")
    shown = press(widget, "negative")
    assert (shown["at"], shown["problem"]) == (0, "Not kept: The disk is full.")
    store.error = None
    shown = press(widget, "negative")
    assert (shown["at"], shown["problem"]) == (1, "")
    store.error = StoreError("The disk is full.")
    assert press(widget, "undo")["at"] == 1


def test_an_unforeseen_error_does_not_leave_the_person_waiting(store):
    widget = make_widget(store)
    store.error, turn = RuntimeError("odd"), widget.shown["turn"]
    with pytest.raises(RuntimeError):
        widget._hear({"turn": turn, "what": "negative"})
    assert widget.shown["turn"] > turn
    assert "could not be kept" in widget.shown["problem"]


def test_handles_are_masked_unless_asked_for(store):
    queue = make_queue(1, text="@victim said", title="of @victim")
    shown = make_widget(store, queue).shown
    assert (shown["text"], shown["title"]) == ("@user said", "of @user")
    assert make_widget(store, queue, mask=False).shown["text"] == "@victim said"


def test_texts_are_read_as_they_were_written_and_not_endlessly(store):
    queue = make_queue(3, text=pd.Series(["this &amp; that &lt;b&gt;", "x" * 100_000, "\ud800 odd \x00"], dtype=object), title=[None, "", "t"])  # fmt: skip
    widget = make_widget(store, queue)
    assert widget.shown["text"] == "this & that <b>"
    assert len(press(widget, "skip")["text"]) < 5_000
    assert press(widget, "skip")["text"].encode()


def test_a_person_is_not_told_how_a_post_was_drawn_or_what_a_model_says(store):
    queue = make_queue(1, drawn="uncertain", stratum="negative", sentiment_label="negative")
    shown = make_widget(store, queue).shown
    assert not {"drawn", "stratum", "sentiment_label"} & set(shown)
    assert "uncertain" not in str(shown)
    assert "negative" not in str(shown)


def test_an_empty_queue_says_so_and_a_missing_column_is_named(store):
    shown = make_widget(store, make_queue(0)).shown
    assert (shown["done"], shown["text"]) == (True, "There is no post to label.")
    posts = make_queue(2).assign(sentiment=0.5, sentiment_label="neutral", created_at="2026-01-01")
    assert make_widget(store, draw_posts(posts, labeller="ann")).shown["of"] == 2
    with pytest.raises(SchemaError, match="label_posts needs the column 'text'"):
        make_widget(store, make_queue().drop(columns="text"))
