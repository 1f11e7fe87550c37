"""Wrong arguments are told in a sentence: what was given, what is needed, where to get it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from murmuration.errors import ParamError
from murmuration.frames import call_given, check_frame
from murmuration.schema import check_columns


def check_posts(given: Any, columns: Iterable[str], *, what: str) -> None:
    """Make sure that something is posts with some columns.

    Raises
    ------
    ParamError
        If it is no frame.
    SchemaError
        If a column is missing.
    """
    needed = list(columns)
    cure = (
        "Assign topics with assign_topics(posts, model)."
        if "topic" in needed
        else "Load some with load_posts() or pandas."
    )
    check_frame(given, what=what, of="posts", cure=cure)
    check_columns(given.columns, needed, what=what)


def read_topics(given: npt.ArrayLike, *, what: str) -> npt.NDArray[Any]:
    """Give the topic of each post as an array; raises `ParamError` if these are no numbers in a row."""
    topics = np.asarray(given)
    if topics.ndim != 1 or topics.dtype.kind not in "iuf":
        raise ParamError(
            f"{what} needs the topics of posts, a number for each, but was given {call_given(given)} of something else. Take the column "
            "topic of assign_topics(posts, model)."
        )
    return topics


def check_terms(given: Any, *, what: str) -> None:
    """Make sure that something is the terms of topics, a list for each; raises `ParamError`."""
    if not isinstance(given, Iterable) or isinstance(given, str) or any(map(_is_no_list, given)):
        raise ParamError(
            f"{what} needs the terms of topics, a list for each, but was given {call_given(given)} of something else. Take "
            "model.topics['terms']."
        )


def _is_no_list(given: object) -> bool:
    return isinstance(given, str) or not isinstance(given, Iterable)
