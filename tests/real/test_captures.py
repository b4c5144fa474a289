"""A capture of a real browser is replayed: equal answers pass, differences are reported."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from emulator.cli import main
from tests.support.browser import Chromium
from tests.support.live_server import Walk, platform

# A client's web page: it signs up, continues with a fresh token, creates a stream, and reads.
CLIENT = """
async () => {
  const ask = async (method, path, body, key) => {
    const headers = {"Content-Type": "application/json"};
    if (key) headers.Authorization = `Bearer ${key}`;
    const answer = await fetch(path, {method, headers, body: body && JSON.stringify(body)});
    return answer.status === 204 ? null : answer.json();
  };
  const wish = {email: "har@example.com", username: "har", password: "secret-enough"};
  const signed = await ask("POST", "/v1/auth/register", wish);
  const body = {refresh_token: signed.refresh_token};
  const key = (await ask("POST", "/v1/auth/refresh", body)).access_token;
  const stream = await ask("POST", "/v1/streams/", {title: "Recorded"}, key);
  await ask("POST", `/v1/streams/${stream.id}/chat`, {content: "Hello"}, key);
  await ask("GET", `/v1/streams/${stream.id}/chat`);
  await ask("GET", `/v1/streams/id/${stream.id}`, null, key);
  await ask("GET", "/v1/streams/?status_filter=live");
  await ask("POST", "/v1/streams/", {title: ""}, key);
  await ask("GET", "/v1/users/me", null, "wrong");
  await ask("DELETE", `/v1/streams/id/${stream.id}`, null, key);
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def recorded(chromium: Chromium, tmp_path: Path) -> Path:
    path = tmp_path / "capture.har"
    with platform() as walk:
        await _record(chromium, walk, path)
    return path


async def _record(chromium: Chromium, walk: Walk, path: Path) -> None:
    async with chromium.recording(path) as page:
        # Any page of the same origin that makes no requests by itself.
        await page.goto(f"{walk.ready['admin']}/health")
        await page.evaluate(CLIENT)


async def test_capture_command_browser_capture_matches_until_a_response_differs(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given a capture of this very platform, nothing differs;
    status = await asyncio.to_thread(main, ["contract", "--check", str(recorded)])
    text = capsys.readouterr().out
    assert status == 0, text
    assert "10 requests replayed, 0 answered differently." in text

    # where the other platform answered with another status and another shape, both are reported.
    await asyncio.to_thread(falsify, recorded)
    assert await asyncio.to_thread(main, ["contract", "--check", str(recorded)]) == 1
    text = capsys.readouterr().out
    for line in (
        "status 200 there, 204 here",
        "$.region is missing here (string there)",
        "$.stream_key is missing there (string here)",
        "$.title is number there, string here",
        "10 requests replayed, 2 answered differently.",
    ):
        assert line in text


def falsify(recorded: Path) -> None:
    har = json.loads(recorded.read_text("utf-8"))
    entries = har["log"]["entries"]
    next(entry for entry in entries if entry["response"]["status"] == 204)["response"]["status"] = (
        200
    )
    result = next(entry for entry in entries if "Recorded" in str(entry["request"]))
    content = result["response"]["content"]
    text: dict[str, Any] = json.loads(content["text"])
    del text["stream_key"]
    content["text"] = json.dumps(text | {"title": 7, "region": "eu"})
    recorded.write_text(json.dumps(har), "utf-8")


def test_capture_command_document_is_fetched_and_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with platform() as walk:
        assert main(["contract", "--diff", f"{walk.ready['http']}/openapi.json"]) == 0
        assert capsys.readouterr().out == "No differences.\n"
        # Another API's document has no operation in common with it.
        assert main(["contract", "--diff", f"{walk.ready['admin']}/openapi.json"]) == 1
        text = capsys.readouterr().out
        assert "POST /streams\n    missing there: the whole operation" in text
        assert "GET /_emulator/worlds\n    missing here: the whole operation" in text
        assert main(["contract", "--diff", f"{walk.ready['http']}/docs"]) == 2
        assert "is not JSON" in capsys.readouterr().err
        gone = f"{walk.ready['http']}/nowhere.json"
    assert main(["contract", "--diff", gone]) == 2
    assert "nowhere.json cannot be fetched" in capsys.readouterr().err
