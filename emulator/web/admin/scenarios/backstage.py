"""Backstage: what a scenario's run needs of the server that it plays on."""

import asyncio
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from emulator.scenario.stage import Answer, Server
from emulator.web.platform import Platform
from emulator.world.people import accounts
from emulator.world.world import DEFAULT

_TIMEOUT_SECONDS = 60
_BODY_BYTES_MAX = 8 * 2**20


def server_of(platform: Platform) -> Server:
    """The server, as a run in this platform's world meets it."""
    ready = platform.ready

    async def request(method: str, path: str, user: str | None, body: Any) -> Answer:
        headers = {"X-Emulator-World": platform.world.name, "Accept": "application/json"}
        if user is not None:
            headers["Authorization"] = f"Bearer {_key(platform, user)}"
        address = str(ready["http"]) + path
        # As from outside: over a socket, in a thread, while this loop answers it.
        return await asyncio.to_thread(
            _ask, method, address, headers, body, str(ready.get("ca") or "")
        )

    return Server(
        http=str(ready.get("http", "")),
        ws=str(ready.get("ws", "")),
        rtmp=platform.addresses.rtmp,
        rtmps=platform.addresses.rtmps,
        media=platform.addresses.media,
        ca=str(ready.get("ca") or ""),
        key_of=lambda username: _key(platform, username),
        request=request if ready else None,
        snapshot=lambda name: _save(platform, name),
    )


def _key(platform: Platform, username: str) -> str:
    """An API key of somebody, which may have to be made."""
    world = platform.world
    row = accounts.by_username(world, username).row
    found = world.store.row("SELECT key FROM api_keys WHERE user_row = ? ORDER BY key", row)
    key = found["key"] if found else f"{accounts.AUTO_KEY_PREFIX}{username}"
    return key if world.name == DEFAULT else f"{key}@{world.name}"


def _save(platform: Platform, name: str) -> None:
    platform.worlds.save(platform, name)


def _ask(method: str, address: str, headers: dict[str, str], body: Any, ca: str) -> Answer:
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers = {**headers, "Content-Type": "application/json"}
    request = urllib.request.Request(address, content, headers, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    if address.startswith("https:"):
        context = ssl.create_default_context(cafile=ca or None)
        opener.add_handler(urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return _answer(answer.status, answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _answer(refusal.code, refusal)
    except (urllib.error.URLError, OSError) as failure:
        # An answer that was cut or never came is an answer too, for whoever breaks the API.
        return Answer(0, str(getattr(failure, "reason", failure)))


def _answer(status: int, answer: Any) -> Answer:
    content = answer.read(_BODY_BYTES_MAX)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        return Answer(status, json.loads(content) if content else None, headers)
    except ValueError:
        return Answer(status, content.decode(errors="replace"), headers)
