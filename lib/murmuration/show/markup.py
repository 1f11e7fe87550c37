"""Tables as HTML, without pandas: the pages of reports use it too."""

import html

# How plotly shows a chart: else a button of newer ones uploads it to Plotly's servers.
NO_UPLOAD = {"showSendToCloud": False, "plotlyServerURL": ""}


def table_markup(columns: list[str], rows: list[list[str]], *, caption: str = "") -> str:
    """Give a table as HTML, escaped; it scrolls sideways by itself where the page is narrow."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{html.escape(caption or "table")}"><table>'
        f"{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
