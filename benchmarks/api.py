"""Requests per second of some calls, compared with bare Starlette, `emulate` and Prism, by `wrk`.

Each read has a different query, so that no answer can be reused.
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.contest import emulate, ours, prism
from benchmarks.contest.process import Missing, await_port, free_ports, running
from benchmarks.table import Section

_ROUNDS = 3
_SECONDS = 3
_CONNECTIONS = 32
_SHARE_MIN = 0.35
# Requests per hour with one token.
_EMULATE_LIMIT = 5_000


@dataclass(frozen=True)
class Call:
    """A measured call. `body` makes it a POST."""

    name: str
    url: str
    key: str = ""
    body: str = ""
    # The number of requests after which another token is used: a peer's rate limit counts by token.
    token_requests: int = 0

    @property
    def label(self) -> str:
        return f"`{self.name}`"


@dataclass
class Figures:
    """Requests per second and the 99th percentile in milliseconds, a value per round."""

    per_second: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


def measure() -> Section:
    """Measure every call alternately with its peers and with a constant answer of the same size."""
    if shutil.which("wrk") is None:
        raise Missing("wrk is missing; Debian's package wrk has it.")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        calls = _our_calls(stack, folder)
        peers, notes = _peers(stack, folder, calls)
        rows: list[tuple[str, ...]] = [
            ("call", "requests a second", "p99", "bare Starlette", "share of bare", "best peer")
        ]
        bars = []
        for call in calls:
            size = len(_content(call))
            with _constant(folder, size) as bare_url:
                contestants = {"ours": call, "bare": Call("bare", bare_url, body=call.body)}
                contestants |= {peer.name: peer for peer in peers.get(call.name, [])}
                payload = _contest(contestants)
            rate = {
                name: statistics.median(figures.per_second) for name, figures in payload.items()
            }
            share = rate["ours"] / rate["bare"]
            best = max(
                (value for name, value in rate.items() if name not in ("ours", "bare")), default=0.0
            )
            rows.append(
                (
                    f"{call.label} ({size:,} bytes)",
                    f"{rate['ours']:,.0f}",
                    f"{statistics.median(payload['ours'].p99_ms):.1f} ms",
                    f"{rate['bare']:,.0f}",
                    f"{share:.2f}",
                    f"{best:,.0f}" if best else "",
                )
            )
            if not call.body and "search" not in call.name:
                bars.append((f"{call.label}: at least {_SHARE_MIN:g} of bare", share >= _SHARE_MIN))
            if best:
                bars.append((f"{call.label}: ahead of both peers", rate["ours"] > best))
    return Section(
        title="API",
        rows=rows,
        bars=bars,
        notes=[
            f"{_ROUNDS} alternating rounds of {_SECONDS} s, {_CONNECTIONS} connections, one "
            "process each; wrk runs on the same machine. Each read has a different query.",
            *notes,
        ],
        packages=("starlette", "uvicorn", "uvloop", "pydantic"),
    )


def _our_calls(stack: ExitStack, folder: Path) -> list[Call]:
    """Our calls, on the seeded platform with one more stream, which has a chat message."""
    emulator = stack.enter_context(
        ours.serving(
            folder, LIVE_EMULATOR_CHAT_LINES_PER_MINUTE="0", LIVE_EMULATOR_CHAT_REPEATS_MAX="0"
        )
    )
    stream = emulator.stream()
    base = f"{emulator.http}/api/v1"
    line = json.dumps({"content": "Hello, chat!"})
    return [
        Call("GET /streams/", f"{base}/streams/"),
        Call("GET /streams/id/{stream_id}", f"{base}/streams/id/{stream.id}"),
        Call("GET /streams/search?query=python", f"{base}/streams/search?query=python"),
        Call("GET /auth/me", f"{base}/auth/me", stream.api_key),
        Call(
            "POST /streams/{stream_id}/chat",
            f"{base}/streams/{stream.id}/chat",
            stream.api_key,
            line,
        ),
    ]


def _peers(
    stack: ExitStack, folder: Path, calls: list[Call]
) -> tuple[dict[str, list[Call]], list[str]]:
    """Each peer's call that is most like each of ours, and notes about the peers."""
    values: dict[str, list[Call]] = {call.name: [] for call in calls}
    notes = []
    lists, one, search, account, chat = (call.name for call in calls)
    try:
        peer = stack.enter_context(emulate.serving(folder))
        tokens = _EMULATE_LIMIT - 1_000
        values[lists].append(Call("emulate", peer.repositories, token_requests=tokens))
        values[one].append(Call("emulate", peer.user, token_requests=tokens))
        values[account].append(Call("emulate", peer.user, token_requests=tokens))
        notes.append(
            f"emulate {peer.version}: a user's repositories (5,111 bytes), and one user. After "
            f"{_EMULATE_LIMIT:,} requests with one token it would answer 403, which is "
            "cheaper, so the token is changed before that."
        )
    except Missing as missing:
        notes.append(f"Not compared with emulate: {missing}")
    try:
        mock = stack.enter_context(prism.serving(folder))
        uuid = "6f1e9c52-8d0b-4f6e-9a57-3c2f1f0a7d11"
        values[lists].append(Call("Prism", f"{mock.base}/streams"))
        values[one].append(Call("Prism", f"{mock.base}/streams/id/{uuid}"))
        values[search].append(Call("Prism", f"{mock.base}/streams/search?query=python"))
        values[chat].append(Call("Prism", f"{mock.base}/streams/{uuid}/chat", "x", calls[-1].body))
        notes.append(f"Prism {mock.version}: our own document's examples.")
    except Missing as missing:
        notes.append(f"Not compared with Prism: {missing}")
    return values, notes


