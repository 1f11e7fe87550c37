"""Tables as HTML, without pandas: the pages of reports use it too."""

import html
import re

# How plotly shows a chart: else a button of newer ones uploads it to Plotly's servers.
NO_UPLOAD = {"showSendToCloud": False, "plotlyServerURL": ""}
_RANGE = re.compile(r"(?<=\d)–(?=\d)")


def table_markup(columns: list[str], rows: list[list[str]], *, caption: str = "") -> str:
    """Give a table as HTML, escaped; it scrolls sideways by itself where the page is narrow."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(_held(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    title = f"<caption><span>{html.escape(caption)}</span></caption>" if caption else ""
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{html.escape(caption or "table")}"><table>'
        f"{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _held(cell: str) -> str:
    """Keep numbers whole where a cell wraps: no line ends before “%”, or within “41–55”."""
    return _RANGE.sub("–\u2060", cell.replace(" %", "\u00a0%"))
