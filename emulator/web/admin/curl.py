"""Curl: a logged request as a command that sends it again, for any POSIX shell."""

import json
import shlex
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from emulator.platform.request_log import LoggedRequest
from emulator.web.http.excerpt import CUT, STRUCK_OUT, excerpt_headers
from emulator.web.http.replay import shown_credential
from emulator.world.world import DEFAULT, World

_WORLD = "x-emulator-world"
# Headers that are specific to the client, or replaced: curl sets its own, and the key is the
# user's.
_NOT_SHOWN = (
    *("host", "connection", "content-length", "transfer-encoding", "expect", "te", "upgrade"),
    *("accept-encoding", "accept-language", "user-agent", "authorization", "x-api-key", "cookie"),
    *("referer", "dnt", "priority", "pragma", "cache-control", "keep-alive", _WORLD),
)


class CurlLine(Struct, frozen=True):
    """A command. `notes` say what it lacks: secrets are not shown, and long bodies are cut."""

    line: str
    notes: list[str]


def curl_line(world: World, entry: LoggedRequest, http: str, ca: str) -> CurlLine:
    """Return the command for a server at `http`, whose certificate `ca` has signed."""
    notes: list[str] = []
    words = ["curl", *_method(entry), f"{http}{_target(entry)}"]
    if ca:
        words += ["--cacert", ca]
    headers = _headers(world, entry, notes)
    body = _body(entry, notes)
    if body and not any(header.startswith("content-type:") for header in headers):
        headers.append("content-type: application/json")
    for header in headers:
        words += ["-H", header]
    if body:
        words += ["--data-raw", body]
    if STRUCK_OUT in _target(entry):
        notes.append(f"The address contains a secret: replace {STRUCK_OUT} by it.")
    return CurlLine(" ".join(map(shlex.quote, words)), notes)


def _method(entry: LoggedRequest) -> list[str]:
    if entry.method in ("GET", "HEAD"):
        return ["--head"] if entry.method == "HEAD" else []
    return ["-X", entry.method]


def _target(entry: LoggedRequest) -> str:
    """Return the path and query, exactly as sent unless they contain a secret."""
    sent, query = entry.sent, urlencode(entry.query, safe=STRUCK_OUT)
    shown = quote(entry.path, safe="/*:@!$&'()+,;=~") + (f"?{query}" if query else "")
    if sent is None or STRUCK_OUT in shown or CUT in f"{entry.path}{entry.query}":
        return shown
    text = sent.path.decode("latin-1")
    return f"{text}?{sent.query.decode('latin-1')}" if sent.query else text


def _headers(world: World, entry: LoggedRequest, notes: list[str]) -> list[str]:
    values = {
        name: value
        for name, value in excerpt_headers(entry.headers).items()
        if name not in _NOT_SHOWN and not name.startswith(("sec-", "x-forwarded-"))
    }
    if values.get("accept") == "*/*":
        del values["accept"]
    credential = shown_credential(world, entry)
    lines = [f"{name}: {value}" for name, value in values.items()]
    if credential:
        lines.insert(0, ": ".join(credential))
    if world.name != DEFAULT and not (credential and credential[1].endswith(f"@{world.name}")):
        lines.append(f"X-Emulator-World: {world.name}")
    if entry.credential == "valid" and credential and STRUCK_OUT in credential[1]:
        notes.append(f"{entry.user or 'The caller'} has no API key: replace *** by a token.")
    if any(STRUCK_OUT in value for value in values.values()):
        notes.append(f"A header contains a secret: replace {STRUCK_OUT} by it.")
    return lines


def _body(entry: LoggedRequest, notes: list[str]) -> str:
    """Return the body exactly as sent if the log shows all of it; else what the log shows."""
    sent = entry.sent
    if entry.body is None:
        if sent is None or sent.body is None:
            notes.append("The body is not in the log: it was a file, or too long.")
        elif sent.body.strip() not in (b"", b"null"):
            notes.append("The body is not shown because it was not JSON.")
        return ""
    if sent is not None and sent.body and _is_whole(sent.body, entry.body):
        return sent.body.decode()
    text = json.dumps(entry.body, ensure_ascii=False)
    if STRUCK_OUT in text:
        notes.append(f"The body contains a secret: replace {STRUCK_OUT} by it.")
    if CUT in text:
        notes.append(f"The body was too long: {CUT} marks what was cut.")
    return text


def _is_whole(body: bytes, shown: Any) -> bool:
    try:
        return bool(json.loads(body) == shown)
    except ValueError:
        return False
