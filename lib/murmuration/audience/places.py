"""Authors → dots on a map on which those near each other fit the same segments."""

import numpy as np
import pandas as pd

from murmuration.audience.arguments import check_assigned, check_kind
from murmuration.audience.segments import SegmentModel
from murmuration.audience.tally import Floats, Ints

_DOTS = 1_500


def place_authors(profiles: pd.DataFrame, model: SegmentModel, *, shown: Ints | None = None) -> pd.DataFrame:  # fmt: skip
    """Give authors places on a map by how well they fit each segment.

    Parameters
    ----------
    profiles
        From `assign_segments`, with `segment`.
    model
        That assigned them.
    shown
        Segments that may be shown; authors of others are left out. All unless given.

    Returns
    -------
    pandas.DataFrame
        `point` (a number, no name), `segment` (−1 fits nowhere), `x`, `y` (−1 to 1). Of many authors evenly spread ones.
    """
    check_assigned(profiles, what="place_authors")
    check_kind(model, SegmentModel, what="place_authors", cure="Give the model that assigned them.")
    there = profiles["set_aside"].isna().to_numpy(bool) if "set_aside" in profiles else np.ones(len(profiles), bool)  # fmt: skip
    labels = profiles["segment"].to_numpy(np.int64)
    if shown is not None:
        there = there & np.isin(labels, [-1, *shown])
    some = np.flatnonzero(there)
    some = some[:: max(1, -(-len(some) // _DOTS))]
    spots = _spread(model.strengths(profiles.iloc[some])) if len(some) else np.zeros((0, 2))
    return pd.DataFrame(
        {
            "point": np.arange(len(some), dtype=np.int64),
            "segment": labels[some],
            "x": spots[:, 0],
            "y": spots[:, 1],
        }
    )


def _spread(fits: Floats) -> Floats:
    """Give the two directions in which fits differ most, −1 to 1 each."""
    wide = np.sqrt(np.maximum(fits, 0))
    wide = wide - wide.mean(axis=0)
    left, size, _ = np.linalg.svd(wide, full_matrices=False)
    spots = np.zeros((len(fits), 2))
    spots[:, : min(2, len(size))] = (left * size)[:, :2]
    # A direction has no sign of its own: the longer tail is on the right and above.
    spots *= np.where((spots**3).sum(axis=0) < 0, -1, 1)
    reach: Floats = spots / np.maximum(np.abs(spots).max(axis=0, initial=0), 1e-12)
    return reach
