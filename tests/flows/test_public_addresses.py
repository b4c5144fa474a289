"""The addresses that a platform gives: from its settings, or with the host that the caller used."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator.core.errors import WrongSetting
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.shapes.addresses import CDN_NAME
from tests.support.tables import table

KEY = {"Authorization": "Bearer ak_demo"}
BEYOND = {"host": "0.0.0.0", "allow_host": "*"}


@asynccontextmanager
async def reached(**settings: Any) -> AsyncIterator[tuple[Emulator, httpx.AsyncClient]]:
    usual = {"data": ":memory:", "port": 0, "rtmp_port": 0, "rtmps_port": 0, "streams_per_user": 0}
    async with Emulator(Settings(**{**usual, **settings})) as emulator:
        transport = httpx.ASGITransport(emulator.app)
        async with httpx.AsyncClient(
            base_url=emulator.local["http"], transport=transport
        ) as client:
            yield emulator, client


async def stream(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    answer = await client.post(
        "/api/v1/streams/", json={"title": "Where"}, headers={**KEY, **headers}
    )
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def info(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    values: dict[str, Any] = (await client.get("/_emulator/info", headers=headers)).json()
    return values


async def test_public_addresses_beyond_loopback_have_the_host_of_each_caller() -> None:
    callers: list[tuple[dict[str, str], str]] = [
        ({"host": "emulator:18787"}, "http://emulator:18787"),
        ({"host": "[2001:db8::7]:8787"}, "http://[2001:db8::7]:8787"),
        ({"x-forwarded-host": "b.test", "x-forwarded-proto": "https"}, "https://b.test"),
    ]
    async with reached(**BEYOND) as (emulator, client):
        ports = {name: urlsplit(emulator.ready[name]).port for name in ("rtmp", "rtmps")}
        for headers, http in callers:
            values = await stream(client, **headers)
            payload = await info(client, **headers)
            me = (await client.get("/api/v1/auth/me", headers=KEY | headers)).json()

            host = urlsplit(http).netloc.removesuffix(f":{urlsplit(http).port}")
            assert values["hls_url"].startswith(f"{http}/{CDN_NAME}/")
            assert values["whip_url"].startswith(f"{http}/{CDN_NAME}/")
            assert values["rtmp_url"] == f"rtmp://{host}:{ports['rtmp']}/live" == payload["rtmp"]
            assert (
                values["rtmps_url"] == f"rtmps://{host}:{ports['rtmps']}/live" == payload["rtmps"]
            )
            assert (payload["http"], payload["admin"]) == (http, f"{http}/_emulator")
            assert payload["ws"] == http.replace("http", "ws", 1)
            assert me["avatar_url"].startswith(f"{http}/")


async def test_public_addresses_cached_responses_stay_with_their_caller() -> None:
    async with reached(**BEYOND) as (_, client):
        values = await stream(client)
        path = f"/api/v1/streams/id/{values['id']}"
        payloads = [
            (await client.get(path, headers={"host": "proxy", "x-forwarded-host": host})).json()
            for host in ("one.test", "one.test", "two.test")
        ]
    hosts = [urlsplit(item["hls_url"]).hostname for item in payloads]
    assert hosts == ["one.test", "one.test", "two.test"]


@table("host", ["127.0.0.1", "localhost", "::1"])
async def test_public_addresses_on_loopback_ignore_the_host_of_the_caller(
    host: str,
) -> None:
    async with reached(host=host) as (emulator, client):
        values = await stream(client, host="elsewhere.test", **{"x-forwarded-host": "b.test"})
    written = f"[{host}]" if ":" in host else host
    assert urlsplit(emulator.ready["http"]).netloc.startswith(f"{written}:")
    assert emulator.ready["ws"].startswith(f"ws://{written}:")
    for name in ("rtmp", "rtmps"):
        assert emulator.ready[name].startswith(f"{name}://{written}:")
        assert values[f"{name}_url"] == emulator.ready[name]
    assert values["hls_url"].startswith(emulator.ready["http"])


async def test_public_addresses_have_the_public_url_and_stay_reachable() -> None:
    public = {
        "public_url": "https://streams.example.org:8443/",
        "public_rtmp_url": "rtmp://ingest.example.org:21935",
    }
    async with reached(**BEYOND, **public) as (emulator, client):
        values = await stream(client, host="elsewhere.test")
        payload = await info(client, host="elsewhere.test")
        # Its own publisher connects directly.
        await client.post(f"/_emulator/streams/{values['id']}/publish", json={"protocol": "rtmp"})
        await client.delete(f"/_emulator/streams/{values['id']}/publish")
        listed = (await client.get("/_emulator/worlds")).json()["worlds"]

    assert emulator.settings.public_hosts == ("streams.example.org", "ingest.example.org")
    assert payload["http"] == emulator.ready["http"] == "https://streams.example.org:8443"
    assert payload["ws"] == "wss://streams.example.org:8443"
    assert values["hls_url"].startswith(f"https://streams.example.org:8443/{CDN_NAME}/")
    assert values["rtmp_url"] == "rtmp://ingest.example.org:21935/live" == payload["rtmp"]
    port = urlsplit(emulator.local["rtmps"]).port
    assert values["rtmps_url"] == f"rtmps://streams.example.org:{port}/live"
    assert emulator.local["http"].startswith("http://127.0.0.1:")
    assert [world["host"] for world in listed] == ["default.localhost:8443"]


async def test_public_addresses_media_base_precedes_all_media_addresses() -> None:
    settings = {**BEYOND, "media_base": "http://cdn.test/x/", "public_url": "http://api.test"}
    async with reached(**settings) as (_, client):
        values = await stream(client)
    assert values["hls_url"].startswith("http://cdn.test/x/")
    assert urlsplit(values["rtmp_url"]).hostname == "api.test"


@table("value", ["cdn.test", "http://cdn.test/x?y=1", "ftp://cdn.test"])
def test_public_addresses_media_base_is_a_url(value: str) -> None:
    with pytest.raises(WrongSetting, match="media_base"):
        Settings(media_base=value)


async def test_public_addresses_webhooks_have_one_address_for_everybody() -> None:
    async with reached(**BEYOND, webhook="http://127.0.0.1:9/") as (emulator, client):
        values = await stream(client, host="caller.test")
        deliveries: list[dict[str, Any]] = []
        while not deliveries:
            await asyncio.sleep(0)
            page = (await client.get("/_emulator/webhooks/deliveries")).json()
            deliveries = page["deliveries"]
    text = str(deliveries)
    assert values["hls_url"].startswith("http://caller.test/")
    assert "caller.test" not in text
    assert emulator.ready["http"] in text


@table(
    "host",
    [
        "api.ainative.studio",
        "embed.cloudflarestream.com",
        "iframe.cloudflarestream.com",
        "customer-f33zs165nr7gyfy4.cloudflarestream.com",
        "watch.cloudflarestream.com",
        "videodelivery.net",
    ],
)
async def test_public_addresses_hard_coded_hosts_are_served_as_the_root(host: str) -> None:
    async with reached() as (_, client):
        uid = (await stream(client, host=host))["cloudflare_stream_id"]
        for path in (f"/{uid}", f"/{uid}/iframe", f"/{uid}/lifecycle", "/embed/sdk.latest.js"):
            answer = await client.get(path, headers={"host": host, "origin": "https://app.test"})
            assert answer.status_code == 200, path
            assert answer.headers["access-control-allow-origin"] == "https://app.test"
        page = (await client.get(f"/{uid}", headers={"host": host})).text
        script = page.partition('type="module" src="')[2].partition('"')[0]
        assert (await client.get(script, headers={"host": host})).status_code == 200


async def test_public_addresses_certificate_names_the_configured_hosts(tmp_path: Path) -> None:
    async with reached(data=str(tmp_path), tls=True, tls_names="platform") as (emulator, _):
        trusted = ssl.create_default_context(cafile=emulator.ready["ca"])
        port = urlsplit(emulator.ready["http"]).port
        for name in ("api.ainative.studio", "embed.cloudflarestream.com", "videodelivery.net"):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusted, server_hostname=name
            )
            writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=trusted, server_hostname="example.org"
            )


async def test_public_addresses_of_answers_and_pages_have_two_spellings_and_no_redirect() -> None:
    async with reached(admin_token="geheim") as (_, client):
        token = {"authorization": "Bearer geheim"}
        uid = (await stream(client))["cloudflare_stream_id"]
        stands = [f"/{uid}/{name}" for name in ("lifecycle", "views", "watch", "iframe")]
        stands += [f"/{uid}/webRTC/play", f"/{CDN_NAME}/{uid}/views", "/docs", "/openapi.json"]
        stands += ["/_emulator/openapi.json", "/_emulator/health", "/_emulator/info"]
        for path in [*stands, "/_emulator", "/_emulator/site"]:
            # The pages of `/_emulator/` are public: their requests are not.
            headers = token if path.count("/") == 2 and path.startswith("/_emulator/") else {}
            answers = [await client.get(f"{path}{slash}", headers=headers) for slash in ("", "/")]
            codes = [answer.status_code for answer in answers]
            assert codes == [405 if path.endswith("play") else 200] * 2, path
        # A page's picture can be loaded from either address.
        page = (await client.get(f"/{uid}/watch/")).text
        assert 'data-base="../"' in page
        # Addresses in a playlist are relative to it, so a file has one address.
        for path in (f"/{uid}/manifest/video.m3u8/", "/embed/sdk.latest.js/", "/api/v1", "/v1"):
            assert (await client.get(path)).status_code == 404, path
