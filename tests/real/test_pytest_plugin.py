"""The plugin in real runs of pytest: its fixtures, parallel workers, and the clean end."""

import re

import pytest

pytest_plugins = ["pytester"]

# Without unrelated plugins, which take seconds to load.
QUICK = ("-p", "no:schemathesis", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")

EVERYTHING = """
import json
import urllib.request

import sys

import pytest


def ask(url, key):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_live_world_is_found_by_its_key(live_world, live_stream):
    mine = ask(f"{live_world.url}/api/v1/streams/id/{live_stream.id}", live_world.api_key)
    assert (mine["title"], mine["status"]) == ("A stream", "offline")
    assert live_stream.rtmp_address.endswith(live_stream.key)
    assert live_world.environment["LIVE_EMULATOR_API_KEY"] == live_world.api_key


@pytest.mark.parametrize("number", range(6))
def test_live_world_is_isolated_from_other_tests(live_world, number):
    assert live_world.ask("GET", "/streams/?status_filter=all").json["total"] == 0
    live_world.create_stream("Mine alone")
    live_world.create_stream("Another's", owner=f"user{number}")


def test_live_stream_has_publisher_viewers_and_chat(
    live_stream, live_publisher, live_viewers, live_chat, live_world
):
    live_publisher.start()
    assert live_stream.status == "live"
    live_viewers.set(250)
    assert live_stream.now()["viewer_count"] == live_viewers.count == 250
    assert live_chat.say("Hello", by="bob")
    live_chat.flood(30)
    assert live_chat.lines()[:2] == [("bob", "Hello"), ("viewer1", "line 1")]
    assert len(live_chat.lines()) == 31
    assert "StreamWentLive" in {event["kind"] for event in live_world.events()}


def test_live_clock_passes_hours_at_once(live_stream, live_publisher, live_clock):
    live_clock.freeze()
    live_publisher.start()
    live_clock.advance(2 * 3600)
    live_publisher.stop()
    live_clock.advance(20)
    assert live_stream.status == "ended"
    assert live_stream.vod()["duration"] == 7200


def test_live_faults_break_a_call(live_world, live_faults):
    live_faults.start("api.fail", path="/streams", status=502, times=1, skip=1)
    response = live_world.ask("GET", "/streams/")
    assert response.status == 200
    assert response.headers["x-TRACE-id"]
    assert live_world.ask("GET", "/streams/").status == 502
    assert live_faults.struck == ["GET /api/v1/streams/"]
    assert [each["status"] for each in live_world.requests()] == [200, 502]


def test_live_faults_spare_calls_of_the_test_itself(live_world, live_faults):
    live_faults.start("api.fail")
    stream = live_world.create_stream()
    assert stream.now()["status"] == "offline"
    assert live_world.set_up("GET", "/auth/me", user="bob").status == 200
    assert live_world.ask("GET", "/streams/").status == 503
    assert [request["path"] for request in live_world.requests()] == ["/api/v1/streams/"]
"""

LOOPS = """
import asyncio

import pytest

from emulator.testing.twins import LoopBlockedWarning

async def receiver(received):
    async def answer(reader, writer):
        received.append(await reader.readuntil(b"\\r\\n\\r\\n"))
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    return await asyncio.start_server(answer, "127.0.0.1", 0)

async def test_app_answers_in_the_same_loop(
    live_world, live_clock, live_stream, live_publisher, live_webhooks
):
    received = []
    server = await receiver(received)
    port = server.sockets[0].getsockname()[1]
    live_webhooks.send_to(f"http://127.0.0.1:{port}/hook", events=["stream.ended"])
    live_clock.freeze()
    live_publisher.start()
    live_publisher.stop()
    await live_clock.advance_async(20)
    vod = await live_stream.vod_async()
    assert vod["status"] == "ready"
    ended = await live_webhooks.wait_async("stream.ended")
    assert ended.data["id"] == live_stream.id
    assert len(received) == 1
    page = await live_world.admin_async("GET", "webhooks/deliveries")
    assert {each["state"] for each in page["deliveries"]} == {"delivered"}
    server.close()
    await server.wait_closed()

async def test_blocking_call_warns(live_clock, live_stream):
    with pytest.raises(LoopBlockedWarning, match="advance_async"):
        live_clock.advance(1)
    with pytest.raises(LoopBlockedWarning, match="until_async"):
        live_stream.until("live")
"""

STANDING_CLOCK = """
import pytest

def test_clock_stands(live_clock, live_stream, live_publisher):
    live_clock.freeze()
    with pytest.raises(AssertionError, match="the stream is live. Time stands at .*noth"):
        live_stream.until("live")
    live_publisher.start()
    live_publisher.stop()
    with pytest.raises(AssertionError, match=r"due at .*Z: live_clock.advance\\(10\\)"):
        live_stream.until("ended")
    live_clock.advance(live_clock.due_in_seconds)
    with pytest.raises(AssertionError, match=r"VOD is ready.*advance\\(1\\)"):
        live_stream.vod()
    live_clock.advance(1)
    assert live_stream.vod()["status"] == "ready"
"""

WEBHOOKS = """
import dataclasses

import pytest

def test_webhook_receiver(live_webhooks, live_stream, live_publisher, live_clock):
    live_clock.freeze()
    live_webhooks.wait("stream.created")
    live_webhooks.answer_with(500)
    live_publisher.start()
    first = live_webhooks.wait("stream.live")
    live_clock.advance(5)
    again = live_webhooks.wait("stream.live")
    assert (first.id, first.content) == (again.id, again.content)
    assert again.data["id"] == live_stream.id
    live_webhooks.verify(again)
    forged = dataclasses.replace(again, content=again.content + b" ")
    with pytest.raises(AssertionError, match="wrong signature"):
        live_webhooks.verify(forged)
    own = b'{"type": "vod.ready"}'
    headers = {name.lower(): value for name, value in live_webhooks.sign(own).items()}
    live_webhooks.verify(dataclasses.replace(again, content=own, headers=headers))
    with pytest.raises(AssertionError, match="What has come: .*stream.live"):
        live_webhooks.wait("vod.ready", patience_seconds=0)
"""

WIDER_SCOPES = """
import pytest

@pytest.fixture(scope="module")
def shop(live_world_factory):
    with live_world_factory(seed="none", name="shop") as world:
        world.webhooks
        yield world

@pytest.fixture(scope="session")
def other(live_world_factory):
    return live_world_factory()

def test_one(shop, other):
    shop.create_stream("Of one").publisher.start()
    assert other.name != shop.name

def test_two(shop):
    assert shop.webhooks.wait("stream.live").data["title"] == "Of one"

def test_three(shop, other, live_emulator):
    shop.drop()
    worlds = live_emulator.emulator.worlds.all()
    assert [each.world.name for each in worlds] == ["default", other.name]
"""

REAL_PUBLISHER = """
import pytest

pytestmark = pytest.mark.filterwarnings("ignore")

def test_live_publisher_goes_live(live_stream, live_publisher, live_world):
    live_publisher.start(real=True)
    assert live_stream.now()["status"] == "live"
    health = live_world.admin("GET", f"streams/{live_stream.id}/ingest")
    assert health["protocol"] == "rtmp"
    pid = live_publisher._process.pid
    with open("pid", "w") as file:
        file.write(str(pid))

def test_live_publisher_process_has_ended():
    import os, pytest
    with pytest.raises(ProcessLookupError):
        os.kill(int(open("pid").read()), 0)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nasyncio_mode = auto\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    return pytester


def test_pytest_plugin_tests_side_by_side_are_isolated(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        "import pytest\n@pytest.fixture\ndef live_emulator_seed():\n    return 'none'\n"
    )
    suite.makepyfile(
        test_everything=EVERYTHING,
        test_loops=LOOPS,
        test_standing_clock=STANDING_CLOCK,
        test_webhooks=WEBHOOKS,
        test_wider_scopes=WIDER_SCOPES,
        test_real_publisher=REAL_PUBLISHER,
    )

    result = suite.runpytest_subprocess(*QUICK, "-n", "2", "--dist", "loadfile")

    result.assert_outcomes(passed=20)


def test_pytest_plugin_works_in_asynchronous_tests_with_custom_settings_and_behind_a_proxy(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "intranet.test")
    monkeypatch.delenv("no_proxy", raising=False)
    suite.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def live_emulator_settings():
            return {"stream_creations_per_minute": 2, "streams_per_user": 0}
        """
    )
    suite.makepyfile(
        """
        import os

        import httpx
        import pytest

        @pytest.mark.parametrize("number", range(2))
        async def test_app_is_asynchronous(live_world, live_publisher, live_stream, number):
            live_publisher.start()
            key = {"Authorization": f"Bearer {live_world.api_key}"}
            async with httpx.AsyncClient(base_url=live_world.url, headers=key) as client:
                answer = await client.get(f"/api/v1/streams/id/{live_stream.id}")
                assert answer.json()["status"] == "live"
                made = [
                    await client.post("/api/v1/streams/", json={"title": "x"}) for _ in range(2)
                ]
            assert [each.status_code for each in made] == [201, 429]

        def test_app_has_a_proxy(live_world):
            assert httpx.get(f"{live_world.url}/api/v1/streams/").status_code == 200
            assert live_world.environment["no_proxy"].startswith("intranet.test,localhost")
            assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
        """
    )

    suite.runpytest_subprocess(*QUICK).assert_outcomes(passed=3)


