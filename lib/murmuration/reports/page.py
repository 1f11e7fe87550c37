"""An executed notebook → one HTML file without code, without network, and safe to pass on.

The page holds plotly's script once, packed, and a content security policy that lets exactly two scripts
run, named by their hashes: whatever a post contains, it cannot run, and nothing is loaded from elsewhere.
"""

import base64
import gzip
import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from murmuration.errors import MurmurationError, ReportError, hide_quoted
from murmuration.reports.parameters import (
    cell_source,
    cell_tags,
    joined,
    load_notebook,
    number_cells,
)
from murmuration.show.markup import NO_UPLOAD, table_markup

PAGE = "report.html"
_FIGURE = "application/vnd.plotly.v1+json"
_FEW_FIGURES = 3  # none of which is drawn: a report with more of them is about nothing
_EMPTY = '<p class="empty">'
MAX_ERROR_CHARS = 600
# What these quote are names of ours and of code; what others quote may be a post.
_OPEN_ERRORS = frozenset(
    [
        *(kind.__name__ for kind in MurmurationError.__subclasses__()),
        *("AttributeError", "FileNotFoundError", "ImportError", "KeyError", "ModuleNotFoundError"),
        *("NameError", "PermissionError", "TypeError"),
    ]
)
_HIDDEN_TAGS = frozenset({"hide", "parameters"})
_IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


