"""Posting: one HTTP request to another server, and only to an allowed address.

A name is resolved once, and the connection goes to the address that was checked. Redirects are not
followed, since their targets were not checked.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from emulator.core.hosts import Allowed

_ANSWER_BYTES_MAX = 16 * 1024
_REPLY_BYTES_MAX = 300
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r\n")


class WebhookResponse(Struct, frozen=True):
    """The result of a post. `status` is None if there was no answer.

    `outcome` is the answer's text, or a sentence that says what failed.
    """

    status: int | None
    outcome: str


class _NotAllowed(Exception):
    pass


async def post(
    url: str, headers: Mapping[str, str], body: bytes, allowed: Allowed, timeout_ms: int
) -> WebhookResponse:
    """Post a body. Returns a `WebhookResponse` whatever the peer does; it never raises for that."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(timeout_ms / 1000):
            return await _exchange(parts, headers, body, allowed)
    except TimeoutError:
        return WebhookResponse(None, f"no answer within {timeout_ms / 1000:g} s")
    except _NotAllowed:
        return WebhookResponse(
            None, f"{parts.hostname} is not allowed: see the setting webhook_hosts"
        )
    except (OSError, UnicodeError) as error:
        return WebhookResponse(None, f"not reached: {error}")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return WebhookResponse(None, "the answer was not HTTP")


async def _exchange(
    parts: SplitResult, headers: Mapping[str, str], body: bytes, allowed: Allowed
) -> WebhookResponse:
    reader, writer = await _connect(parts, allowed)
    try:
        writer.write(_request(parts, headers, body))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        while head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):
            # An interim response comes before the final one (RFC 9110, 15.2).
            head = await reader.readuntil(b"\r\n\r\n")
        match = _STATUS_LINE.match(head)
        if match is None:
            return WebhookResponse(None, "the answer was not HTTP")
        text = await reader.read(_REPLY_BYTES_MAX)
        return WebhookResponse(int(match[1]), text.decode(errors="replace").strip())
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            await writer.wait_closed()


async def _connect(
    parts: SplitResult, allowed: Allowed
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the host's first address that is allowed and answers."""
    host = parts.hostname or ""
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(info[4][0]).partition("%")[0] for info in infos)
    judged = [
        address for address in addresses if allowed.allows(host, ipaddress.ip_address(address))
    ]
    if not judged:
        raise _NotAllowed
    context = ssl.create_default_context() if is_secure else None
    failure: OSError = OSError("it has no address")
    for address in judged:
        try:
            return await asyncio.open_connection(
                address,
                port,
                limit=_ANSWER_BYTES_MAX,
                ssl=context,
                server_hostname=host if is_secure else None,
            )
        except OSError as error:
            failure = error
    raise failure


def _request(parts: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    payload = {
        "Host": parts.netloc,
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in payload.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
