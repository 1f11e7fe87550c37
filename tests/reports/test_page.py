"""What a page shows of an executed notebook."""

import json

import pytest

from murmuration.reports.page import write_page
from murmuration.show.theme import empty_figure, new_figure

MANIFEST = {
    "report": "topics", "run_id": "r", "status": "succeeded", "seconds": 1, "started_at": "", "at": "", "parameters": {},
    "pinned": {"tables": {}}, "backend": {"estimators": []}, "code": {"version": "1"}, "steps": [], "warnings": [],
}  # fmt: skip


def _heading(text):
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _shown(data):
    output = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 1}
    return {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}


def _figure(figure):
    return _shown({"application/vnd.plotly.v1+json": json.loads(figure.to_json())})


@pytest.fixture
def page_of(tmp_path):
    def write(*cells):
        notebook = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / "notebook.ipynb").write_text(json.dumps(notebook))
        return write_page(tmp_path, MANIFEST).read_text(encoding="utf-8")

    return write


def _report(drawn):
    none = [_figure(empty_figure("No post has a topic.")) for _ in range(3)]
    return [
        _heading("# Topics"), _shown({"text/markdown": "There is nothing."}), _heading("## Map"), none[0],
        _heading("## Words\n\nBars."), none[1], drawn or none[2], _heading("## Rows"), _shown({"text/html": '<p class="empty">None.</p>'}),
        _heading("## Limits"), _shown({"text/markdown": "- Few."}),
    ]  # fmt: skip


def test_a_report_about_nothing_leaves_its_empty_sections_out(page_of):
    page = page_of(*_report(None))
    for gone in ("Map", "Words", "Bars.", "Rows", "No post has a topic."):
        assert gone not in page.partition("<body>")[2]
    for kept in ("There is nothing.", "Limits", "Few.", "3 sections are left out"):
        assert kept in page


def test_a_report_with_a_figure_shows_why_others_are_empty(page_of):
    page = page_of(*_report(_figure(new_figure(height=90).add_scatter(x=[1], y=[1]))))
    assert all(one in page for one in ("Map", "Words", "Rows", "No post has a topic."))
    assert "left out" not in page
    assert (
        '<p class="empty">No post has a topic.</p>' in page
    )  # a chart would cut it off on a phone
    assert page.count('<figure class="chart">') == 1


def test_headings_within_a_section_and_empty_text_are_no_reason_to_keep_it(page_of):
    none = _shown({"text/html": '<p class="empty">No posts.</p>'})
    nothing = [_heading("## Read\n\n### Bad ones"), none, _heading("### Good ones"), none, _heading("## Do"), _shown({"text/markdown": ""})]  # fmt: skip
    page = page_of(*_report(None), *nothing).partition("<body>")[2]
    for gone in ("Read", "Good ones", "Do</h2>"):
        assert gone not in page
    assert "5 sections are left out" in page
