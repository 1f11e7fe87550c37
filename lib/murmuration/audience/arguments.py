"""Wrong arguments are told in a sentence: what was given, what is needed, where to get it."""

from typing import Any

import pandas as pd

from murmuration.errors import ParamError, SchemaError
from murmuration.frames import call_given, check_frame, check_kind


def check_profiles(given: object, *, what: str) -> None:
    """Make sure that something is profiles.

    Raises
    ------
    ParamError
        If it is no frame.
    SchemaError
        If it is another frame, such as posts.
    """
    _check_frame(given, ("author_key", "posts"), what, "profiles", "Make them with profile_authors(posts).")  # fmt: skip


def check_segments(given: object, *, what: str) -> None:
    """Make sure that something is authors with segments; raises as `check_profiles` does."""
    _check_frame(given, ("author_key", "segment"), what, "authors with their segments", "Assign them with assign_segments(profiles, model).")  # fmt: skip


def check_assigned(given: object, *, what: str) -> None:
    """Make sure that something is what `assign_segments` gives; raises as `check_profiles` does."""
    _check_frame(given, ("author_key", "segment", "set_aside"), what, "authors with their segments", "Assign them with assign_segments(profiles, model).")  # fmt: skip


def check_posts(given: object, *, what: str) -> None:
    """Make sure that something is posts; raises as `check_profiles` does."""
    _check_frame(given, ("author_key",), what, "posts", "Load some with load_posts() or pandas.")


def check_joined(given: object, *, what: str) -> None:
    """Make sure that something is posts with segments and with times of a zone; raises as `check_profiles` does."""
    cure = "Join them with join_segments(posts, assigned)."
    if not isinstance(given, pd.DataFrame):
        raise ParamError(f"{what} needs posts with their segments, a pandas frame, but was given {call_given(given)}. {cure}")  # fmt: skip
    _check_frame(given, ("segment", "author_key", "created_at"), what, "posts with their segments", cure)  # fmt: skip
    try:
        given["created_at"].astype("datetime64[us, UTC]")
    except (TypeError, ValueError) as err:
        raise SchemaError(
            f"{what} needs times with a time zone, but those in 'created_at' have none or are no times. Read them with "
            "pandas.to_datetime(posts['created_at'], utc=True)."
        ) from err


def _check_frame(given: object, needed: tuple[str, ...], what: str, of: str, cure: str) -> None:
    check_frame(given, what=what, of=of, cure=cure)
    frame: Any = given
    missing = [name for name in needed if name not in getattr(frame, "columns", ())]
    if missing:
        raise SchemaError(f"{what} needs {of}, but was given a frame without the column {missing[0]!r}. {cure}")  # fmt: skip


__all__ = [
    "check_assigned",
    "check_joined",
    "check_kind",
    "check_posts",
    "check_profiles",
    "check_segments",
]
