"""Misbehaving WebRTC peers: each is closed, and no other client is affected."""

import asyncio
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aioice
import httpx
import pytest

from emulator import server
from emulator.media.webrtc.client.player import Player
from emulator.media.webrtc.peers import Peers
from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.encoders import address_of, film, play, pushing
from tests.support.leaks import Held, codecs_at_work
from tests.support.live_server import PATIENCE_SECONDS, Walk, until
from tests.support.sdp_offers import browser_offer
from tests.support.webrtc import SDP, Session, ask, post_offer, publishing, send, watching

OFFER = browser_offer()
CONNECTING_MAX, VIEWERS, OFFERS = 5, 20, 300
# Three viewers that watch until they are killed.
WATCHERS = """
import asyncio, sys
from emulator.media.webrtc.client.player import Player

async def main():
    players = [Player(sys.argv[1], f"viewer {number}", "") for number in range(3)]
    await asyncio.gather(*(player.open() for player in players))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def emulating(**settings: Any) -> Iterator[tuple[Walk, Emulator]]:
    usual: dict[str, Any] = {
        "data": ":memory:",
        "port": 0,
        "rtmp_port": 0,
        "rtmps_port": 0,
        "streams_per_user": 0,
        "stream_creations_per_minute": 0,
        "segment_ms": 1000,
    }
    with server.running(Settings(**usual | settings)) as emulator:
        yield Walk(emulator.ready), emulator


def peers_of(emulator: Emulator) -> Peers:
    peers = emulator.platform.shared.peers
    assert peers is not None
    return peers


async def until_alone(emulator: Emulator, before: Held) -> None:
    """Wait until every reader has gone, with everything that was held for them."""
    await ask(lambda: peers_of(emulator).count == 0, "all peers are gone")
    await ask(partial(before.is_given_back, emulator), f"all is given back: {before}")


async def test_webrtc_limits_hundreds_of_offers_leave_nothing() -> None:
    limits = {"webrtc_connect_ms": 1_500, "webrtc_connecting_max": CONNECTING_MAX}
    with emulating(**limits) as (walk, emulator):
        # Given a stream that runs all the time, and the resources in use without other clients,
        steady = walk.create()
        with pushing(address_of(steady)):
            await ask(lambda: walk.until_first_part(steady), "it is live")
            whips = [walk.create()["ingest"]["webrtc_url"] for _ in range(12)]
            resource = post_offer(whips[0], OFFER).headers["Location"]
            assert send("DELETE", resource).status == 200
            await ask(lambda: peers_of(emulator).count == 0, "the first one is gone")
            before = await asyncio.to_thread(Held.now, emulator)
            # when hundreds of offers come, good ones to publish and to watch, and bad ones,
            silent = OFFER.replace("H264", "H266").replace("VP8", "VP7").replace("opus", "silk")
            watch = (steady["playback"]["whep"], browser_offer(direction="recvonly"))
            kinds = [
                *((whip, OFFER) for whip in whips),
                watch,
                (whips[0], silent),
                (whips[1], "v=0"),
            ]
            answers = await post_all([kinds[number % len(kinds)] for number in range(OFFERS)])
            # then each gets its answer: refused ones with a time to try again,
            assert len(answers) == OFFERS
            assert set(answers) <= {(201, None), (503, "1"), (409, "10"), (400, None), (422, None)}
            let_in, full = answers.count((201, None)), answers.count((503, "1"))
            assert CONNECTING_MAX <= let_in < full
            assert peers_of(emulator).count <= CONNECTING_MAX
            # and all accepted ones go by themselves, since they never connect.
            await until_alone(emulator, before)
            assert walk.stream(steady)["status"] == "live"
            assert walk.ingest(steady)["gaps"] == 0


async def test_webrtc_limits_peers_without_handshake_time_out() -> None:
    with emulating(webrtc_connect_ms=1_500) as (walk, emulator):
        whip = walk.create()["ingest"]["webrtc_url"]
        # Given one viewer that was accepted once, so that all modules are imported,
        resource = post_offer(whip, OFFER).headers["Location"]
        assert send("DELETE", resource).status == 200
        await ask(lambda: peers_of(emulator).count == 0, "the first one is gone")
        before = await asyncio.to_thread(Held.now, emulator)
        # when strangers send garbage to the port of an expected peer, and the peer itself passes
        # the connectivity checks, but sends garbage for a handshake, and media before it, as a
        # client and as a server,
        nowhere = "a=mid:0\r\na=candidate:1 1 udp 1 0f2e1d3c.local 50000 typ host\r\n"
        for role in ("actpass", "active"):
            offer = OFFER.replace("a=mid:0\r\n", nowhere)
            quiet = post_offer(whip, offer.replace("a=setup:actpass", f"a=setup:{role}"))
            pester(port_of(quiet.text))
            await connect_only(quiet.text)
            # then it is dropped, with everything that was held for it.
            await until_alone(emulator, before)


async def test_webrtc_limits_unconnected_peer_is_logged_with_the_setting_to_change(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with emulating(webrtc_connect_ms=1_000) as (walk, emulator), caplog.at_level(logging.INFO):
        answer = post_offer(walk.create()["ingest"]["webrtc_url"], OFFER)
        await ask(lambda: peers_of(emulator).count == 0, "the peer is dropped")
        [line] = [message for message in caplog.messages if "WebRTC peer left" in message]
    assert f"127.0.0.1:{port_of(answer.text)}" in line
    assert "--webrtc-hosts" in line


async def test_webrtc_limits_many_viewers_share_one_encode_and_leave_nothing() -> None:
    with emulating() as (walk, emulator):
        # Given a stream whose picture and sound no browser plays without transcoding,
        stream = walk.create()
        whep = stream["playback"]["whep"]
        source = film(seconds=6, video="libx264 -preset ultrafast -g 60 -bf 2")
        with pushing(address_of(stream), source):
            await ask(lambda: walk.until_first_part(stream), "it is live")
            async with watching(whep) as first:
                await ask(partial(is_watched, first), "it is watched")
            await ask(lambda: not codecs_at_work(), "transcoding has ended")
            before = await asyncio.to_thread(Held.now, emulator)
            # when twenty watch, ten at a time, since each has ten seconds to connect,
            players = [Player(whep, f"viewer {number}", "") for number in range(VIEWERS)]
            for begin in range(0, VIEWERS, 10):
                await asyncio.gather(*(player.open() for player in players[begin : begin + 10]))
            for player in players:
                await ask(partial(sees_and_hears, player), "everybody sees and hears")
            # then picture and sound are encoded once,
            assert codecs_at_work() == ["webrtc-h264", "webrtc-opus"]
            assert peers_of(emulator).count == VIEWERS
            assert viewers(walk, whep) >= VIEWERS
            # and when all have left, nothing of them remains.
            await asyncio.gather(*(player.close() for player in players))
            await until_alone(emulator, before)
            assert codecs_at_work() == []
            assert walk.ingest(stream)["gaps"] == 0


async def test_webrtc_limits_lost_viewers_time_out_and_leave_nothing() -> None:
    with emulating(webrtc_idle_ms=1_500) as (walk, emulator):
        stream = walk.create()
        with pushing(address_of(stream)):
            await ask(lambda: walk.until_first_part(stream), "it is live")
            async with watching(stream["playback"]["whep"]) as first:
                await ask(partial(is_watched, first), "it is watched")
            await ask(lambda: not codecs_at_work(), "transcoding has ended")
            before = await asyncio.to_thread(Held.now, emulator)
            # Given viewers in another process,
            whep = stream["playback"]["whep"]
            watchers = await asyncio.create_subprocess_exec(sys.executable, "-c", WATCHERS, whep)
            await ask(lambda: viewers(walk, whep) >= 3 and codecs_at_work(), "they watch")
            assert peers_of(emulator).count == 3
            # when that is killed, and so cannot say goodbye, then they are dropped.
            watchers.kill()
            await watchers.wait()
            await until_alone(emulator, before)
            assert codecs_at_work() == []
            assert walk.ingest(stream)["gaps"] == 0


async def test_webrtc_limits_resources_are_released_after_a_broadcast() -> None:
    # Given an emulator that has had its first peers,
    with emulating(reconnect_window_ms=200) as (walk, emulator):
        before = Held(0, 0, 0)
        for codec in ("VP8", "H264", "VP8"):
            stream = walk.create()
            async with publishing(stream["ingest"]["webrtc_url"], film(), codec=codec):
                await ask(partial(is_live, walk, stream), "it is live")
                whep = stream["playback"]["whep"]
                async with watching(whep) as first, watching(whep):
                    await ask(partial(is_watched, first), "it is watched")
                    assert peers_of(emulator).count == 3
            # when all have left, then nothing of them remains, round after round.
            await ask(lambda: peers_of(emulator).count == 0, "all of them are gone")
            await ask(lambda: not codecs_at_work(), "transcoding has ended")
            if codec == "H264":
                before = await asyncio.to_thread(Held.now, emulator)
        await until_alone(emulator, before)


async def test_webrtc_limits_lost_packets_are_repaired_or_skipped() -> None:
    # Given a network that loses every twentieth packet,
    with emulating() as (walk, _):
        stream = walk.create()
        whip = stream["ingest"]["webrtc_url"]
        async with publishing(whip, film(size="640x360"), lost=0.05) as session:
            await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
            await ask(lambda: walk.until_parts(stream, 10), "parts come")
            # when the stream is played, then a player that stops at the first error does not stop.
            played = await ask(
                lambda: play(stream["playback_url"], "-live_start_index", "0", "-t", "2"),
                "it is played",
            )
            # Some packets were lost: most came again, and pictures that depend on the others are
            # left out.
            assert len(session.lost) > 10
        assert len(played.video) > 30


def test_webrtc_limits_peers_use_one_range_of_ports() -> None:
    first = free_port()
    ports = f"{first}-{first + 1}"
    with emulating(webrtc_ports=ports, webrtc_hosts="127.0.0.1") as (walk, _):
        whips = [walk.create()["ingest"]["webrtc_url"] for _ in range(3)]
        answers = [post_offer(whip, OFFER) for whip in whips]

        assert [answer.status for answer in answers] == [201, 201, 503]
        assert {port_of(answer.text) for answer in answers[:2]} == {first, first + 1}
        assert "webrtc_ports" in answers[2].json["detail"]
        resource = answers[0].headers["Location"]
        assert send("DELETE", resource).status == 200
        until(lambda: post_offer(whips[2], OFFER).status == 201, "its port is free again")


def is_live(walk: Walk, stream: dict[str, Any]) -> bool:
    return bool(walk.stream(stream)["status"] == "live")


def is_watched(session: Session) -> bool:
    return len(session.received) > 30


async def test_webrtc_limits_external_address_of_the_machine_may_be_announced() -> None:
    # Given a server that listens on every address, and has an announced address,
    with emulating(host="0.0.0.0", webrtc_hosts="127.0.0.1") as (walk, _):
        stream = walk.create()
        async with publishing(stream["ingest"]["webrtc_url"], film()) as session:
            # when a peer comes, then it gets that address and no other, and connects.
            assert " 127.0.0.1 " in session.answer.text
            assert session.answer.text.count("a=candidate:") == 1
            await ask(partial(is_live, walk, stream), "it is live")


async def test_webrtc_limits_loopback_candidate_is_reached_through_a_published_port() -> None:
    # Given a server that listens on every address, as in a container, without an announced one,
    with emulating(host="0.0.0.0") as (walk, _):
        stream = walk.create()
        async with publishing(stream["ingest"]["webrtc_url"], film()) as session:
            # when a peer comes, then packets to the candidate 127.0.0.1 arrive at whichever address
            # of the container its network delivers them to.
            port = port_of(session.answer.text)
            with (
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug,
                pytest.raises(OSError, match="in use"),
            ):
                plug.bind(("127.0.0.2", port))
            await ask(partial(is_live, walk, stream), "it is live")


def viewers(walk: Walk, whep: str) -> int:
    count: int = walk.get(whep.replace("webRTC/play", "views")).json["liveViewers"]
    return count


def sees_and_hears(player: Player) -> bool:
    return player.sources == 2 and player.packets > 60


async def post_all(offers: list[tuple[str, str]]) -> list[tuple[int, str | None]]:
    """Post as many at a time as a browser has connections; each one's status and Retry-After."""
    answers: list[tuple[int, str | None]] = []
    waiting = iter(offers)

    async def post(client: httpx.AsyncClient) -> None:
        for address, offer in waiting:
            answer = await client.post(address, content=offer, headers={"Content-Type": SDP})
            answers.append((answer.status_code, answer.headers.get("Retry-After")))

    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        await asyncio.gather(*(post(client) for _ in range(6)))
    return answers


