"""Row-wise work, written once for a pandas frame and mapped over the partitions of a Dask frame."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import pandas as pd
import pyarrow as pa

from murmuration.errors import ParamError, SchemaError

TEXT = pd.ArrowDtype(pa.string())
TEXTS = pd.ArrowDtype(pa.list_(pa.string()))

Frame = TypeVar("Frame")


def is_dask(frame: object) -> bool:
    """Say whether a frame is lazy and partitioned (asked without importing Dask)."""
    return hasattr(frame, "map_partitions")


def check_frame(given: object, *, what: str, of: str, cure: str) -> None:
    """Make sure that an argument is a pandas or Dask frame; raises `ParamError`, a sentence that says `of` what, and the `cure`."""
    if not isinstance(given, pd.DataFrame) and not is_dask(given):
        raise ParamError(f"{what} needs {of}, a pandas or Dask frame, but was given {call_given(given)}. {cure}")  # fmt: skip


def check_kind(given: object, wanted: type, *, what: str, cure: str) -> None:
    """Make sure that an argument is of a kind; raises `ParamError`."""
    if not isinstance(given, wanted):
        raise ParamError(
            f"{what} needs a {wanted.__name__}, but was given {call_given(given)} in its place. {cure}"
        )


def call_given(given: object) -> str:
    """Say what kind of thing was given."""
    return "nothing (None)" if given is None else f"a {type(given).__name__}"


def map_rows(frame: Frame, func: Callable[..., pd.DataFrame], /, *shared: object) -> Frame:
    """Apply row-wise work to a pandas or a Dask frame and keep its kind.

    Parameters
    ----------
    frame
        pandas or Dask frame.
    func
        Takes a pandas frame and what is shared, gives one with the same rows; never touches its input.
    shared
        What every partition needs and may be large, such as a model: in a Dask graph it is held once.

    Returns
    -------
    same kind as `frame`
        Lazy where `frame` is lazy.
    """
    if is_dask(frame):
        dask_frame = cast(Any, frame)
        # Every Dask collection carries the empty frame that says its columns.
        meta = func(dask_frame._meta, *shared)  # noqa: SLF001
        held = [_hold_once(one) for one in shared]
        return cast(Frame, dask_frame.map_partitions(func, *held, meta=meta))
    return cast(Frame, func(cast(pd.DataFrame, frame), *shared))


def _hold_once(thing: object) -> object:
    from dask.base import tokenize
    from dask.delayed import delayed

    return cast(object, delayed(thing, name=f"shared-{tokenize(thing)}", traverse=False))


def to_pandas(frame: object) -> pd.DataFrame:
    """Compute a Dask frame; give a pandas frame back as it is."""
    if is_dask(frame):
        return cast(pd.DataFrame, cast(Any, frame).compute())
    return cast(pd.DataFrame, frame)


def text_array(texts: Any, *, column: str = "text") -> pa.Array:
    """Give texts as an Arrow array.

    Parameters
    ----------
    texts
        A column, an Arrow array of strings, or any sequence of texts.
    column
        Its name, for the message.

    Returns
    -------
    pyarrow.Array
        Strings; every kind of missing value as null, lone surrogates as U+FFFD.

    Raises
    ------
    SchemaError
        If there is something else than text.
    """
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        if _holds_text(texts.type):
            return texts
        texts = texts.to_pylist()
    try:
        return pa.array(texts, pa.string(), from_pandas=True)
    except UnicodeEncodeError:
        return pa.array([_without_surrogates(text) for text in texts], pa.string())
    except pa.ArrowException as err:
        raise SchemaError(
            f"The column {column!r} holds something else than text: {err}. Turn it into text first, for "
            f"example with posts[{column!r}].astype('string')."
        ) from err


def text_column(values: Iterable[str | None]) -> pd.arrays.ArrowExtensionArray:
    """Give a column of texts, None as null."""
    return pd.arrays.ArrowExtensionArray(pa.array(list(values), TEXT.pyarrow_dtype))


def texts_column(values: Iterable[Sequence[str]]) -> pd.arrays.ArrowExtensionArray:
    """Give a column of lists of texts."""
    rows = [list(value) for value in values]
    return pd.arrays.ArrowExtensionArray(pa.array(rows, TEXTS.pyarrow_dtype))


def _holds_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def text_list(texts: Any, *, column: str = "text") -> list[str | None]:
    """Give texts as Python strings, every kind of missing value as None; see `text_array`."""
    return cast(list[str | None], text_array(texts, column=column).to_pylist())


def _without_surrogates(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
