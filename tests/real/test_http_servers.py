"""Each HTTP server with real clients: REST, chat and low latency HLS in every HTTP version."""

import asyncio
import json
import logging
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as chat

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.browser import Chromium
from tests.support.docs import PROJECT, commands
from tests.support.encoders import address_of, pushing
from tests.support.hls.text import parse
from tests.support.http3 import http3
from tests.support.live_server import child
from tests.support.required_programs import need

PAGE = PROJECT / "docs/reference/http.md"

KEY = {"Authorization": "Bearer ak_demo"}
CHAT = """(path) => {
  const chat = new WebSocket(`wss://${location.host}/api/v1/streams/${path}`);
  Object.assign(window, { chat, heard: "", code: 0 });
  chat.onopen = () => chat.send(JSON.stringify({ type: "message", content: "good evening" }));
  chat.onmessage = ({ data }) => { window.heard += data; };
  chat.onclose = ({ code }) => { window.code = code; };
}"""
# Server, with or without TLS, and the client's HTTP version.
WAYS = [
    ("uvicorn", True, "HTTP/1.1"),
    ("hypercorn", False, "HTTP/1.1"),
    ("hypercorn", False, "HTTP/2"),
    ("hypercorn", True, "HTTP/2"),
]


def settings(http: str, tls: bool) -> Settings:
    return Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, http=http, tls=tls)


def trusted(emulator: Emulator) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=emulator.ready["ca"])


def client_of(emulator: Emulator, version: str) -> httpx.AsyncClient:
    is_2 = version == "HTTP/2"
    return httpx.AsyncClient(
        base_url=emulator.ready["http"],
        http1=not is_2,
        http2=is_2,
        verify=trusted(emulator) if emulator.settings.tls else True,
        timeout=30,
    )


def chat_of(emulator: Emulator, stream: dict[str, Any]) -> connect:
    address = f"{emulator.ready['ws']}/api/v1/streams/{stream['id']}/chat/ws?token=ak_demo"
    return connect(address, ssl=trusted(emulator) if emulator.settings.tls else None)


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]} {'TLS ' * way[1]}{way[2]}")
def way(request: pytest.FixtureRequest) -> tuple[str, bool, str]:
    param: tuple[str, bool, str] = request.param
    return param


@pytest.fixture
async def emulator(way: tuple[str, bool, str]) -> AsyncIterator[Emulator]:
    async with Emulator(settings(*way[:2])) as emulator:
        yield emulator


async def test_http_servers_serve_equal_rest_and_chat(
    emulator: Emulator, way: tuple[str, bool, str]
) -> None:
    async with client_of(emulator, way[2]) as client:
        # A body that is read, one that no handler reads, and none,
        response = await client.post("/api/v1/streams/", json={"title": "Tea"}, headers=KEY)
        assert (response.status_code, response.http_version) == (201, way[2])
        stream = response.json()
        unread = await client.post("/api/v1/users/me", content=b"x" * 100_000)
        assert unread.status_code >= 400
        head = await client.head(f"/api/v1/streams/id/{stream['id']}")
        assert head.content == b""

        # errors in the platform's shape,
        refused = await client.post("/api/v1/streams/", json={"title": ""}, headers=KEY)
        assert refused.status_code == 422
        assert refused.headers["x-trace-id"] == refused.json()["traceId"]
        missing = await client.get("/api/v1/nothing", headers={"Origin": "http://a.test"})
        assert missing.status_code == 404
        assert missing.headers["access-control-allow-origin"] == "http://a.test"

        # and a chat message that is delivered and stored.
        async with chat_of(emulator, stream) as chat:
            await chat.send(json.dumps({"type": "message", "content": "good evening"}))
            async with asyncio.timeout(30):
                while "good evening" not in str(await chat.recv()):
                    pass
        lines = await client.get(f"/api/v1/streams/{stream['id']}/chat", headers=KEY)
        assert "good evening" in lines.text


