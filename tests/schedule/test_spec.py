"""Schedules in files: what they say, and how mistakes are reported."""

from datetime import UTC, datetime, timedelta

import pytest

from murmuration.errors import ScheduleError
from murmuration.schedule.check import (
    Lookout,
    check_schedule,
    describe_policy,
    problems_of,
    refuse_broken,
    upcoming,
    warnings_of,
)
from murmuration.schedule.spec import Folder, load_schedule
from murmuration.settings import get_settings

GOOD = 'report: brand_health\ncron: "30 6 * * *"\ntimezone: Europe/Berlin\n'


def write(folder, text, name="morning.yaml"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_a_schedule_needs_three_lines_and_says_the_rest_by_itself(tmp_path):
    schedule = load_schedule(write(tmp_path, GOOD))
    assert (schedule.name, schedule.spec.catch_up, schedule.spec.overlap) == (
        "morning",
        "latest",
        "skip",
    )
    assert schedule.spec.deadline == timedelta(hours=1)
    assert schedule.spec.retries.attempts == 1
    assert schedule.items == {"": {}}


def test_a_sweep_is_one_run_for_each_of_its_values(tmp_path):
    text = (
        GOOD
        + "parameters: {window: 7d}\nfor_each: {brand: [aurora, velora], terms_shown: [5, 9]}\n"
    )
    items = load_schedule(write(tmp_path, text)).items
    assert list(items) == [
        f"brand={brand} terms_shown={n}" for brand in ("aurora", "velora") for n in (5, 9)
    ]
    assert items["brand=velora terms_shown=9"] == {
        "window": "7d", "brand": "velora", "terms_shown": 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cron: '0 0 30 2 *'", "line 4: cron: '0 0 30 2 *' never runs"),
        ("timezone: Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("overlap: skp", "line 4: overlap: found 'skp', but it must be one of skip, queue, replace. Did you mean 'skip'?"),
        ("deadline: 3600", "line 4: deadline: found 3600, but a time with its unit must stand here, such as 90s"),
        ("deadline: 0s", "with its unit"),
        ("retires: {attempts: 2}", "line 4: retires: unknown key. Did you mean 'retries'?"),
        ("retries: {atempts: 2}", "retries.atempts: unknown key. Did you mean 'attempts'?"),
        ("retries: {attempts: 0}", "retries.attempts: found 0, but input should be greater than or equal to 1"),
        ("keep: {last: yes}", "keep.last: found True"),
        ("notify: [{to: OPS, when: [failur]}]", "line 4: notify.0.when.0: found 'failur'"),
        ("for_each: {brand: []}", "for_each.brand"),
        ("for_each: {brand: [a, a]}", "names a value twice"),
        ("parameters: {brand: a}\nfor_each: {brand: [b]}", "'brand' stands in parameters and in for_each"),
        ("resources: {memory: lots}", "an amount such as"),
        ("report: ''", "line 4: report"),
        ("parameters: {window: }", "line 4: parameters.window: found nothing, but text, a number"),
        ("parameters: {window: {days: 7}}", "line 4: parameters.window: found a mapping, but text"),
        ("parameters: {competitors: [velora, 4]}", "line 4: parameters.competitors: found 4 in a list of texts. Put each"),
        ("parameters: {on: 1}", "line 4: parameters: YAML reads on, yes and true as the value true, which is no name. Put it in quotes."),
        ("for_each: {brand: [[a]]}", "line 4: for_each.brand.0: found a list, but text"),
        ("notify: [{to: OPS, on: [success]}]", "line 4: notify.0: YAML reads on, yes and true as the value true, which is no name. Write `when` instead."),
        ("notify: [{to: OPS, when: success}]", "line 4: notify.0.when: found 'success', but a list must stand here, such as [success]."),
        ("notify: [{to: OPS, when: []}]", "line 4: notify.0.when: is empty, but at least one must stand here."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_field_value_and_what_is_allowed(tmp_path, text, said):
    key = text.partition(":")[0]
    kept = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith(key + ":"))
    path = write(tmp_path, kept + ("# a line\n" * (3 - kept.count("\n"))) + text + "\n")
    with pytest.raises(ScheduleError) as caught:
        load_schedule(path)
    assert str(caught.value).startswith(f"{path}")
    assert said in str(caught.value)


def test_one_mistake_is_one_line(tmp_path):
    for text in ("parameters: {window: [[7]]}", "notify: [{to: NOTIFY_OPS, when: [failur]}]"):
        with pytest.raises(ScheduleError) as caught:
            load_schedule(write(tmp_path, GOOD + text))
        assert str(caught.value).count("\n") == 0


def test_a_day_without_quotes_means_what_it_means_on_the_command_line(tmp_path):
    text = (
        GOOD
        + "parameters: {since: 2015-02-20, until: 2015-02-21T06:30:00+01:00, days: [2015-02-20, x]}\n"
        + "for_each: {day: [2015-02-20, 2015-02-21 06:30:00]}\n"
    )
    schedule = load_schedule(write(tmp_path, text))
    assert schedule.spec.parameters == {
        "since": "2015-02-20",
        "until": "2015-02-21T06:30:00+01:00",
        "days": ["2015-02-20", "x"],
    }
    assert list(schedule.items) == ["day=2015-02-20", "day=2015-02-21T06:30:00"]


def test_an_address_that_stands_in_the_file_is_not_repeated(tmp_path):
    path = write(tmp_path, GOOD + "notify: [{to: 'slack://secret-token/x'}]\n")
    with pytest.raises(ScheduleError, match="name of an environment variable") as caught:
        load_schedule(path)
    assert "secret-token" not in str(caught.value)


def test_one_wrong_file_keeps_the_others_running(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, "report: x\n", "broken.yaml")
    write(tmp_path, GOOD, "twin.yaml")
    write(tmp_path, GOOD, "twin.yml")
    write(tmp_path, "- a list\n", "list.yaml")
    write(tmp_path, GOOD, "Not A Name.yaml")
    found = Folder(tmp_path).load()
    assert list(found.by_name) == ["morning"]
    assert "cron: is missing." in found.problems["broken"]
    assert "two schedules of one name" in found.problems["twin"]
    assert "found a list" in found.problems["list"]
    assert "cannot be the name" in found.problems["Not A Name"]
    with pytest.raises(ScheduleError, match="Did you mean 'morning'"):
        found.get("mornin")
    with pytest.raises(ScheduleError, match="two schedules of one name"):
        found.get("twin")


def test_a_file_that_was_changed_is_read_again(tmp_path):
    folder = Folder(tmp_path)
    write(tmp_path, GOOD)
    assert folder.load().get("morning").spec.catch_up == "latest"
    write(tmp_path, GOOD + "catch_up: all\n")
    assert folder.load().get("morning").spec.catch_up == "all"
    (tmp_path / "morning.yaml").unlink()
    assert folder.load().by_name == {}


def test_parameters_are_checked_as_the_report_would(workspace):
    text = GOOD + "for_each: {brand: [aurora, auroa]}\nparameters: {terms_shown: 500}\n"
    schedule = load_schedule(write(workspace / "schedules", text))
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert all(one.problem for one in check_schedule(schedule, get_settings(), at=now))
    schedule = load_schedule(write(workspace / "schedules", text.replace("500", "5")))
    right, wrong = check_schedule(schedule, get_settings(), at=now)
    assert right.parameters["terms_shown"] == 5
    assert right.parameters["timezone"] == "Europe/Berlin"  # the schedule's own, unless given
    assert "Did you mean 'aurora'?" in wrong.problem


def test_all_that_is_wrong_with_parameters_is_told_at_once_with_its_line(workspace):
    text = GOOD + "parameters:\n  brand: auroa\n  terms_shown: 999\n  colour: red\n  window: 7x\n"
    path = write(workspace / "schedules", text)
    now = datetime(2026, 3, 1, tzinfo=UTC)
    said = problems_of(check_schedule(load_schedule(path), get_settings(), at=now))
    assert [one.split(": ")[0] for one in said] == [f"{path}, line {n}" for n in (7, 6, 5, 8)]
    assert "colour" in said[0]
    assert "window." in said[0]  # the list is whole
    swept = GOOD + "for_each: {brand: [aurora, velora]}\nparameters: {terms_shown: 999}\n"
    checked = check_schedule(load_schedule(write(workspace / "schedules", swept)), get_settings(), at=now)  # fmt: skip
    assert len(problems_of(checked)) == 1
    with pytest.raises(ScheduleError, match="line 5: terms_shown is 999"):
        refuse_broken(load_schedule(path), get_settings(), fire=now)


def test_an_address_that_is_not_set_and_runs_that_take_longer_than_their_interval_are_warned_of(
    tmp_path,
):
    text = GOOD.replace("30 6", "*/10 *") + "overlap: replace\nnotify:\n  - to: NOTIFY_OPS\n"
    schedule = load_schedule(write(tmp_path, text))
    [unset] = warnings_of(schedule, {}, typical=timedelta(minutes=9))
    assert "line 6: NOTIFY_OPS is set neither in the environment nor in .env" in unset
    [slow] = warnings_of(schedule, {"NOTIFY_OPS": "x"}, typical=timedelta(minutes=11))
    assert "line 4: its runs take 660 s, and the next fire" in slow
    assert "comes after 10 minutes" in slow


def test_a_schedule_that_could_not_run_is_logged_once_for_each_state_of_it(workspace, caplog):
    folder, lookout = Folder(workspace / "schedules"), Lookout(get_settings())
    now = datetime(2026, 3, 1, tzinfo=UTC)
    write(workspace / "schedules", GOOD + "parameters: {brand: auroa}\n")
    write(workspace / "schedules", GOOD + "parameters: {brand: aurora}\n", "fine.yaml")
    for _ in range(3):
        lookout.look(folder.load(), now)
    [line] = caplog.messages
    assert line.startswith("morning is not in order: ")
    assert "Did you mean 'aurora'?" in line
    assert list(lookout.problems) == ["morning"]
    write(workspace / "schedules", GOOD + "parameters: {brand: aurora, bucket: day}\n")
    lookout.look(folder.load(), now)
    assert lookout.problems == {}


def test_a_report_that_does_not_exist_is_named_with_the_near_match(workspace):
    text = GOOD.replace("brand_health", "brand_helth")
    schedule = load_schedule(write(workspace / "schedules", text))
    [one] = check_schedule(schedule, get_settings(), at=datetime(2026, 3, 1, tzinfo=UTC))
    assert "Did you mean 'brand_health'?" in one.problem


def test_coming_fires_are_shown_with_their_windows_across_a_change(workspace):
    text = GOOD.replace("30 6", "30 2") + "parameters: {window: 1d, brand: aurora}\n"
    schedule = load_schedule(write(workspace / "schedules", text))
    after = datetime(2026, 3, 28, 12, tzinfo=UTC)
    change, later = upcoming(schedule, get_settings(), after=after, count=2)
    assert f"{change.local:%H:%M%z}" == "03:00+0200"
    assert (change.changes, later.changes) == (True, False)
    assert change.note == "for 02:30, which does not exist"
    assert later.until - later.since == timedelta(hours=23)  # the short day
    assert "runs once" in describe_policy(schedule)
