"""The page of schedules in a real browser, on a phone and on a desk."""

import pytest
from sqlalchemy import select

from murmuration.schedule.claims import Result
from murmuration.schedule.page import write_schedule_page
from murmuration.schedule.tables import alerts

from ..schedule.conftest import Bench
from ..schedule.test_alerts import alarm

LONG = "Cell 12 ended with FileNotFoundError: /a/path/without/any/space/that/goes/on/and/on/and/on/for/ever.parquet"


@pytest.fixture
def schedule_page(tmp_path):
    """A page with a failure, an alert, long names and a file that is wrong."""
    bench = Bench(tmp_path)
    bench.write(
        "a_schedule_whose_name_goes_on_for_as_long_as_it_may",
        for_each={"brand": ["kestrel_air_international_holding"]},
    )
    bench.write("good")
    (bench.folder / "wrong.yaml").write_text("report: [")
    bench.tick()
    bench.clock.advance(minutes=31)
    bench.run.alerts = [alarm(0)]
    bench.run.next = [Result("failed", "x", LONG), Result("succeeded")]
    bench.tick(bench.add_worker(at_once=1))
    with bench.ledger.read() as connection:
        assert len(connection.execute(select(alerts)).all()) == 1
    loaded = bench.worker._folder.load()
    yield write_schedule_page(bench.ledger, loaded, bench.run.reports, bench.clock.now)
    bench.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_of_the_page_of_schedules_lies_beside_the_screen(page, schedule_page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(schedule_page.as_uri())
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    for words in ("/a/path/without/any/space", "aurora, severity 5, since hour 0."):
        box = page.get_by_text(words).first.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
    assert page.problems == []
