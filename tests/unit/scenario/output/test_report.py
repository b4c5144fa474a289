"""The report: figures that are collected during a run, and its three output forms."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from emulator.cli.scenario.playing import summary
from emulator.scenario.output.document import document, failure_message
from emulator.scenario.output.index import index
from emulator.scenario.output.junit import junit
from emulator.scenario.output.moments import AROUND, KIND_MAX
from emulator.scenario.output.page import page
from emulator.scenario.output.series import POINTS_MAX, Series
from tests.support.scenario_run import played_with_report
from tests.support.tables import table

TEXT = """
scenario: "Launch <night> & more"
about: It shows <b>everything</b>.
params: {peak: {type: integer, default: 3}}
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch}]
timeline:
  - publish.start: launch
  - {for: 10s, chat.flood: {stream: launch, rate: 10/s, arrivals: even}}
  - log: <script>alert(1)</script>
  - expect: {stream.launch.status: ended}
    within: 2s
  - {stream.start: launch}
expect:
  chat.launch.posted: 100
  stream.launch.duration: {below: 5s}
"""


@pytest.fixture
async def report() -> dict[str, Any]:
    fold = await played_with_report(TEXT)
    return document(fold, clock="virtual", wall_ms=12)


def test_report_json_has_steps_expectations_counts_and_the_chart(report: dict[str, Any]) -> None:
    assert report["outcome"] == "failed"
    assert [step["outcome"] for step in report["steps"]] == [
        "done",
        "done",
        "done",
        "missed",
        "refused",
    ]
    assert [expectation["met"] for expectation in report["expectations"]] == [False, True, False]
    assert report["counts"]["chat.posted/launch"] == 100
    assert sum(report["chart"]["chat"]["values"]) == 100
    assert report["chart"]["states"][0] == {
        "name": "launch",
        "kind": "offline",
        "from_ms": 0,
        "to_ms": 0,
    }
    assert report["late_ms"]["max"] == 2_000


def test_report_miss_is_a_sentence_with_last_and_closest_values(
    report: dict[str, Any],
) -> None:
    missed = [
        failure_message(expectation)
        for expectation in report["expectations"]
        if not expectation["met"]
    ]

    assert missed == [
        "stream.launch.status should be ended, and was live at 12s.",
        "stream.launch.duration should be below 5s, and was 12s at 12s.",
    ]


def test_report_junit_has_a_case_for_each_expectation_and_failed_step(
    report: dict[str, Any],
) -> None:
    suite = ElementTree.fromstring(junit([report]))[0]

    assert suite.attrib["name"] == "Launch <night> & more"
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("4", "3")
    assert [case.attrib["name"] for case in suite.iter("testcase")][-1] == "step stream.start 5"


def test_report_html_requests_nothing_and_escapes_its_text(report: dict[str, Any]) -> None:
    shown = page(report)

    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "Launch &lt;night&gt; &amp; more" in shown
    assert not re.search(r"(?:src|href)\s*=\s*[\"'](?!data:,|#)", shown)
    assert "prefers-color-scheme: dark" in shown
    assert shown.count('class="mark good"') == 1
    assert shown.count('class="mark bad"') == 2


def test_report_html_links_lead_to_the_chart_the_events_and_the_line(
    report: dict[str, Any],
) -> None:
    shown = page(report)

    anchors, links = re.findall(r' id="([^"]+)"', shown), re.findall(r'href="#([^"]+)"', shown)
    assert len(anchors) == len(set(anchors))
    assert set(links) <= set(anchors)
    # The first expectation of the report: its row, its instant, the events around, its line.
    assert {"expectation-0", "mark-0", "around-0", "line-1-12"} <= set(links)
    line = re.search(r'<li id="line-1-12" class="bad"><code>(.*?)</code>', shown)
    assert line is not None
    assert "stream.launch.status: ended" in line[1]


def test_report_html_filter_marks_each_row_that_was_missed_or_refused(
    report: dict[str, Any],
) -> None:
    shown = page(report)

    assert 'id="show-missed">Missed 2' in shown
    assert 'id="show-refused">Refused 1' in shown
    expectations, steps = (
        re.findall(r"<tr[^>]*?(?: class=\"([a-z ]*)\")?>", section.split("<tbody>")[1])
        for section in shown.split("<section")[1:3]
    )
    assert expectations == ["missed", "missed", "met"]
    assert steps == ["", "", "", "missed", "missed refused"]


async def test_report_moments_are_the_first_of_each_kind_and_those_around_a_miss() -> None:
    # Given many events of one kind, with a missed expectation in the midst of them,
    fold = await played_with_report(
        """
scenario: Many
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch}]
timeline:
  - publish.start: launch
  - {every: 1s, times: 200, stream.update: {stream: launch, title: Again}}
  - {at: 100s, expect: {stream.launch.status: ended}}
