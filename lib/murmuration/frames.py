"""Row-wise work, written once for a pandas frame and mapped over the partitions of a Dask frame."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import pandas as pd
import pyarrow as pa

TEXT = pd.ArrowDtype(pa.string())
TEXTS = pd.ArrowDtype(pa.list_(pa.string()))

Frame = TypeVar("Frame")


def is_dask(frame: object) -> bool:
    """Say whether a frame is lazy and partitioned (asked without importing Dask)."""
    return hasattr(frame, "map_partitions")


def map_rows(frame: Frame, func: Callable[[pd.DataFrame], pd.DataFrame], /) -> Frame:
    """Apply row-wise work to a pandas or a Dask frame and keep its kind.

    Parameters
    ----------
    frame
        pandas or Dask frame.
    func
        Takes a pandas frame, gives one with the same rows; never touches its input.

    Returns
    -------
    same kind as `frame`
        Lazy where `frame` is lazy.
    """
    if is_dask(frame):
        dask_frame = cast(Any, frame)
        # Every Dask collection carries the empty frame that says its columns.
        meta = func(dask_frame._meta)  # noqa: SLF001
        return cast(Frame, dask_frame.map_partitions(func, meta=meta))
    return cast(Frame, func(cast(pd.DataFrame, frame)))


def to_pandas(frame: object) -> pd.DataFrame:
    """Compute a Dask frame; give a pandas frame back as it is."""
    if is_dask(frame):
        return cast(pd.DataFrame, cast(Any, frame).compute())
    return cast(pd.DataFrame, frame)


def text_list(column: "pd.Series[Any]") -> list[str | None]:
    """Give a text column as Python strings, every kind of missing value as None."""
    return cast(list[str | None], pa.array(column, pa.string(), from_pandas=True).to_pylist())
