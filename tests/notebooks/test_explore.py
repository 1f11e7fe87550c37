"""The notebook that shows the way works from top to bottom, without a store."""

import json

from ..conftest import ROOT

NOTEBOOK = ROOT / "notebooks/explore/getting_started.ipynb"


def test_it_works_from_top_to_bottom(tmp_path, monkeypatch):
    from papermill.execute import execute_notebook

    monkeypatch.chdir(tmp_path)
    done = execute_notebook(str(NOTEBOOK), str(tmp_path / "done.ipynb"), progress_bar=False)
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"application/vnd.plotly.v1+json", "text/html"} <= kinds
    shown = json.dumps(outputs)
    assert "negative_share" in shown
    assert not (tmp_path / "store").exists()