def port_of(answer: str) -> int:
    lines = [line for line in answer.splitlines() if line.startswith("a=candidate:")]
    [line] = [line for line in lines if " 127.0.0.1 " in line]
    return int(line.split()[5])


def free_port() -> int:
    """The first of two UDP ports that are free now."""
    for port in range(42_000, 43_000, 2):
        plugs = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        try:
            for offset, plug in enumerate(plugs):
                plug.bind(("127.0.0.1", port + offset))
        except OSError:
            continue
        else:
            return port
        finally:
            for plug in plugs:
                plug.close()
    pytest.fail("no two UDP ports are free")


def pester(port: int) -> None:
    """Send datagrams of every kind from an unknown sender."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        for first in (0, 1, 20, 22, 63, 64, 128, 144, 191, 255):
            for size in (1, 12, 40, 1400):
                plug.sendto(bytes([first]) + b"\x60" * (size - 1), ("127.0.0.1", port))
        plug.sendto(b"", ("127.0.0.1", port))


async def connect_only(answer: str) -> None:
    """An ICE agent that passes the connectivity checks and then sends nothing."""
    payload = dict(
        line[2:].split(":", 1) for line in answer.splitlines() if line[:2] == "a=" and ":" in line
    )
    ice = aioice.Connection(
        ice_controlling=True, local_username="abcd", local_password="1f8Kqbui9fD89tgLcrHjpuSo"
    )
    await ice.gather_candidates()
    ice.remote_username, ice.remote_password = payload["ice-ufrag"], payload["ice-pwd"]
    await ice.add_remote_candidate(aioice.Candidate.from_sdp(payload["candidate"]))
    await ice.add_remote_candidate(None)
    try:
        await ice.connect()
        for _ in range(200):
            await ice.send(b"\x16\xfe\xfd" + b"\x60" * 60)
            await ice.send(b"\x80\x60" + b"\x60" * 60)
    finally:
        await ice.close()
