"""WebRTC peers that do what they should not: each has an end, and nobody else notices."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aioice
import pytest

from emulator import server
from emulator.media.webrtc.peers import Peers
from emulator.settings import Settings
from tests.support.encoders import address_of, film, play, pushing
from tests.support.offers import browser_offer
from tests.support.walk import Walk, until
from tests.support.webrtc import Session, ask, post_offer, publishing, send, watching

OFFER = browser_offer()
CONNECTING_MAX = 5


@contextmanager
def emulating(**settings: Any) -> Iterator[tuple[Walk, Peers]]:
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
        peers = emulator.platform.shared.peers
        assert peers is not None
        yield Walk(emulator.ready), peers


def held() -> tuple[int, int]:
    """Open files and sockets, and threads, of this process; but for the pools that only grow."""
    threads = [
        each.name
        for each in threading.enumerate()
        if not each.name.startswith(("asyncio_", "AnyIO", "ThreadPoolExecutor"))
    ]
    return len(list(Path("/dev/fd").iterdir())), len(threads)


def is_given_back(before: tuple[int, int]) -> bool:
    return all(now <= then for now, then in zip(held(), before, strict=True))


async def test_who_never_finishes_is_let_go_and_nothing_is_left() -> None:
    limits = {"webrtc_connect_ms": 1_500, "webrtc_connecting_max": CONNECTING_MAX}
    with emulating(**limits) as (walk, peers):
        # Given a stream that goes on all the time, and what is open while nobody else is here,
        steady = walk.create()
        with pushing(address_of(steady)):
            await ask(lambda: walk.until_first_part(steady), "it is live")
            whip = walk.create()["ingest"]["webrtc_url"]
            resource = post_offer(whip, OFFER).headers["Location"]
            assert send("DELETE", f"{walk.ready['http']}{resource}").status == 200
            await ask(lambda: peers.count == 0, "the first one is gone")
            before = await asyncio.to_thread(held)
            # when offers come without end,
            asked = [walk.create()["ingest"]["webrtc_url"] for _ in range(12)]
            answers = [post_offer(each, OFFER) for each in asked * 4]
            # then so many are let in, and the rest is told when to come again,
            let_in = [each for each in answers if each.status == 201]
            assert len(let_in) == CONNECTING_MAX
            refused = [each for each in answers if each.status == 503]
            assert len(refused) + len(let_in) + sum(each.status == 409 for each in answers) == 48
            assert {each.headers["Retry-After"] for each in refused} == {"1"}
            # garbage and strangers change nothing,
            for answer in let_in:
                pester(port_of(answer.text))
            assert peers.count == CONNECTING_MAX
            # and all of them go by themselves: one finds its way, but never says hello.
            await ask(lambda: peers.count == 0, "all of them are gone")
            quiet = post_offer(whip, OFFER)
            await connect_only(quiet.text)
            await ask(lambda: peers.count == 0, "so is who never shakes hands")
            await ask(partial(is_given_back, before), f"all is given back: {before}")
            assert walk.stream(steady)["status"] == "live"
            assert walk.ingest(steady)["gaps"] == 0


async def test_peers_sockets_and_threads_are_given_back_after_a_broadcast() -> None:
    # Given an emulator that has had its first peers,
    with emulating(reconnect_window_ms=200) as (walk, peers):
        before = (0, 0)
        for codec in ("VP8", "H264", "VP8"):
            stream = walk.create()
            async with publishing(stream["ingest"]["webrtc_url"], film(), codec=codec):
                await ask(partial(is_live, walk, stream), "it is live")
                whep = stream["playback"]["whep"]
                async with watching(whep) as first, watching(whep):
                    await ask(partial(is_watched, first), "it is watched")
                    assert peers.count == 3
            # when all have left, then nothing of them is left, time and again.
            await ask(lambda: peers.count == 0, "all of them are gone")
            await ask(lambda: not codecs(), "no codec works")
            if codec == "H264":
                before = await asyncio.to_thread(held)
        await ask(partial(is_given_back, before), f"all is given back: {before}")


async def test_lost_packets_are_mended_or_left_out_and_never_recorded_broken() -> None:
    # Given a network that loses every twentieth packet,
    with emulating() as (walk, _):
        stream = walk.create()
        whip = stream["ingest"]["webrtc_url"]
        async with publishing(whip, film(size="640x360"), lost=0.05) as session:
            await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
            await ask(lambda: walk.until_parts(stream, 10), "parts come")
            # when it is played, then a player that stops at the first error does not stop.
            played = await ask(
                lambda: play(stream["playback_url"], "-live_start_index", "0", "-t", "2"),
                "it is played",
            )
            # Some were lost: most came again, and what hangs on the others is not there.
            assert len(session.lost) > 10
        assert len(played.video) > 30


def test_peers_are_reached_in_one_range_of_ports() -> None:
    first = free_port()
    ports = f"{first}-{first + 1}"
    with emulating(webrtc_ports=ports, webrtc_hosts="127.0.0.1") as (walk, _):
        whips = [walk.create()["ingest"]["webrtc_url"] for _ in range(3)]
        answers = [post_offer(each, OFFER) for each in whips]

        assert [each.status for each in answers] == [201, 201, 503]
        assert {port_of(each.text) for each in answers[:2]} == {first, first + 1}
        assert "webrtc_ports" in answers[2].json["detail"]
        resource = answers[0].headers["Location"]
        assert send("DELETE", f"{walk.ready['http']}{resource}").status == 200
        until(lambda: post_offer(whips[2], OFFER).status == 201, "its port is free again")


def is_live(walk: Walk, stream: dict[str, Any]) -> bool:
    return bool(walk.stream(stream)["status"] == "live")


def is_watched(session: Session) -> bool:
    return len(session.received) > 30


async def test_an_address_of_the_machine_outside_may_be_told() -> None:
    # Given a server that listens on every address, and is told at which one it is reached,
    with emulating(host="0.0.0.0", webrtc_hosts="127.0.0.1") as (walk, _):
        stream = walk.create()
        async with publishing(stream["ingest"]["webrtc_url"], film()) as session:
            # when a peer comes, then it is told that one and no other, and gets through.
            assert " 127.0.0.1 " in session.answer.text
            assert session.answer.text.count("a=candidate:") == 1
            await ask(partial(is_live, walk, stream), "it is live")


def codecs() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("webrtc")]


def port_of(answer: str) -> int:
    [line] = [each for each in answer.splitlines() if each.startswith("a=candidate:")]
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
    """Datagrams of every kind from somebody who was never asked."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        for first in (0, 1, 20, 22, 63, 64, 128, 144, 191, 255):
            for size in (1, 12, 40, 1400):
                plug.sendto(bytes([first]) + b"\x60" * (size - 1), ("127.0.0.1", port))
        plug.sendto(b"", ("127.0.0.1", port))


async def connect_only(answer: str) -> None:
    """An ICE agent that finds the way and then keeps silent."""
    told = dict(
        line[2:].split(":", 1) for line in answer.splitlines() if line[:2] == "a=" and ":" in line
    )
    ice = aioice.Connection(
        ice_controlling=True, local_username="abcd", local_password="1f8Kqbui9fD89tgLcrHjpuSo"
    )
    await ice.gather_candidates()
    ice.remote_username, ice.remote_password = told["ice-ufrag"], told["ice-pwd"]
    await ice.add_remote_candidate(aioice.Candidate.from_sdp(told["candidate"]))
    await ice.add_remote_candidate(None)
    try:
        await ice.connect()
    finally:
        await ice.close()
