"""Scenario server: the functions of the server that a scenario's run needs."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from emulator import http_client
from emulator.core.errors import Refused
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.recording.uploads.queue import UploadQueue
from emulator.platform import snapshots
from emulator.platform.platform import Platform
from emulator.platform.request_log import LoggedRequest
from emulator.scenario.engine.run import HttpResponse, Server
from emulator.world.people import accounts
from emulator.world.video import jobs
from emulator.world.video.media import VideoFootage
from emulator.world.world import DEFAULT

_TIMEOUT_SECONDS = 60
# The user agent of a scenario's own requests, players and chat sockets.
_AGENT = "live-emulator scenario"
_BODY_BYTES_MAX = 8 * 2**20


def server_of(platform: Platform) -> Server:
    """The server, as a run in this platform's world uses it."""
    ready, local = platform.ready, platform.shared.local

    async def request(method: str, path: str, user: str | None, body: Any) -> HttpResponse:
        headers = {
            "X-Emulator-World": platform.world.name,
            "Accept": "application/json",
            "User-Agent": _AGENT,
        }
        if user is not None:
            headers["Authorization"] = f"Bearer {_key(platform, user)}"
        address = local.http + path
        # Like an app's request: over a socket, in a thread, while this loop answers it.
        return await asyncio.to_thread(
            _ask, method, address, headers, body, str(ready.get("ca") or "")
        )

    log = platform.shared.requests
    began_seq = log.last_seq

    def requests() -> list[dict[str, Any]]:
        """The world's requests since the run began; `from` marks those of the scenario itself."""
        entries, _ = log.find(
            lambda entry: entry.world == platform.world.name, after=began_seq, count=sys.maxsize - 1
        )
        return [_request(entry) for entry in entries]

    return Server(
        http=local.http,
        ws=local.ready()["ws"],
        rtmp=local.rtmp,
        rtmps=local.rtmps,
        media=local.media,
        ca=str(ready.get("ca") or ""),
        key_of=lambda username: _key(platform, username),
        request=request if ready else None,
        requests=requests,
        is_publishing=lambda stream_id: bool(
            platform.service(Broadcasts).health(stream_id)["is_publishing"]
        ),
        snapshot=lambda name: snapshots.save(platform, name),
        upload=lambda username, path, title: _upload(platform, username, path, title),
    )


def _request(entry: LoggedRequest) -> dict[str, Any]:
    return {
        "method": entry.method,
        "path": entry.path,
        "operation": entry.operation,
        "status": entry.status,
        "user": entry.user,
        "from": "scenario" if entry.user_agent.startswith(_AGENT) else "app",
    }


def _key(platform: Platform, username: str) -> str:
    """An API key of a user, which is made if there is none."""
    world = platform.world
    row = accounts.by_username(world, username).pk
    record = world.store.row("SELECT key FROM api_keys WHERE user_row = ? ORDER BY key", row)
    key = record["key"] if record else f"{accounts.AUTO_KEY_PREFIX}{username}"
    return key if world.name == DEFAULT else f"{key}@{world.name}"


async def _upload(platform: Platform, username: str, path: Path, title: str) -> str:
    """Store a film as a user's upload, as the API does with a form's file."""
    world, upload_queue = platform.world, platform.service(UploadQueue)
    name = path.name
    with await asyncio.to_thread(path.open, "rb") as film:
        size = film.seek(0, os.SEEK_END)
        uid, probed = await upload_queue.receive(film, name)
    footage = VideoFootage(
        uid=uid,
        form=probed.form,
        width=probed.width,
        height=probed.height,
        duration_ms=round(probed.seconds * 1000),
        file_bytes=size,
        name=name,
    )
    try:
        owner = accounts.by_username(world, username)
        return jobs.upload(world, owner, {"title": title}, footage).uid
    except Refused:
        await upload_queue.discard(uid)
        raise


def _ask(method: str, address: str, headers: dict[str, str], body: Any, ca: str) -> HttpResponse:
    try:
        answer = http_client.ask(
            method,
            address,
            headers,
            body,
            ca=ca,
            timeout_seconds=_TIMEOUT_SECONDS,
            bytes_max=_BODY_BYTES_MAX,
        )
    except OSError as failure:
        # With an injected fault, an answer that was cut or never came is a result, too.
        return HttpResponse(0, str(getattr(failure, "reason", failure)))
    names = {name.lower(): value for name, value in answer.headers.items()}
    return HttpResponse(answer.status, answer.content, names)
