"""Names of what scored posts. Nothing else, so that who only reads results need not import what makes them."""

import re

VADER = "vader"  # who scored where no column says so
TOWARDS = "-towards"  # ends the version of a method that judged parts of posts

_OF_VADER = re.compile(r"vader-\d+(?:\.\w+)+(?:-[0-9a-f]{8})?")


def is_vader(version: str) -> bool:
    """Say whether scores come from VADER, with any lexicon: a model's version has no dots."""
    return bool(_OF_VADER.fullmatch(version))
