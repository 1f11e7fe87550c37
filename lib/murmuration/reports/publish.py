"""A run is published: it exists from then on, and the names of models that it kept mean them."""

from pathlib import Path

from murmuration.reports.manifest import load_run, show_run


def publish_run(folder: Path) -> None:
    """Make a run exist, and let the names of what it kept mean that; whoever repeats it changes nothing.

    Parameters
    ----------
    folder
        Of a run whose manifest is staged, or there already.

    Raises
    ------
    OSError
        If the folder is not there, or not to be written.
    StoreError
        If the store cannot be used; then the run exists, and repeating it does what is left.
    """
    show_run(folder)
    for kept in load_run(folder).manifest.get("kept", ()):
        if kept["newest"]:
            _let_name_mean(str(kept["model"]), topics=kept["what"] == "topics")


def _let_name_mean(address: str, *, topics: bool) -> None:
    # Only here: a run that keeps none does not wait for it.
    from murmuration.models import find_newest, set_newest
    from murmuration.registry import goes_on

    newest = find_newest(address.partition("@")[0])
    if newest is not None and newest.address == address:
        return
    if topics and not goes_on(address):  # others have taken the place meanwhile
        return
    set_newest(address)
