"""`scenario run` as a process: real encoders, Ctrl-C, a running emulator, another hash."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from emulator.cli import main
from tests.support import screenshots
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Scheme
from tests.support.commands import finished, live_emulator
from tests.support.docs import PROJECT, commands
from tests.support.encoders import film
from tests.support.live_server import platform

PATIENCE_SECONDS = 120
PAGE = PROJECT / "docs/how-to/qa.md"


def command(*typed: str) -> list[str]:
    return live_emulator("scenario", *typed)


def run(*typed: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return finished(command(*typed), **options)


def test_scenario_command_in_real_time_publishes_and_its_vod_plays() -> None:
    done = run("run", "going-live", "--speed", "real", "--json")

    report = json.loads(done.stdout)
    assert (done.returncode, report["outcome"]) == (0, "passed"), done.stdout
    assert report["clock"] == "real"
    # It took as long as it says, and the lines that may differ next time are named.
    assert report["wall_ms"] >= report["length_ms"] - 100
    assert "log_hash" in report["differs_each_time"]


def test_scenario_command_webrtc_clients_publish_and_watch(tmp_path: Path) -> None:
    film = tmp_path / "whip.yaml"
    film.write_text("""
scenario: Over WebRTC
world:
  rules: {reconnect_window: 400ms}
  users: [{name: ada}]
  streams: [{name: live, owner: ada, title: Over WebRTC}]
timeline:
  - publish.start: {stream: live, size: 320x180, bitrate: 400k, via: whip}
  - expect: {stream.live.status: live}
    within: 20s
  - viewers.set: {stream: live, count: 2, real: whep}
  - expect: {stream.live.viewers: 2}
    within: 10s
  - viewers.set: {stream: live, count: 1, real: whep}
  - expect: {stream.live.viewers: 1}
    within: 10s
  - publish.stop: live
  - expect: {stream.live.status: ended}
    within: 40s
expect:
  analytics.live.peak_concurrent_viewers: 2
""")

    done = run("run", str(film), "--speed", "real", "--json")

    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "passed"), done.stdout


def test_scenario_command_ctrl_c_ends_in_a_report(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    process = subprocess.Popen(
        command("run", "demo-loop", "--speed", "100x", "--report", str(folder)),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "lines" in line:
            break
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert report["outcome"] in ("stopped", "failed"), output
    assert report["reason"] == "Stopped with Ctrl-C."
    assert ElementTree.parse(folder / "junit.xml").getroot().tag == "testsuites"


def test_scenario_command_check_fails_on_another_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "run", "slow-mode", "--json"]) == 0
    log_hash = json.loads(capsys.readouterr().out)["log_hash"]

    assert main(["scenario", "run", "slow-mode", "--check", log_hash, "--seed", "5"]) == 1
    assert "the run went differently" in capsys.readouterr().err


def test_scenario_command_miss_exits_with_1_and_a_sentence_and_a_junit_case(tmp_path: Path) -> None:
    path = tmp_path / "evening.yaml"
    path.write_text(
        "scenario: Missed\nworld: {users: [{name: ada}],"
        " streams: [{name: s, owner: ada, title: x}]}\nexpect: {stream.s.status: live}\n",
        "utf-8",
    )
    junit = tmp_path / "junit.xml"

    done = run("run", str(path), "slow-mode", "--junit", str(junit))

    assert done.returncode == 1
    assert "evening.yaml:3: stream.s.status should be live, and was offline at 0s." in done.stdout
    suites = list(ElementTree.parse(junit).getroot())
    assert [suite.attrib["failures"] for suite in suites] == ["1", "0"]


def test_scenario_command_runs_on_an_emulator_that_is_already_running(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("scenario: Part\ntimeline: [{log: included}]\n", "utf-8")
    path = tmp_path / "evening.yaml"
    path.write_text(
        "scenario: There\nworld: {users: [{name: ada}],"
        " streams: [{name: s, owner: ada, title: There}]}\n"
        "timeline:\n  - include: part.yaml\n  - stream.start: s\n",
        "utf-8",
    )
    with platform() as walk:
        done = run("run", str(path), "--against", walk.ready["http"], "--json")
        shown = walk.ask("GET", "/streams/?status=live&per_page=100").json["streams"]

    report = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, report["world"]) == (0, "default"), done.stderr
    assert [note["text"] for note in report["notes"]] == ["included"]
    assert "There" in [stream["title"] for stream in shown]


def test_scenario_command_on_an_emulator_of_this_user_uploads_its_film(tmp_path: Path) -> None:
    shutil.copy(film(seconds=2, form="mp4"), tmp_path / "talk.mp4")
    path = tmp_path / "film.yaml"
    path.write_text(
        """
