"""WHIP with a real peer: aiortc goes live, HLS plays it, it ends and leaves a recording."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import urljoin

import aioice
import pytest
from aioice import mdns

from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.process import PublisherProcess
from tests.support.commands import live_emulator
from tests.support.encoders import film, play
from tests.support.live_server import PATIENCE_SECONDS, Walk, platform
from tests.support.sdp_offers import browser_offer
from tests.support.strip import read_strip
from tests.support.webrtc import (
    FRAGMENT,
    AudioFrame,
    VideoFrame,
    ask,
    post_offer,
    publishing,
    send,
    watching,
)

offer = browser_offer()


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    # A reconnect window longer than any test: a publisher that left is not waited for.
    with platform(webrtc_idle_ms=2_000, reconnect_window_ms=600_000) as walk:
        yield walk


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_whip_peer_goes_live_plays_over_hls_ends_and_leaves_a_vod(
    walk: Walk, codec: str
) -> None:
    # Given a stream and a peer that offers one video codec,
    stream = walk.create()
    whip = stream["ingest"]["webrtc_url"]
    # when it goes live,
    async with publishing(whip, film(seconds=4), codec=codec) as session:
        live = await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
        # then HLS has its picture and its sound,
        assert live
        health = await ask(
            lambda: (values := walk.ingest(stream))["audio_codec"] and values, "its sound comes"
        )
        assert health["protocol"] == "whip"
        assert health["video_codec"].startswith("avc1")
        assert health["audio_codec"] == "mp4a.40.2"
        await ask(lambda: walk.until_parts(stream, 10), "parts come")
        watched = await ask(lambda: play(stream["playback_url"], "-t", "1"), "it is played")
        assert len(watched.video) >= 10
        assert watched.audio
        assert (
            await ask(lambda: send("DELETE", session.address), "the session is deleted")
        ).status == 200
        # and when it deletes its session, the stream ends at once, and leaves a recording.
        assert (await asyncio.to_thread(walk.stream, stream))["status"] == "ended"
    vod = await ask(lambda: walk.until_vod(stream), "the VOD is ready")
    assert vod["status"] == "ready"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("webrtc")]


async def test_whip_publisher_may_close_its_connection_before_its_delete(walk: Walk) -> None:
    # Given a publisher that is live, and closes its connection as OBS does,
    stream = walk.create()
    async with publishing(stream["ingest"]["webrtc_url"], film(seconds=4)) as session:
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    await ask(lambda: not walk.ingest(stream)["is_publishing"], "its end is noticed")
    assert (await asyncio.to_thread(walk.stream, stream))["status"] == "live"
    # when it sends its DELETE after that, then the stream ends at once, and only once.
    said = [await asyncio.to_thread(send, "DELETE", session.address) for _ in range(2)]
    assert [answer.status for answer in said] == [200, 404]
    assert (await asyncio.to_thread(walk.stream, stream))["status"] == "ended"


async def test_whip_delete_right_after_the_connection_was_closed_ends_the_stream(
    walk: Walk,
) -> None:
    # Given a publisher that is live, and closes its connection,
    stream = walk.create()
    async with publishing(stream["ingest"]["webrtc_url"], film(seconds=4)) as session:
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    # when it sends DELETE before that end is processed, then its session is still known.
    assert (await asyncio.to_thread(send, "DELETE", session.address)).status == 200
    assert (await asyncio.to_thread(walk.stream, stream))["status"] == "ended"


async def test_whip_delete_by_a_replaced_publisher_ends_nothing(walk: Walk) -> None:
    # Given a publisher that lost its connection, and came back with another,
    stream = walk.create()
    whip = stream["ingest"]["webrtc_url"]
    async with publishing(whip, film(seconds=4)) as first:
        await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    await ask(lambda: not walk.ingest(stream)["is_publishing"], "its end is noticed")
    async with publishing(whip, film(seconds=4)) as second:
        await ask(lambda: walk.ingest(stream)["is_publishing"], "it is back")
        # when the first session is deleted, then the stream continues.
        assert (await asyncio.to_thread(send, "DELETE", first.address)).status == 200
        assert (await asyncio.to_thread(walk.stream, stream))["status"] == "live"
        await asyncio.to_thread(send, "DELETE", second.address)
    assert (await asyncio.to_thread(walk.stream, stream))["status"] == "ended"


def test_whip_unknown_key_is_refused(walk: Walk) -> None:
    stream = walk.create()
    whip = stream["ingest"]["webrtc_url"]
    wrong = whip.replace(stream["stream_key"], "live_wrong")
    named = whip.replace(stream["stream_key"], stream["cloudflare_stream_id"])

    in_the_path = post_offer(wrong, offer)
    as_bearer = post_offer(named, offer, Authorization="Bearer live_wrong")
    of_another = post_offer(named, offer, Authorization=f"Bearer {walk.create()['stream_key']}")

    nothing = post_offer(named, offer)
    assert (in_the_path.status, as_bearer.status, of_another.status) == (404, 401, 403)
    assert (nothing.status, "missing" in nothing.json["detail"]) == (401, True)
    assert as_bearer.headers["WWW-Authenticate"] == "Bearer"
    assert "stream key" in in_the_path.json["detail"]
    assert of_another.json["detail"] == "This key belongs to another stream."


def test_whip_ended_stream_is_refused(walk: Walk) -> None:
    stream = walk.create()
    assert walk.end(stream).status == 200

    refused = post_offer(stream["ingest"]["webrtc_url"], offer)

    assert refused.status == 409
    assert "ended" in refused.json["detail"]


def test_whip_key_may_be_the_bearer_and_a_second_publisher_is_refused(walk: Walk) -> None:
    # Given a publisher with its key as a bearer token, at the stream's own address,
    stream = walk.create()
    whip = stream["ingest"]["webrtc_url"]
    named = whip.replace(stream["stream_key"], stream["cloudflare_stream_id"])
    first = post_offer(named, offer, Authorization=f"Bearer {stream['stream_key']}")
    assert first.status == 201
    # when another one comes with the same key,
    second = post_offer(whip, offer)
    # then it is refused, and accepted once the first has left.
    assert (second.status, "already" in second.json["detail"]) == (409, True)
    assert second.headers["Retry-After"] == "2"
    resource = first.headers["Location"]
    assert resource.startswith(walk.ready["http"] + "/")
    assert stream["stream_key"] not in resource
    assert send("DELETE", resource).status == 200
    assert send("DELETE", resource).status == 404
    third = post_offer(whip, offer)
    assert third.status == 201
    assert send("DELETE", urljoin(whip, third.headers["Location"])).status == 200


def test_whip_options_lists_accepted_types(walk: Walk) -> None:
    whip = walk.create()["ingest"]["webrtc_url"]

    assert send("OPTIONS", whip).headers["Accept-Post"] == "application/sdp"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        refused = send(method, whip)
        assert (refused.status, refused.headers["Allow"]) == (405, "OPTIONS, POST")
    assert send("POST", whip, offer, {"Content-Type": "text/plain"}).status == 415
    for garbage in ("", "hello", "v=0", offer.replace("a=ice-ufrag", "a=x"), offer[:300]):
        assert post_offer(whip, garbage).status == 400
    no_codec = offer.replace("H264", "H266").replace("VP8", "VP7").replace("opus", "silk")
    assert post_offer(whip, no_codec).status == 422


async def test_whip_built_in_stun_server_is_announced_and_responds(walk: Walk) -> None:
    # Given the ICE servers that a peer gets, by WHIP and by the API,
    whip = walk.create()["ingest"]["webrtc_url"]
    link = send("OPTIONS", whip).headers["Link"]
    [server] = walk.ask("GET", "/video-sessions/ice-servers").json["ice_servers"]
    [address] = server["urls"]
    assert link == f'<{address}>; rel="ice-server"'
    # when another library asks the STUN server, then it learns its own address.
    _, host, port = address.split(":")
    ice = aioice.Connection(ice_controlling=True, stun_server=(host, int(port)), use_ipv6=False)
    try:
        await ice.gather_candidates()
        kinds = {local_candidate.type for local_candidate in ice.local_candidates}
    finally:
        await ice.close()
    assert kinds <= {"host", "srflx"}
    assert "srflx" in kinds or not ice.local_candidates


def test_whip_candidates_may_follow_one_by_one(walk: Walk) -> None:
    # Given a peer whose candidates are not known yet,
    whip = walk.create()["ingest"]["webrtc_url"]
    answer = post_offer(whip, offer)
    resource = urljoin(whip, answer.headers["Location"])
    more = (
        "a=ice-ufrag:abcd\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2122194687 127.0.0.1 9 typ host\r\n"
        "a=candidate:2 1 udp 2122194687 not-an-address.local 9 typ host\r\na=candidate:x\r\n"
    )
    kind = {"Content-Type": FRAGMENT}
    # when it sends them later, then they are accepted, with the session's own ETag,
    assert send("PATCH", resource, more, kind | {"If-Match": answer.headers["ETag"]}).status == 204
    # and another session's ETag, another ICE session, and another media type are refused.
    assert send("PATCH", resource, more, kind | {"If-Match": '"x"'}).status == 412
    assert send("PATCH", resource, more.replace("abcd", "efgh"), kind).status == 422
    assert send("PATCH", resource, more, {"Content-Type": "text/plain"}).status == 415
    for garbage in ("", "hello", "a=mid:0\r\n", "a=candidate:x\r\n"):
        assert send("PATCH", resource, garbage, kind).status == 400
    refused = send("POST", resource, offer, {"Content-Type": "application/sdp"})
    assert (refused.status, refused.headers["Allow"]) == (405, "DELETE, OPTIONS, PATCH")
    assert send("DELETE", resource).status == 200


async def test_whip_mdns_name_of_a_browser_is_resolved(walk: Walk) -> None:
    # Given a peer whose candidate is a name that only its own machine knows (mDNS),
    name = "f0d1c2b3-0000-4000-8000-a4b5c6d7e8f9.local"
    names = await mdns.create_mdns_protocol()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.bind(("127.0.0.1", 0))
        plug.settimeout(PATIENCE_SECONDS)
        port = plug.getsockname()[1]
        try:
            await names.publish(name, "127.0.0.1")
        except OSError as error:
            pytest.skip(f"no mDNS on this machine: {error}")
        # when it offers, then it is called back there (a STUN binding request, RFC 8489, 5).
        text = f"a=mid:0\r\na=candidate:1 1 udp 2122194687 {name} {port} typ host\r\n"
        answer = post_offer(
            walk.create()["ingest"]["webrtc_url"], offer.replace("a=mid:0\r\n", text)
        )
        assert answer.status == 201
        called = await asyncio.to_thread(plug.recv, 2048)
        assert called[:2] == b"\x00\x01"
        assert called[4:8] == b"\x21\x12\xa4\x42"
    await names.close()
    assert send("DELETE", answer.headers["Location"]).status == 200


async def test_whip_built_in_publisher_goes_live(walk: Walk) -> None:
    # Given the built-in publisher, which is told to publish over WebRTC,
    stream = walk.create()
    settings = PublishConfig(width=320, height=180, video_kbits=500)
    publisher = PublisherProcess(walk.ready["http"], stream["stream_key"], settings=settings)
    await publisher.start()
    # when it is live, then it is seen and heard over WebRTC,
    await ask(lambda: walk.stream(stream)["status"] == "live", "it is live")
    assert walk.ingest(stream)["protocol"] == "whip"
    async with watching(stream["playback"]["whep"]) as session:
        await ask(lambda: len(session.frames(VideoFrame)) > 40, "pictures come")
        assert session.frames(AudioFrame)
        assert read_strip(session.frames(VideoFrame)[-1]) is not None
    # with sound and picture in step, and stops as an encoder does.
    health = await ask(
        lambda: (values := walk.ingest(stream))["pace"] and values, "the rate is measured"
    )
    assert health["gaps"] == 0
    assert abs(health["drift_ms"]) < 200
    await publisher.stop()
    assert (publisher.failure, publisher.progress.state) == ("", "ended")
    await ask(lambda: walk.until_vod(stream), "the VOD is ready")


def test_whip_built_in_publisher_reports_the_reason_of_a_refusal(walk: Walk) -> None:
    command = live_emulator("publish", "live_wrong")
    refused = subprocess.run(
        [*command, "--whip", walk.ready["http"]], capture_output=True, text=True, timeout=60
    )
    nobody = subprocess.run(
        [*command, "--whip", "http://127.0.0.1:9"], capture_output=True, text=True, timeout=60
    )

    assert (refused.returncode, nobody.returncode) == (1, 1)
    assert "unknown" in refused.stderr
    assert "No server answers there" in nobody.stderr