async def test_http_servers_serve_equal_low_latency_hls(
    emulator: Emulator, way: tuple[str, bool, str]
) -> None:
    async with client_of(emulator, way[2]) as client:
        result = (await client.post("/api/v1/streams/", json={"title": "Tea"}, headers=KEY)).json()
        with pushing(address_of(result)):
            # Given a live stream's playlist, gzipped,
            playlists = result["playback_url"].replace("video.m3u8", "llhls.m3u8")
            await client.get(f"{result['playback']['llhls']}&wait=1")
            second = f"{playlists}?_HLS_msn=1&_HLS_part=0"
            seen = await client.get(second, headers={"Accept-Encoding": "gzip"})
            assert seen.headers["content-encoding"] == "gzip"
            now = parse(seen.text)
            assert now.open is not None

            # blocking reloads and hinted parts are answered when the part is complete,
            msn, part = now.open.msn, len(now.open.parts)
            hinted = seen.text.rpartition('TYPE=PART,URI="../')[2].partition('"')[0]
            address = playlists.replace("manifest/llhls.m3u8", hinted)
            reload, early = await asyncio.gather(
                client.get(f"{playlists}?_HLS_msn={msn}&_HLS_part={part}"), client.get(address)
            )
            assert hinted in reload.text
            assert hinted not in seen.text.partition("#EXT-X-PRELOAD-HINT")[0]
            assert early.status_code == 200

            # and so are a range, a HEAD request, and requests for what is missing.
            some = await client.get(address, headers={"Range": "bytes=4-7"})
            assert (some.status_code, some.content) == (206, early.content[4:8])
            head = await client.head(address)
            assert int(head.headers["content-length"]) == len(early.content)
            assert (await client.get(f"{playlists}?_HLS_msn={msn + 99}")).status_code == 400


async def test_http_servers_over_http_2_chromium_plays_low_latency_hls_and_chats(
    chromium: Chromium,
) -> None:
    async with Emulator(settings("hypercorn", True)) as emulator:
        # Given a page that was loaded over HTTP/2,
        async with client_of(emulator, "HTTP/2") as client:
            response = await client.post("/api/v1/streams/", json={"title": "Tea"}, headers=KEY)
        stream = response.json()
        address = f"{emulator.ready['http']}/{stream['cloudflare_stream_id']}/watch?mode=llhls"
        with pushing(address_of(stream)):
            tab = await chromium.open(address, trusts_any=True)
            await tab.until("player.state === 'live'")
            await tab.until_frames_follow()
            assert await tab.player("mode") == "llhls"

            # its playlists and parts come over it too,
            protocols = await tab.page.evaluate(
                "performance.getEntriesByType('resource')"
                ".filter((each) => /llhls|part-/.test(each.name) && each.responseStatus === 200)"
                ".map((each) => each.nextHopProtocol)"
            )
            assert len(protocols) > 5
            assert set(protocols) == {"h2"}

            # and a chat socket delivers messages, and the reason of its end.
            await tab.page.evaluate(CHAT, f"{stream['id']}/chat/ws?token=ak_demo")
            await tab.page.wait_for_function("() => window.heard.includes('good evening')")
            await tab.until_frames_follow()
            # The connection stays open after the chat.
            await tab.page.evaluate("window.chat.send('x'.repeat(20000))")
            await tab.page.wait_for_function("() => window.code === 1009")
            await tab.until_frames_follow()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("http", ["uvicorn", "hypercorn"])
async def test_http_servers_stop_closes_clients_and_waits_for_none(http: str, tls: bool) -> None:
    emulator = Emulator(settings(http, tls))
    async with emulator, client_of(emulator, "HTTP/1.1") as client:
        # Given a chat, an event stream that never ends, and an idle connection,
        response = await client.post("/api/v1/streams/", json={"title": "Tea"}, headers=KEY)
        kind = {"Accept": "text/event-stream"}
        async with chat_of(emulator, response.json()) as chat:
            async with client.stream("GET", "/_emulator/events", headers=kind) as events:
                assert events.status_code == 200
                # when the emulator stops, each of them is closed,
                async with asyncio.timeout(20):
                    await emulator.__aexit__(None, None, None)
                    with suppress(httpx.HTTPError):
                        await anext(events.aiter_raw(), b"")
            # and the chat gets the reason.
            await chat.wait_closed()
            assert chat.close_code == 1001