def write_page(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """Write ``report.html`` of a run from its executed notebook; of a failed run too, as far as it came."""
    blocks = list(_blocks(_executed(folder / "notebook.ipynb")))
    figures = [block["figure"] for block in blocks if "figure" in block]
    title = next(
        (block["title"] for block in blocks if block.get("title")), str(manifest["report"])
    )
    loader = resource("report.js")
    text = templates().get_template("report.html.j2").render(
        title=title,
        blocks=blocks,
        manifest=manifest,
        css=Markup(resource("report.css")),
        loader=Markup(loader),
        plotly=Markup(_packed_plotly()) if figures else "",
        policy=_policy([loader, *([_plotly_script()] if figures else [])]),
    )  # fmt: skip
    path = folder / PAGE
    path.write_text(text, encoding="utf-8")
    return path


def _executed(path: Path) -> dict[str, Any]:
    """Read an executed notebook; a run that was killed may have left none, or half of one."""
    try:
        return load_notebook(path)
    except ReportError:
        return {"cells": []}


def put_text(path: Path, text: str) -> Path:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path


@cache
def templates() -> Environment:
    """Give the pages' templates; everything is escaped unless it is marked as ours."""
    return Environment(
        loader=PackageLoader("murmuration.reports"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def resource(name: str) -> str:
    """Read a style sheet or script of the pages."""
    return (files("murmuration.reports") / "templates" / name).read_text(encoding="utf-8")


@cache
def _plotly_script() -> str:
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


@cache
def _packed_plotly() -> str:
    # mtime 0, so that the same script is the same bytes in every report.
    packed = gzip.compress(_plotly_script().encode(), compresslevel=9, mtime=0)
    return base64.b64encode(packed).decode()


def _policy(scripts: Sequence[str]) -> str:
    hashes = " ".join(f"'sha256-{script_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "form-action 'none'; base-uri 'none'"
    )


def script_hash(script: str) -> str:
    """Hash of an inline script as a content security policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _blocks(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what a reader sees: prose, figures, tables and errors, in order."""
    blocks = list(_all_blocks(notebook))
    undrawn = sum(block.get("undrawn", False) for block in blocks)
    if any("figure" in block for block in blocks) or undrawn < _FEW_FIGURES:
        return iter(blocks)
    return _without_empty(blocks)


def _without_empty(blocks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Leave out the sections in which nothing is shown; of a report without posts they would be all but a few."""
    starts = [at for at, block in enumerate(blocks) if block.get("section")]
    left = 0
    yield from blocks[: starts[0] if starts else len(blocks)]
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        shown = blocks[start + 1 : end]
        if shown and all(_is_empty(block) for block in shown):
            left += 1
        else:
            yield from blocks[start:end]
    if left:
        sections = "One section is" if left == 1 else f"{left} sections are"
        yield {"markup": Markup("<p class=\"facts\">{} left out, since there is nothing to show in them.</p>").format(sections)}  # fmt: skip


def _is_empty(block: Mapping[str, Any]) -> bool:
    """Whether a block is a heading, says that there is nothing, or says nothing at all."""
    markup = "" if block.get("heading") else block.get("markup")
    return markup is not None and (not str(markup).strip() or str(markup).startswith(_EMPTY))


def _all_blocks(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number, cell in number_cells(notebook):
        if number is None or _HIDDEN_TAGS & cell_tags(cell):
            continue
        if cell["cell_type"] == "markdown":
            source = cell_source(cell)
            only = all(line.startswith("#") for line in source.splitlines() if line.strip())
            yield _prose(source) | {"section": source.startswith("## "), "heading": only}
        for output in cell.get("outputs", []):
            yield from _output(output, number)


def _prose(text: str) -> dict[str, Any]:
    lines = text.strip().splitlines()
    title = lines[0].removeprefix("# ").strip() if lines and lines[0].startswith("# ") else ""
    return {"markup": _markdown(text), "title": title}


def _output(output: Mapping[str, Any], cell: int) -> Iterator[dict[str, Any]]:
    if output["output_type"] == "error":
        yield {"error": f"Cell {cell}: {error_text(output)}"}
    if output["output_type"] not in ("display_data", "execute_result"):
        return
    data = output["data"]
    if _FIGURE in data:
        yield _figure_or_sentence(data[_FIGURE])
    elif "text/markdown" in data:
        yield _prose(joined(data["text/markdown"]))
    elif "text/html" in data:
        yield {"markup": Markup(joined(data["text/html"]))}
    elif image := next((kind for kind in _IMAGES if kind in data), None):
        yield {"image": _image_address(image, joined(data[image]))}
    elif "text/plain" in data:
        yield {"plain": joined(data["text/plain"])}


def error_text(output: Mapping[str, Any]) -> str:
    """Say in one line which error ended a cell, without what it may quote of posts."""
    line = " ".join(str(output["evalue"]).split())
    plain = line if output["ename"] in _OPEN_ERRORS else hide_quoted(line)
    return ": ".join(filter(None, [str(output["ename"]), plain[:MAX_ERROR_CHARS]]))


def _image_address(kind: str, text: str) -> str:
    body = (
        base64.b64encode(text.encode()).decode()
        if kind == "image/svg+xml"
        else text.replace("\n", "")
    )
    return f"data:{kind};base64,{body}"


def _markdown(text: str) -> Markup:
    text = re.sub(r"(?<=\d) %", "\u00a0%", text)  # a number and its sign stay on one line
    # Raw HTML in Markdown is escaped: what comes from posts must stay text.
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _figure_or_sentence(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Give a figure; of one without data the sentence that says why, which wraps on a phone."""
    meta = figure.get("layout", {}).get("meta") or {}
    if figure["data"] or not meta.get("alt"):
        return {"figure": _figure(figure)}
    return {"markup": Markup(_EMPTY + "{}</p>").format(meta["alt"]), "undrawn": True}


def _figure(figure: Mapping[str, Any]) -> dict[str, Any]:
    layout = dict(figure.get("layout", {}))
    meta = layout.get("meta") or {}
    table = meta.get("table")
    config = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["lasso2d", "select2d"],
        **NO_UPLOAD,
    }
    spec = {"data": figure["data"], "layout": layout, "config": config}
    return {
        "title": meta.get("title", ""),
        "alt": meta.get("alt", ""),
        "height": layout.get("height", 400),
        "table": Markup(table_markup(table["columns"], table["rows"])) if table else "",
        # "<" cannot end the script element that the JSON stands in.
        "json": Markup(json.dumps(spec, ensure_ascii=False).replace("<", "\\u003c")),
    }
