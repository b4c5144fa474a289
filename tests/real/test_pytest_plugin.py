"""The plugin in real runs of pytest: what its fixtures give, side by side, and what they leave."""

import pytest

pytest_plugins = ["pytester"]

# Without plugins that have nothing to do with it and take seconds to begin.
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


def test_an_app_finds_its_world_by_its_key(world, stream):
    mine = ask(f"{world.url}/api/v1/streams/id/{stream.id}", world.api_key)
    assert (mine["title"], mine["status"]) == ("A stream", "offline")
    assert stream.rtmp_address.endswith(stream.key)
    assert world.environment["LIVE_EMULATOR_API_KEY"] == world.api_key


@pytest.mark.parametrize("number", range(6))
def test_what_another_test_did_is_not_here(world, number):
    assert world.ask("GET", "/streams/?status_filter=all").json["total"] == 0
    world.create_stream("Mine alone")
    world.create_stream("Another's", owner=f"user{number}")


def test_a_publisher_an_audience_and_a_chat(stream, publisher, viewers, chat, world):
    publisher.start()
    assert stream.status == "live"
    viewers.set(250)
    assert stream.now()["viewer_count"] == viewers.count == 250
    assert chat.say("Hello", by="bob")
    chat.flood(30)
    assert chat.lines()[:2] == [("bob", "Hello"), ("viewer1", "line 1")]
    assert len(chat.lines()) == 31
    assert "StreamWentLive" in {event["kind"] for event in world.events()}


def test_hours_pass_in_no_time(stream, publisher, clock):
    clock.freeze()
    publisher.start()
    clock.advance(2 * 3600)
    publisher.stop()
    clock.advance(20)
    assert stream.status == "ended"
    assert stream.vod()["duration"] == 7200


def test_something_is_broken_on_purpose(world, faults):
    faults.start("api.fail", path="/streams", status=502, times=1)
    assert world.ask("GET", "/streams/").status == 502
    assert world.ask("GET", "/streams/").status == 200
    assert faults.struck == ["GET /api/v1/streams/"]
    assert [each["status"] for each in world.requests()] == [502, 200]
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nasyncio_mode = auto\n"
        "asyncio_default_fixture_loop_scope = function\n"
    )
    return pytester


def test_tests_side_by_side_do_not_see_each_other(suite: pytest.Pytester) -> None:
    suite.makeconftest(
        "import pytest\n@pytest.fixture\ndef live_emulator_seed():\n    return 'none'\n"
    )
    suite.makepyfile(EVERYTHING)

    result = suite.runpytest_subprocess(*QUICK, "-n", "2", "--durations", "5")

    result.assert_outcomes(passed=10)


def test_it_works_inside_asynchronous_tests_and_with_settings_of_one_s_own(
    suite: pytest.Pytester,
) -> None:
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
        import httpx
        import pytest

        @pytest.mark.parametrize("number", range(2))
        async def test_an_asynchronous_app(world, publisher, stream, number):
            publisher.start()
            key = {"Authorization": f"Bearer {world.api_key}"}
            async with httpx.AsyncClient(base_url=world.url, headers=key) as client:
                answer = await client.get(f"/api/v1/streams/id/{stream.id}")
                assert answer.json()["status"] == "live"
                made = [
                    await client.post("/api/v1/streams/", json={"title": "x"}) for _ in range(2)
                ]
            assert [each.status_code for each in made] == [201, 429]
        """
    )

    suite.runpytest_subprocess(*QUICK).assert_outcomes(passed=2)


def test_a_real_publisher_sends_rtmp_and_is_gone_afterwards(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        def test_it_goes_live(stream, publisher, world):
            publisher.start(real=True)
            assert stream.now()["status"] == "live"
            health = world.admin("GET", f"streams/{stream.id}/ingest")
            assert health["protocol"] == "rtmp"
            pid = publisher._process.pid
            with open("pid", "w") as file:
                file.write(str(pid))

        def test_its_process_has_ended():
            import os, pytest
            with pytest.raises(ProcessLookupError):
                os.kill(int(open("pid").read()), 0)
        """
    )

    suite.runpytest_subprocess(*QUICK, "-W", "ignore").assert_outcomes(passed=2)


def test_a_suite_that_does_not_use_it_does_not_pay_for_it(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import sys
        import threading

        def test_nothing_was_imported():
            heavy = {"starlette", "pydantic", "uvicorn", "av", "yaml", "emulator.server"}
            assert not heavy & set(sys.modules)
            assert threading.active_count() == 1
        """
    )

    result = suite.runpytest_subprocess(*QUICK, "-p", "no:anyio")

    result.assert_outcomes(passed=1)


def test_the_fixtures_and_the_marker_say_what_they_are(suite: pytest.Pytester) -> None:
    shown = suite.runpytest_subprocess(*QUICK, "--fixtures").stdout.str()
    for name in ("live_emulator", "world", "stream", "publisher", "viewers", "chat", "scenario"):
        assert f"{name}" in shown
    shown = suite.runpytest_subprocess(*QUICK, "--markers").stdout.str()
    assert "@pytest.mark.scenario(file, **params)" in shown


def test_a_marked_test_comes_after_its_scenario_and_a_missed_one_fails_it(
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

        @pytest.mark.scenario("quiet.yaml", count=3)
        def test_a_file_beside_the_test(world):
            kinds = [event["kind"] for event in world.events()]
            assert kinds.count("ChatPosted") == 3

        def test_more_than_one(scenario):
            assert scenario.play("quiet.yaml")["chat_posted"] == 1

        @pytest.mark.scenario("quiet.yaml", count=5)
        def test_never_begins():
            raise RuntimeError("it has begun")
        """
    )

    result = suite.runpytest_subprocess(*QUICK)

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*chat.s.posted should be *, and was 5*"])