scenario: Film
timeline:
  - vod.upload: {vod: film, owner: demo, title: A film, file: talk.mp4}
  - {expect: {vod.film.status: ready}, within: 30s}
""",
        "utf-8",
    )
    with platform() as walk:
        done = run("run", str(path), "--against", walk.ready["http"], "--json")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    done = run("run", "launch-night", "-p", "flow=20/s", "--report", str(folder))
    assert (folder / "report.html").is_file(), done.stderr
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_scenario_command_html_report_works_in_a_real_browser(
    report_page: Path, chromium: Chromium, scheme: Scheme
) -> None:
    tab = await chromium.open(report_page.as_uri(), scheme=scheme)
    page = tab.page
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    chart = await page.locator("svg").bounding_box()
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert tab.complaints == []
    assert tab.hosts == set(), "the page made a request"
    assert all(address.startswith(("file:", "data:")) for address in tab.addresses)
    assert await page.locator("h1").inner_text()
    assert await page.locator("rect.live").count() >= 1
    assert await page.locator(".mark").count() >= 5
    assert chart is not None
    assert chart["width"] > 600
    assert not wide
    dark = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) < 200
    assert dark == (scheme == "dark")


MISSED = """
scenario: Missed
about: A talk has fewer viewers than it should.
world:
  users: [{name: ada}]
  streams: [{name: one, owner: ada, title: One}]
timeline:
  - publish.start: one
  - {for: 50s, at: 5s, chat.flood: {stream: one, rate: 4/s, authors: 20}}
  - {at: 10s, for: 30s, viewers.ramp: {stream: one, to: 40, curve: surge}}
  - {at: 20s, fault.start: {api.delay: {delay: 2s}, for: 15s}}
  - {at: 30s, stream.start: one}
  - {at: 40s, expect: {stream.one.viewers: {above: 50}}}
  - {at: 1m, publish.stop: one}
expect:
  chat.one.lost: 0
"""


async def test_scenario_command_report_links_a_miss_to_the_events_around_it(
    tmp_path: Path, chromium: Chromium
) -> None:
    (tmp_path / "missed.yaml").write_text(MISSED, "utf-8")
    run("run", str(tmp_path / "missed.yaml"), "slow-mode", "--report", str(tmp_path / "out"))
    # Given two runs, of which one has failed and is open,
    tab = await chromium.open((tmp_path / "out/index.html").as_uri())
    page = tab.page
    await page.check("#show-missed")
    await page.locator("a:text-is('Slow mode')").wait_for(state="hidden")
    await assert_accessible(tab, widths=(1280,))
    await page.click("a:text-is('Missed')")
    await screenshots.take(tab, "report")

    # when only missed expectations are shown, then its report shows these;
    await page.check("#show-missed")
    await page.locator("tr:has-text('viewers.ramp')").first.wait_for(state="hidden")
    shown = page.locator("section:has(h2:text-is('Expectations')) tbody tr:visible")
    assert await shown.count() == 1
    await page.check("#show-refused")
    await page.locator("tr.refused:visible:has-text('already live')").first.wait_for()
    await page.check("#show-all")

    # and links lead to the instant, to the events around it, and to the line.
    row = page.locator("tr#expectation-0")
    await row.locator("a[href='#mark-0']").click()
    await page.wait_for_selector("#mark-0:target")
    await row.locator("a:text-is('events')").click()
    around = page.locator("tr:target")
    assert "stream.one.viewers should be above 50, and was 40" in await around.inner_text()
    before = await around.locator("xpath=preceding-sibling::tr").all_inner_texts()
    assert any("ChatPosted" in text for text in before[-8:])
    await row.locator("td.place a").click()
    assert "expect:" in await page.locator(".lines li:target").inner_text()
    await assert_accessible(tab, widths=(320,))
    assert tab.complaints == []
    assert tab.hosts == set(), "the page made a request"


@pytest.mark.parametrize(
    "line", [shown.line for shown in commands(PAGE) if "--against" not in shown.line]
)
def test_scenario_command_commands_of_the_page_work(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(line.replace("HASH", "''"))

    assert program == "live-emulator"
    assert main(words) == 0
    page = "index.html" if "--repeat" in line else "report.html"
    assert ("--report" not in line) or (tmp_path / "out" / page).is_file()


REAL = """
scenario: Real
world:
  users: [{name: ada}, {name: bob}, {name: cleo}]
  streams:
    - {name: s, owner: ada, title: Real}
    - {name: t, owner: cleo, title: Also real}
