"""Recording: the events of a world become a scenario, whose replay ends with the same figures."""

import asyncio
from typing import Any

import httpx

from emulator.server import Emulator

SCENARIO = """
scenario: Original
world:
  users: [{name: ada}, {name: bob}, {name: "cleo"}, {name: dan}]
  streams:
    - {name: launch, owner: ada, title: "Launch: night!"}
    - {name: friend, owner: dan, title: A friend}
timeline:
  - publish.start: launch
  - {for: 2m, viewers.ramp: {stream: launch, from: 10, to: 800, curve: surge}}
  - chat.say: {stream: launch, by: bob, says: "on, no: {yes} # 'quoted'"}
  - {for: 20s, chat.flood: {stream: launch, rate: 5/s, authors: 20, lines: [german, emoji]}}
  - chat.settings: {stream: launch, slow_mode: 3s, blocked_words: [cabbage]}
  - people.follow: {user: cleo, follows: ada}
  - chat.ban: {stream: launch, user: cleo, time_out: 10m}
  - chat.moderator: {stream: launch, user: bob, vip: true}
  - publish.drop: {stream: launch, back_after: 4s}
  - chat.settings: {stream: launch, slow_mode: 0, blocked_words: []}
  - {for: 5s, chat.flood: {stream: launch, rate: 10/s, authors: 5, lines: [hype]}}
  - fault.start: {media.stall: {stream: launch}, share: 50%, for: 4s}
  - publish.start: friend
  - wait: 2s
  - fault.start: {ingest.cut: {stream: friend}, times: 1}
  - publish.drop: {stream: friend, back_after: 3s}
  - fault.clear: {}
  - viewers.set: {stream: friend, count: 30}
  - {for: 10s, viewers.raid: {from: launch, to: friend, count: 300}}
  - {for: 30s, viewers.ramp: {stream: launch, to: 200}}
  - publish.stop: launch
  - publish.stop: friend
  - wait: 30s
"""

RECORDED = (
    "UserFollowed",
    "ChatBanned",
    "ChatSettingsChanged",
    "ModeratorAdded",
    "PublisherJoined",
    "PublisherLeft",
    "StreamRaided",
    "FaultStarted",
    "FaultStopped",
)


async def played(client: httpx.AsyncClient, emulator: Emulator, **order: Any) -> dict[str, Any]:
    answer = await client.post("/_emulator/scenarios", json=order)
    assert answer.status_code == 201, answer.text
    entry = emulator.worlds.runs.find(answer.json()["id"])
    async with asyncio.timeout(60):
        await entry.done.wait()
    assert entry.report is not None
    return entry.report


async def test_scenario_recording_replay_ends_in_equal_figures(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given a scenario that was run in a world that is still there,
    report = await played(client, emulator, text=SCENARIO, keep=True)
    assert report["outcome"] == "passed", report
    headers = {"X-Emulator-World": report["world"]}
    log = (await client.get("/_emulator/events?limit=1000", headers=headers)).json()["events"]
    first = next(event["seq"] for event in log if event["values"].get("username") == "ada")

    # when that world is recorded,
    query = {"after": first - 1, "since_ms": report["began_at_ms"], "name": "again"}
    recorded = (
        await client.get("/_emulator/scenarios/recordings", params=query, headers=headers)
    ).json()

    # then the result is a scenario whose replay passes its own expectations: the same figures,
    again = await played(client, emulator, text=recorded["text"], files=recorded["files"])
    missed = [expectation for expectation in again["expectations"] if not expectation["met"]]
    wrong = [step for step in again["steps"] if not step["ok"]]
    assert (again["outcome"], missed, wrong) == ("passed", [], []), missed
    for count in RECORDED:
        assert again["counts"][f"event/{count}"] == report["counts"][f"event/{count}"], count
    # Times are rounded, so a message may break a rate limit that it had just kept.
    assert again["chat_posted"] >= report["chat_posted"] * 0.95
    assert again["viewers_peak"] == report["viewers_peak"]
    # and its exact log is that of the run, byte for byte.
    assert recorded["events"] == report["events"]


async def test_scenario_recording_begins_at_the_journal_position(client: httpx.AsyncClient) -> None:
    point = (await client.post("/_emulator/scenarios/recordings")).json()
    query = {"after": point["after"], "since_ms": point["now_ms"]}

    recorded = (await client.get("/_emulator/scenarios/recordings", params=query)).json()

    assert (recorded["events"], recorded["exact"], recorded["files"]) == (0, "", {})
