"""Segments as a model folder: how authors are seen, the votes, the ids and names, who was in which."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from murmuration.audience.blocks import Directions, Scaler, View
from murmuration.audience.choose import CHOICE
from murmuration.audience.params import KIND, SegmentParams
from murmuration.audience.segments import ByDistance, ByVotes, SegmentModel
from murmuration.audience.texts import OPEN
from murmuration.audience.votes import Vote
from murmuration.errors import ModelError
from murmuration.frames import TEXT
from murmuration.model_folder import digest_contents, read_folder, write_folder
from murmuration.sentiment.model import ModelCard, card_facts, read_card

Arrays = dict[str, npt.NDArray[Any]]
_SCALER = ("centres", "scales", "weights")


def make_card(model: SegmentModel) -> ModelCard:
    """Give the card of a model of segments."""
    params = asdict(model.params)
    return ModelCard(
        name=model.name,
        kind=KIND,
        languages=(),
        labels=(),
        trained_on={"rows": len(model.members[0]), "description": "authors"},
        params={**params, "weights": dict(params["weights"])},
    )


def digest_model(model: SegmentModel) -> str:
    """Give the digest of the folder that a model is saved to."""
    return digest_contents(_facts(model), _arrays(model))


def save_model(model: SegmentModel, folder: Path) -> None:
    """Write a model folder.

    Raises
    ------
    ModelError
        If it would hold what stands for handles without a key.
    """
    spaces = [view.space for view in model.views if isinstance(view.space, Directions)]
    terms = [
        term for space in spaces if "mentions" in space.kinds for term in space.terms.to_pylist()
    ]
    if any(term.startswith(f"mentions:{OPEN}") for term in terms):
        raise ModelError(
            "These segments tell accounts apart by handles that are not hidden with a key, so they cannot be kept. Make the profiles "
            "with profile_authors(posts, key=...), a secret of 16 bytes or more."
        )
    write_folder(folder, _facts(model), _arrays(model))


def load_model(folder: Path) -> dict[str, Any]:
    """Read what a `SegmentModel` is made of.

    Raises
    ------
    ModelError
        If the folder is damaged or holds another kind of model.
    """
    contents = read_folder(folder)
    facts, arrays = contents.facts, contents.arrays
    try:
        card = read_card(facts)
        if card.kind != KIND:
            raise ModelError(f"The model in {folder} is of the kind {card.kind!r}, not {KIND}.")
        views = [_read_view(one, f"view{at}", arrays) for at, one in enumerate(facts["views"])]
        choice = _read_choice(facts["choice"])
        return {
            "params": SegmentParams(**card.params), "views": views, "assigner": _read_assigner(facts, arrays, views),
            "ids": arrays["ids"], "least_strength": float(facts["least_strength"]), "choice": choice, "name": card.name,
            "names": {int(one): str(name) for one, name in facts["names"].items()},
            "members": (arrays["members"], arrays["member_segments"]),
            "next_id": int(facts["next_id"]), "previous": str(facts["previous"]),
            # Folders of before periods were kept do not know theirs.
            "since": str(facts.get("since", "")), "until": str(facts.get("until", "")),
        }  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        raise ModelError(f"The model in {folder} is no model of segments: {err!r}.") from err


def _facts(model: SegmentModel) -> dict[str, Any]:
    assigner = model.assigner
    votes = [(vote.view, vote.weight, vote.needs_terms) for vote in assigner.votes] if isinstance(assigner, ByVotes) else []  # fmt: skip
    return card_facts(make_card(model)) | {
        "views": [
            {
                "name": view.name, "weight": float(view.weight),
                "names": list(view.space.names) if isinstance(view.space, Scaler) else [],
                "kinds": list(view.space.kinds) if isinstance(view.space, Directions) else [],
            }
            for view in model.views
        ],
        "assigner": "" if assigner is None else type(assigner).__name__,
        "votes": [[int(view), float(weight), bool(needs)] for view, weight, needs in votes],
        "least_strength": float(model.least_strength),
        "choice": [_plain(row) for row in model.choice.itertuples(index=False)],
        "names": {str(one): name for one, name in sorted(model.names.items())},
        "next_id": int(model.next_id), "previous": model.previous,
    } | ({"since": model.since, "until": model.until} if model.until else {})  # fmt: skip


def _plain(row: Any) -> list[Any]:
    plain = [value.item() if isinstance(value, np.generic) else value for value in row]
    plain = [None if value is pd.NA or value != value else value for value in plain]
    # Without a reason it is left out: a model of before there was one keeps its digest.
    return plain if plain[-1] is not None else plain[:-1]


def _read_choice(rows: list[list[Any]]) -> pd.DataFrame:
    # Folders of before there was a reason have a column less.
    table = pd.DataFrame([[*row, None][: len(CHOICE)] for row in rows], columns=list(CHOICE))
    numbers = dict.fromkeys(CHOICE[1:5], "float64")
    return table.astype({**numbers, "why": TEXT}) if rows else table


def _arrays(model: SegmentModel) -> Arrays:
    arrays: Arrays = {
        "ids": np.asarray(model.ids, np.int64),
        "members": model.members[0],
        "member_segments": model.members[1],
    }
    for at, view in enumerate(model.views):
        if isinstance(view.space, Scaler):
            arrays |= {f"view{at}_{name}": getattr(view.space, name) for name in _SCALER}
        else:
            arrays[f"view{at}_terms"] = np.array(view.space.terms.to_pylist(), dtype=np.dtypes.StringDType())  # fmt: skip
            arrays[f"view{at}_weights"] = view.space.weights
            arrays[f"view{at}_components"] = view.space.components
    if isinstance(model.assigner, ByVotes):
        arrays["shares"] = model.assigner.shares
        for at, vote in enumerate(model.assigner.votes):
            arrays |= {f"vote{at}_slopes": vote.slopes, f"vote{at}_levels": vote.levels}
    if isinstance(model.assigner, ByDistance):
        arrays["centres"] = model.assigner.centres
    return arrays


def _read_view(facts: Mapping[str, Any], at: str, arrays: Arrays) -> View:
    space: Scaler | Directions
    if facts["kinds"]:
        terms = pa.array([str(term) for term in arrays[f"{at}_terms"]], pa.string())
        space = Directions(tuple(facts["kinds"]), terms, arrays[f"{at}_weights"], arrays[f"{at}_components"])  # fmt: skip
    else:
        space = Scaler(tuple(facts["names"]), *(arrays[f"{at}_{name}"] for name in _SCALER))
    return View(str(facts["name"]), float(facts["weight"]), space)


def _read_assigner(
    facts: Mapping[str, Any], arrays: Arrays, views: list[View]
) -> ByVotes | ByDistance | None:
    if facts["assigner"] == ByVotes.__name__:
        votes = [
            Vote(int(view), float(weight), arrays[f"vote{at}_slopes"], arrays[f"vote{at}_levels"], bool(needs))
            for at, (view, weight, needs) in enumerate(facts["votes"])
        ]  # fmt: skip
        return ByVotes(votes, arrays["shares"])
    return ByDistance(views, arrays["centres"]) if facts["assigner"] == ByDistance.__name__ else None  # fmt: skip