def _contest(contestants: dict[str, Call]) -> dict[str, Figures]:
    payload = {name: Figures() for name in contestants}
    for _ in range(_ROUNDS):
        for name, call in contestants.items():
            per_second, p99_ms = _wrk(call)
            payload[name].per_second.append(per_second)
            payload[name].p99_ms.append(p99_ms)
    return payload


def _wrk(call: Call) -> tuple[float, float]:
    """Run wrk once. Raises where an answer was not a success."""
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", "--latency", "--timeout", "10s"]
    if call.key:
        command += ["-H", f"Authorization: Bearer {call.key}"]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(call))
        script.flush()
        command += ["-s", script.name]
        text = subprocess.run(
            [*command, call.url], capture_output=True, text=True, check=True
        ).stdout
    # Slow answers are a valid figure of a peer, but a failure of ours and of bare Starlette.
    is_peer = call.name in ("emulate", "Prism")
    if "Non-2xx" in text and call.token_requests:
        raise RuntimeError(f"{call.name} refused: {text}")
    if ("Non-2xx" in text or "Socket errors" in text) and not is_peer:
        raise RuntimeError(f"{call.name}: {text}")
    rate = _matched(r"Requests/sec:\s+([\d.]+)", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if p99 is None:
        raise RuntimeError(f"wrk said no percentile: {text}")
    return rate, float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]


def _script(call: Call) -> str:
    lines = []
    if call.body:
        lines += ['wrk.method = "POST"', f"wrk.body = {json.dumps(call.body)}"]
        lines.append('wrk.headers["Content-Type"] = "application/json"')
    url = urlsplit(call.url)
    path = json.dumps(f"{url.path}?{url.query}" if url.query else url.path)
    if not call.body:
        path += f" .. {json.dumps('&n=' if url.query else '?n=')} .. number"
    headers = "nil"
    if call.token_requests:
        # A number that only this round has.
        token = f'"Bearer " .. os.time() .. "-" .. math.floor(number / {call.token_requests})'
        headers = f'{{["Authorization"] = {token}}}'
    if not call.body:
        lines.append("local number = 0")
        lines.append(
            f"function request() number = number + 1; return wrk.format(nil, {path}, {headers}) end"
        )
    return "\n".join(lines)


def _matched(pattern: str, text: str) -> float:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"wrk said something else: {text}")
    return float(match[1])


def _content(call: Call) -> bytes:
    headers = {"Content-Type": "application/json"}
    if call.key:
        headers["Authorization"] = f"Bearer {call.key}"
    data = call.body.encode() or None
    request = urllib.request.Request(call.url, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
    return content


@contextmanager
def _constant(folder: Path, size: int) -> Iterator[str]:
    (port,) = free_ports(1)
    log = folder / "bare.log"
    peer = str(Path(__file__).with_name("api_peer.py"))
    with running([sys.executable, peer, str(port), str(size)], log) as process:
        await_port(process, port, log)
        yield f"http://127.0.0.1:{port}/"


if __name__ == "__main__":
    print(measure().markdown())