timeline:
  - publish.start: {stream: s, size: 320x180, bitrate: 300k}
  - stream.start: t
  # A page is a player and a chat socket of one person, who counts once.
  - viewers.set: {stream: s, count: 12, real: true, countries: {DE: 100%}}
  - viewers.set: {stream: s, count: 4, real: hls}
  - viewers.set: {stream: s, count: 3, real: chat}
  - {expect: {stream.s.viewers: 16}, within: 10s}
  - {for: 1500ms, viewers.ramp: {stream: t, to: 6, real: chat}}
  - {for: 1s, viewers.spike: {stream: t, count: 5, real: chat}}
  - {for: 1s, viewers.churn: {stream: t, per_minute: 100%, real: chat}}
  - {viewers.add: {stream: t, count: 2, real: chat, stay: 200ms}}
  - {expect: {stream.t.viewers: 6}, within: 10s}
  - {for: 1s, viewers.raid: {from: t, to: s, count: 4, real: chat}}
  - {viewers.raid: {from: t, to: s, count: 4, real: chat}, refused: invalid}
  - {expect: {stream.t.viewers: 2}, within: 10s}
  # Voices over sockets meet the rules of the room as anybody's.
  - {for: 2s, chat.flood: {stream: s, rate: 20/s, authors: 8, arrivals: even, real: true}}
  - chat.script: {stream: s, file: lines.txt, real: true}
  - chat.delete: {stream: s, of: bob, real: true}
  - chat.settings: {stream: s, slow_mode: 30s}
  - chat.say: {stream: s, by: cleo, says: Hello over a socket, real: true}
  - {chat.say: {stream: s, by: cleo, says: Again, real: true}, refused: slow_mode}
expect:
  chat.s.posted: 43
  chat.s.shown: 42
  chat.s.refused: 1
  chat.s.lost: 0
  events.stream.raided: 1
  events.viewer.joined: {at_least: 20}
"""


def test_scenario_command_real_players_and_sockets_take_part_in_real_time(tmp_path: Path) -> None:
    path = tmp_path / "evening.yaml"
    path.write_text(REAL, "utf-8")
    (tmp_path / "lines.txt").write_text("0s bob: One\n300ms bob: Two\n", "utf-8")

    # Over TLS, as a page on HTTPS may open it.
    with platform(tls=True) as walk:
        done = run(
            *("run", str(path), "--speed", "real", "--against", walk.ready["http"]),
            env={**os.environ, "LIVE_EMULATOR_CA": walk.ready["ca"]},
        )

    assert done.returncode == 0, done.stdout + done.stderr
    # Where time jumps, real clients cannot take part.
    assert "Real viewers need a server and a clock that runs." in run("run", str(path)).stdout
