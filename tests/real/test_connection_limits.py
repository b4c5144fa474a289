"""Too many connections, and no free file handles: the emulator continues to work."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.live_server import until

SETTINGS = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, http_connections_max=3)


@pytest.mark.parametrize("http", ["uvicorn", "hypercorn"])
async def test_connection_limits_connections_beyond_the_bound_are_refused(http: str) -> None:
    async with Emulator(SETTINGS.changed(http=http)) as emulator:
        where = urlsplit(emulator.ready["http"])
        health = b"GET /_emulator/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        opened = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(health)
            assert b"200" in await reader.readline()
            opened.append(writer)
        # When the limit of connections is reached, then the next one is refused,
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        with contextlib.suppress(ConnectionError):
            assert b" 200 " not in await reader.readline()
        writer.close()
        # and accepted as soon as one has left.
        opened.pop().close()
        async with httpx.AsyncClient(base_url=emulator.ready["http"]) as client:
            while True:
                try:
                    if (await client.get("/_emulator/health")).status_code == 200:
                        break
                except httpx.HTTPError:
                    await asyncio.sleep(0.01)
        for writer in opened:
            writer.close()


LOW = 90
SERVE = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({LOW}, {LOW}))
from emulator.cli import main
sys.exit(main(["serve", "--data", ":memory:", "--port", "0", "--rtmp-port", "0",
    "--rtmps-port", "0", "--json"]))
"""


def test_serve_without_file_handles_recovers_when_some_are_free() -> None:
    # Given a server that may open few files,
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        ports = [urlsplit(ready[name]).port for name in ("http", "rtmp", "rtmps")]

        # when clients use up all of them at once, while it still imports modules,
        with ExitStack() as stack:
            for number in range(3 * LOW):
                with contextlib.suppress(OSError):
                    address = ("127.0.0.1", ports[number % 3])
                    stack.enter_context(socket.create_connection(address, 0.2))

            # (its log says so)
            assert server.stderr is not None
            assert any("out of file handles limit=90" in line for line in server.stderr)

        # then it serves as before once they have left, including what it has to import for that.
        def answers() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                headers = {"Authorization": "Bearer ak_demo"}
                address = f"{ready['http']}/api/v1/streams/"
                response = httpx.post(address, json={"title": "A"}, headers=headers)
                return response.status_code in (201, 409)
            return False

        until(answers, "a stream is made")
        assert server.poll() is None
    finally:
        server.send_signal(signal.SIGTERM)
        _, text = server.communicate(timeout=60)
    assert server.returncode == 0, text
    assert "file handles" not in text  # The log says it once.
    assert "Traceback" not in text