async def test_http_servers_over_http_3_are_offered_and_respond(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Emulator(settings("hypercorn", True)) as emulator:
        # Given the HTTP/3 address that the answers over HTTP/2 name,
        async with client_of(emulator, "HTTP/2") as client:
            text = (await client.get("/_emulator/health")).headers["alt-svc"]
        port = urlsplit(emulator.ready["http"]).port
        assert text == f'h3=":{port}"; ma=3600'

        # the server answers there, also requests whose body no handler reads,
        async with http3(emulator.ready["http"], emulator.ready["ca"]) as connection:
            # (one client has cancelled an endless answer)
            kind = {"accept": "text/event-stream"}
            await connection.ask_and_leave("/_emulator/events", kind)
            body = json.dumps({"title": "Tea"}).encode()
            response = await connection.ask(
                "POST", "/api/v1/streams/", {"authorization": "Bearer ak_demo"}, body
            )
            assert response.status == 201
            unread = await connection.ask("POST", "/api/v1/users/me", body=b"x" * 100_000)
            assert unread.status >= 400
            # a blocking reload and a hinted part;
            stream = json.loads(response.body)
            playlists = urlsplit(stream["playback_url"]).path.replace("video", "llhls")
            with pushing(address_of(stream)):
                await connection.ask("GET", f"{playlists}?wait=1")
                second = f"{playlists}?_HLS_msn=1&_HLS_part=0"
                now = parse((await connection.ask("GET", second)).body.decode())
                assert now.open is not None
                asked = f"_HLS_msn={now.open.msn}&_HLS_part={len(now.open.parts)}"
                hinted = now.attributes("EXT-X-PRELOAD-HINT")["URI"].removeprefix("../")
                path = playlists.replace("manifest/llhls.m3u8", hinted)
                reload, part = await asyncio.gather(
                    connection.ask("GET", f"{playlists}?{asked}"), connection.ask("GET", path)
                )
                assert hinted in reload.body.decode()
                assert part.body[4:8] == b"moof"

            # a connection that breaks does not affect the others,
            async with http3(emulator.ready["http"], emulator.ready["ca"]) as other:
                asking = asyncio.create_task(other.ask("GET", "/\u00e9"))
                await asyncio.wait({asking}, timeout=0.1)
                answer = await connection.ask("GET", f"/api/v1/streams/id/{stream['id']}")
                assert answer.status == 200
                asking.cancel()

            # and the end of the server closes them.
            await emulator.__aexit__(None, None, None)
            async with asyncio.timeout(10):
                await connection.is_over.wait()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("http", ["uvicorn", "hypercorn"])
async def test_http_servers_client_hang_up_in_mid_request_is_no_error(
    http: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun = (
        b"POST /api/v1/streams/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_demo\r\n"
        b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"ti'
    )
    async with Emulator(settings(http, False)) as emulator:
        where = urlsplit(emulator.ready["http"])
        for sent in (begun, b"\x00\xffnonsense\r\n\r\n", b"GET / HT"):
            _, writer = await asyncio.open_connection(where.hostname, where.port)
            writer.write(sent)
            await writer.drain()
            writer.close()
        async with client_of(emulator, "HTTP/1.1") as client:
            assert (await client.get("/api/v1/streams/")).status_code == 200

    assert [line.getMessage() for line in caplog.records if line.levelno > logging.WARNING] == []


async def test_http_servers_occupied_udp_port_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        # Find a UDP port: one that is free for TCP.
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        taken.bind(("127.0.0.1", port))
        config = Settings(
            data=":memory:", port=port, rtmp_port=0, rtmps_port=0, http="hypercorn", tls=True
        )
        with pytest.raises(OSError, match=f"UDP port {port}, which HTTP/3 needs"):
            await Emulator(config).__aenter__()


def test_http_servers_commands_of_the_page_work_and_no_token_is_logged(tmp_path: Path) -> None:
    # Given the server of the page,
    serve, curl, _ = (shown.line for shown in commands(PAGE))
    options = serve.removeprefix("live-emulator serve ").split()
    with child(tmp_path / "data", *options) as server:
        ready = server.walk().ready
        # when it gets the page's requests, and chats with a valid and an invalid token,
        line = curl.replace("CA_FILE", ready["ca"]).replace("https://127.0.0.1:8787", ready["http"])
        process = subprocess.run(
            [need("curl"), "-sS", "-w", "%{http_version}", *line.split()[1:]],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert process.stdout.endswith("2")
        trust = ssl.create_default_context(cafile=ready["ca"])
        response = httpx.post(
            f"{ready['http']}/api/v1/streams/",
            json={"title": "Tea"},
            headers=KEY,
            verify=trust,
            timeout=60,
        )
        for token in ("ak_demo", "ak_nobody"):
            address = f"{ready['ws']}/api/v1/streams/{response.json()['id']}/chat/ws?token={token}"
            with chat(address, ssl=trust, open_timeout=30) as reader, suppress(ConnectionClosed):
                reader.send("[" * 20_000)
                while True:
                    reader.recv(timeout=30)

        # then it ends in good order, and its log has neither token.
        server.process.terminate()
        assert server.process.wait(30) == 0
        log = server.said()
        assert "ak_demo" not in log
        assert "ak_nobody" not in log
