"""Small notebooks of our own, in a workspace of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


@pytest.fixture
def add_report(workspace: Path) -> Callable[..., str]:
    """Put a report with these code cells into the workspace and give its name."""

    def add(
        *cells: str, parameters: str = 'note: str = ""  # anything', name: str = "small"
    ) -> str:
        sources = [(parameters, ["parameters"]), *((cell, []) for cell in cells)]
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": KERNEL,
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {"tags": tags},
                    "source": source,
                    "outputs": [],
                    "execution_count": None,
                }
                for number, (source, tags) in enumerate(sources)
            ],
        }
        (workspace / "notebooks" / "reports" / f"{name}.ipynb").write_text(json.dumps(notebook))
        return name

    return add
