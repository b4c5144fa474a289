"""`requests`, `events`, `outbox` and `webhooks` against a running emulator."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.cli import main
from tests.support.commands import live_emulator
from tests.support.live_server import Walk, platform
from tests.support.webhook_receiver import receiving


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    with platform() as walk:
        monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
        yield walk


def printed(capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    assert main(list(typed)) == 0
    return capsys.readouterr().out


def test_requests_command_filters_requests(walk: Walk, capsys: pytest.CaptureFixture[str]) -> None:
    walk.create("First")
    walk.ask("GET", "/streams/id/00000000-0000-0000-0000-000000000000")
    walk.ask("POST", "/streams/", {"title": "Second", "catgory": "x"})

    shown = printed(capsys, "requests")
    assert "201  POST   /api/v1/streams/  demo" in shown
    assert "404  GET    /api/v1/streams/id/00000000" in shown
    assert "unknown fields: catgory" in printed(capsys, "requests", "--unknown-fields")
    result = json.loads(printed(capsys, "requests", "--status", "4xx", "--method", "get", "--json"))
    assert [request["status"] for request in result["requests"]] == [404]
    assert main(["requests", "--status", "soon"]) == 1


def test_requests_command_prints_no_control_characters_of_clients(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    walk.ask("GET", "/streams/by-\x1b%5B31m%1B%E2%80%AE".replace("\x1b", "%1B"))

    shown = printed(capsys, "requests", "--path", "/streams/by-")
    assert "/streams/by-" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_events_command_shows_and_follows_events(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = walk.create("First")
    shown = printed(capsys, "events", "--kind", "StreamCreated")
    assert f"StreamCreated  stream_id={stream['id']}" in shown

    typed = live_emulator("events", "--follow", "--json", "--kind")
    with subprocess.Popen(
        [*typed, "StreamEnded", "--server", walk.ready["http"]], stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        walk.ask("POST", f"/streams/{stream['id']}/end")
        seen: list[dict[str, Any]] = []
        while not any(event["values"]["stream_id"] == stream["id"] for event in seen):
            seen.append(json.loads(following.stdout.readline()))
        following.send_signal(signal.SIGINT)
        assert following.wait() == 0


def test_outbox_command_shows_mails_and_empties_it(
    walk: Walk, capsys: pytest.CaptureFixture[str]
) -> None:
    walk.ask("POST", "/auth/magic-link", {"email": "demo@example.com"})

    shown = printed(capsys, "outbox", "--to", "demo@example.com")
    assert "magic_link  demo@example.com" in shown
    mails = json.loads(printed(capsys, "outbox", "--json"))["mails"]
    assert mails[0]["token"] in mails[0]["link"]
    assert printed(capsys, "outbox", "--clear") == "The outbox is empty.\n"
    assert json.loads(printed(capsys, "outbox", "--json")) == {"mails": []}


async def test_webhooks_command_adds_sends_and_resends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The request needs another thread, since the receiver runs in this one.
    def typed(*words: str) -> Any:
        return asyncio.to_thread(main, ["webhooks", *words, "--json"])

    async with receiving() as receiver:
        with platform() as walk:
            monkeypatch.setenv("LIVE_EMULATOR_URL", walk.ready["http"])
            assert await typed("send", "vod.ready") == 1
            assert "No webhook wants vod.ready" in capsys.readouterr().err
            assert await typed("add", receiver.url, "--event", "stream.live") == 0
            webhook = json.loads(capsys.readouterr().out)
            assert webhook["events"] == ["stream.live"]

            # The seed's streams went live last, so the default output is about them.
            assert await typed("send", "stream.live") == 0
            first = await receiver.next(1)
            body = json.loads(first.body)
            assert body["type"] == "stream.live"
            assert body["data"]["status"] == "live"
            assert first.headers["webhook-signature"].startswith("time=")
            fields = json.dumps({"uid": "made-up", "id": "mine", "data": {"title": "No such"}})
            assert await typed("send", "stream.live", "--body", fields) == 0
            second = json.loads((await receiver.next(2)).body)
            assert second["uid"] == "made-up"
            assert second["id"] not in ("mine", body["id"])
            assert await typed("send", "stream.lvie") == 1
            assert await typed("send", "stream.live", "--body", "{") == 2
            assert await typed("send", "vod.failed", "--to", webhook["id"]) == 1
            assert "There was no vod.failed in this world yet" in capsys.readouterr().err

            assert await typed("list") == 0
            result = json.loads(capsys.readouterr().out.splitlines()[-1])
            assert len(result["deliveries"]) == 2
            assert await typed("replay", result["deliveries"][0]["id"]) == 0
            assert json.loads((await receiver.next(3)).body) == body
            assert await typed("remove", webhook["id"]) == 0
            assert await typed("remove", webhook["id"]) == 1