def test_pytest_plugin_unused_costs_a_suite_nothing(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys
        import threading

        def test_plugin_imports_nothing():
            heavy = {"starlette", "pydantic", "uvicorn", "av", "yaml", "emulator.server"}
            assert not heavy & set(sys.modules)
            assert threading.active_count() == 1
        """
    )

    result = suite.runpytest_subprocess(*QUICK, "-p", "no:anyio")

    result.assert_outcomes(passed=1)


def test_pytest_plugin_fixtures_and_marker_are_documented(suite: pytest.Pytester) -> None:
    shown = suite.runpytest_subprocess(*QUICK, "--fixtures").stdout.str()
    ours = shown.partition("fixtures defined from emulator.pytest_plugin")[2]
    ours = ours.partition("fixtures defined from")[0]
    names = [line.split()[0] for line in ours.splitlines() if re.match(r"\w+.* -- ", line)]
    assert names
    assert all(name.startswith("live_") for name in names), names
    for name in ("live_emulator", "live_world", "live_stream", "live_publisher", "live_webhooks"):
        assert f"{name}" in shown
    shown = suite.runpytest_subprocess(*QUICK, "--markers").stdout.str()
    assert "@pytest.mark.live_scenario(file, **params)" in shown


def test_pytest_plugin_missed_scenario_fails_and_a_failing_test_shows_the_requests_of_the_app(
    suite: pytest.Pytester,
) -> None:
    suite.path.joinpath("quiet.yaml").write_text(
        "scenario: Quiet\nparams: {count: {type: integer, default: 1}}\n"
        "world: {users: [{name: ada}], streams: [{name: s, owner: ada, title: Quiet}]}\n"
        "timeline:\n  - publish.start: s\n  - {every: 1s, times: $count,"
        " chat.say: {stream: s, by: ada, says: Hello}}\n"
        "expect: {chat.s.posted: {below: 4}}\n"
    )
    suite.makepyfile(
        """
        import pytest

        def test_app_fails(live_world, live_faults, live_clock):
            live_clock.freeze()
            live_faults.start("api.fail", path="/auth/me", status=502)
            live_world.ask("POST", "/streams/", {"title": "x", "colour": "red"})
            live_world.ask("POST", "/streams/", {})
            live_world.ask("GET", "/streems/")
            live_world.ask("GET", "/auth/me")
            assert False

        @pytest.mark.live_scenario("quiet.yaml", count=3)
        def test_scenario_is_a_file_in_the_tests_folder(live_world):
            kinds = [event["kind"] for event in live_world.events()]
            assert kinds.count("ChatPosted") == 3

        def test_scenario_runs_more_than_once(live_scenario):
            assert live_scenario.play("quiet.yaml")["chat_posted"] == 1

        @pytest.mark.live_scenario("quiet.yaml", count=5)
        def test_scenario_never_begins():
            raise RuntimeError("it has begun")
        """
    )

    result = suite.runpytest_subprocess(*QUICK, "-n", "1")

    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*chat.s.posted should be *, and was 5*"])
    result.stdout.fnmatch_lines(
        [
            "*live-emulator*",
            "World test-1. Time stands at *",
            "The last 4 of 4 requests:",
            "*POST /api/v1/streams/ -> 201  demo; unknown fields: colour",
            "*POST /api/v1/streams/ -> 422  demo; body.title: *",
            "*GET /api/v1/streems/ -> 404  demo; Not Found; there is no such operation",
            "*GET /api/v1/auth/me -> 502  demo; *made by fault-1 api.fail",
            "Faults that are on: fault-1 api.fail (struck 1)",
            "  fault-1 api.fail: GET /api/v1/auth/me",
        ]
    )