"""
    )

    # when the report is made,
    moments = document(fold, clock="virtual", wall_ms=1)["moments"]

    # then it has the first of them, those around the miss, and the number of the others.
    times = [item["at_ms"] for item in moments["shown"] if item["kind"] == "StreamUpdated"]
    assert times == [
        *range(0, KIND_MAX * 1_000, 1_000),
        *range(100_000 - (AROUND - 1) * 1_000, 100_001 + AROUND * 1_000, 1_000),
    ]
    assert moments["left_out"] == 200 - len(times)
    assert {
        key: value
        for key, value in next(
            item for item in moments["shown"] if item["kind"] == "StreamUpdated"
        ).items()
        if key != "text"
    } == {"at_ms": 0, "kind": "StreamUpdated", "count": 1}
    assert "stream launch" in moments["shown"][-1]["text"]


def test_report_index_leads_to_each_run_and_counts_the_failed(report: dict[str, Any]) -> None:
    passed = {**report, "outcome": "passed", "scenario": "Quiet"}
    shown = index([("01-one/report.html", report), ("02-two/report.html", passed)])

    assert re.findall(r'<td><a href="([^"]+)">(.*?)</a>', shown) == [
        ("01-one/report.html", "Launch &lt;night&gt; &amp; more"),
        ("02-two/report.html", "Quiet"),
    ]
    assert "Failed 1" in shown
    assert shown.count('<tr class="missed">') == 1


@table(("kind", "total"), [("sum", 5_000), ("max", 1)])
def test_report_series_is_bounded_for_any_run_length(kind: Any, total: int) -> None:
    series = Series(kind)
    for second in range(5_000):
        series.add(second * 1_000, 1)

    assert len(series.values) <= POINTS_MAX
    assert series.interval_ms == 16_000
    assert (sum(series.values) if kind == "sum" else max(series.values)) == total


def test_report_last_value_holds_until_the_next() -> None:
    series = Series("max")
    series.add(0, 5)
    series.add(3_000, 9)
    series.add(3_500, 2)

    assert series.values == [5, 5, 5, 9]


async def test_report_each_stream_has_its_own_chart() -> None:
    # Given two streams, one of which sends its viewers over to the other,
    fold = await played_with_report(
        """
scenario: Raid
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: one, owner: ada, title: One}, {name: <two>, owner: bob, title: Two}]
timeline:
  - publish.start: one
  - publish.start: <two>
  - viewers.set: {stream: one, count: 40}
  - {at: 10s, viewers.raid: {from: one, to: <two>}}
  - {for: 5s, chat.flood: {stream: <two>, rate: 4/s, arrivals: even}}
lasts: 30s
""".replace("<two>", "two")
    )

    # when the report is made,
    report = document(fold, clock="virtual", wall_ms=1)

    # then the sum is flat, and each stream's own curve shows the raid.
    streams = {stream["name"]: stream for stream in report["chart"]["streams"]}
    one, two = (streams[name]["viewers"]["values"] for name in ("one", "two"))
    assert (one[5], one[20], two[5], two[20]) == (40, 0, 0, 40)
    assert report["chart"]["viewers"]["values"][20] == 40
    assert (sum(streams["two"]["chat"]["values"]), sum(streams["one"]["chat"]["values"])) == (20, 0)
    shown = page(report)
    assert shown.count('class="stream"') == 2
    assert "one: viewers, at most 40" in shown
    assert "two: viewers, at most 40" in shown


async def test_report_step_that_never_began_fails_the_run_when_required() -> None:
    fold = await played_with_report("""
scenario: Never
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch}]
timeline:
  - {name: slow, on: {chat.held: {stream: launch}}, required: true, log: held}
  - {name: after it, after: slow, log: then}
  - {name: may be, on: stream.ended, log: ended}
  - {name: goes, on: {stream.went_live: {stream: launch}}, required: true, log: live}
  - {name: live, at: 0s, stream.start: launch}
""")
    report = document(fold, clock="virtual", wall_ms=1)

    never = {s["name"]: s for s in report["steps"] if s["outcome"] == "never-began"}
    assert {name: (s["ok"], s["started_ms"], s["message"]) for name, s in never.items()} == {
        "slow": (False, None, "chat.held (stream launch) never happened."),
        "after it": (True, None, "It comes after slow, which never ended."),
        "may be": (True, None, "stream.ended never happened."),
    }
    assert report["outcome"] == "failed"
    suite = ElementTree.fromstring(junit([report]))[0]
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("1", "2")
    assert "never-began" in page(report)
    assert [line.strip() for line in summary(report)[1:]] == [
        "test.yaml:7: slow was required, and never began: chat.held (stream launch) never"
        " happened.",
        "test.yaml:8: after it never began: It comes after slow, which never ended.",
        "test.yaml:9: may be never began: stream.ended never happened.",
    ]
