"""WebRTC peers for tests: aiortc as publisher and as viewer, over the emulator's HTTP."""

import asyncio
import json
import random
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from emulator.testing import ApiResponse
from tests.support import live_server
from tests.support.encoders import Push, ffmpeg
from tests.support.live_server import PATIENCE_SECONDS

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


def send(
    method: str, address: str, text: str = "", headers: Mapping[str, str] | None = None
) -> ApiResponse:
    """Make one request of a WHIP or WHEP client, and return the answer, whatever its status."""
    body = text.encode() if text or method in {"POST", "PATCH"} else None
    request = urllib.request.Request(address, body, dict(headers or {}), method=method)
    return live_server.send(request)


def post_offer(address: str, sdp: str, **headers: str) -> ApiResponse:
    return send("POST", address, sdp, {"Content-Type": SDP, **headers})


async def until(look: Callable[[], Any], what: str) -> Any:
    """`live_server.until` for a running event loop."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not (result := look()):
        assert asyncio.get_running_loop().time() < deadline, f"timed out waiting for: {what}"
        await asyncio.sleep(0.02)
    return result


async def ask(look: Callable[[], Any], what: str) -> Any:
    """Call a blocking `look` in a thread until its result is true, and return that."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not (result := await asyncio.to_thread(look)):
        assert asyncio.get_running_loop().time() < deadline, f"timed out waiting for: {what}"
        await asyncio.sleep(0.05)
    return result


@dataclass
class Session:
    """One peer whose offer was accepted."""

    peer: RTCPeerConnection
    answer: ApiResponse
    address: str
    received: list[Any] = field(default_factory=list)
    lost: list[bytes] = field(default_factory=list)

    @property
    def headers(self) -> Message:
        return self.answer.headers

    def frames(self, kind: type) -> list[Any]:
        return [frame for frame in self.received if isinstance(frame, kind)]


def connection() -> RTCPeerConnection:
    """A peer connection without ICE servers: the tests need no network."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


@asynccontextmanager
async def publishing(
    address: str,
    film: Path,
    *,
    codec: str = "H264",
    headers: Mapping[str, str] | None = None,
    lost: float = 0.0,
) -> AsyncIterator[Session]:
    """An aiortc that sends a film by WHIP, decoded and encoded again, until the block ends.

    The share `lost` of its media packets never reaches the network, the same ones each time.
    """
    peer = connection()
    player = MediaPlayer(str(film), loop=True)
    for track in (player.audio, player.video):
        if track is not None:
            peer.addTransceiver(track, direction="sendonly")
    prefer(peer, codec)
    await peer.setLocalDescription(await peer.createOffer())
    answer = await asyncio.to_thread(
        post_offer, address, peer.localDescription.sdp, **(headers or {})
    )
    assert answer.status == 201, answer.text
    gone: list[bytes] = []
    if lost:
        _lose(peer, lost, gone)
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    try:
        yield Session(peer, answer, _resource(address, answer), lost=gone)
    finally:
        await peer.close()
        for track in (player.audio, player.video):
            if track is not None:
                track.stop()


def _lose(peer: RTCPeerConnection, share: float, gone: list[bytes]) -> None:
    """Lose RTP packets on the way, but no RTCP, which asks for them again."""
    chance = random.Random(1)
    for sender in peer.getSenders():
        transport = sender.transport.transport
        send = transport._connection.send

        async def lossy(data: bytes, send: Any = send) -> None:
            if data[0] < 128 or 192 <= data[1] <= 223 or chance.random() >= share:
                await send(data)
            else:
                gone.append(data)

        transport._send = lossy


class Deafness:
    """A viewer that misses every `nth` packet the first time, or all while `is_deaf`.

    `missed` has the numbers of the lost packets, `mended` of those that were sent again.
    """

    def __init__(self, session: Session, nth: int) -> None:
        self.is_deaf = False
        self.missed: set[tuple[int, int]] = set()
        self.mended: set[tuple[int, int]] = set()
        self.key_frames = 0
        self._nth = nth
        [code] = re.findall("a=rtpmap:([0-9]+) H264/", session.answer.text)
        self._picture = int(code)
        transport: Any
        [transport] = {getReceiver.transport for getReceiver in session.peer.getReceivers()}
        self._understand = transport._handle_rtp_data
        transport._handle_rtp_data = self._look
        self._receive = transport.transport._recv
        transport.transport._recv = self._listen

    async def _listen(self) -> bytes:
        """Return the next datagram that is not lost."""
        while True:
            data: bytes = await self._receive()
            if data[0] < 128 or 192 <= data[1] <= 223 or self._hears(data):
                return data

    def _hears(self, data: bytes) -> bool:
        sequence, ssrc = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
        is_again = (ssrc, sequence) in self.missed
        if self.is_deaf or (sequence % self._nth == 0 and not is_again):
            self.missed.add((ssrc, sequence))
            return False
        if is_again:
            self.mended.add((ssrc, sequence))
        return True

    async def _look(self, data: bytes, arrival_time_ms: int) -> None:
        packet = RtpPacket.parse(data)
        # A key frame's parameter sets come first, together or in separate packets (RFC 6184, 5.4).
        is_picture = packet.payload_type == self._picture and bool(packet.payload)
        self.key_frames += is_picture and packet.payload[0] & 31 in (7, 24)
        await self._understand(data, arrival_time_ms)


def prefer(peer: RTCPeerConnection, codec: str) -> None:
    """Offer one video codec only."""
    for transceiver in peer.getTransceivers():
        if transceiver.kind == "video":
            rtc_rtp_capabilities = RTCRtpSender.getCapabilities("video")
            assert rtc_rtp_capabilities is not None
            transceiver.setCodecPreferences(
                [
                    capability
                    for capability in rtc_rtp_capabilities.codecs
                    if capability.mimeType == f"video/{codec}"
                ]
            )


@asynccontextmanager
async def watching(address: str, *, codec: str = "") -> AsyncIterator[Session]:
    """An aiortc that watches by WHEP, in one codec or any, and keeps every decoded frame."""
    peer = connection()
    received: list[Any] = []
    tasks: list[asyncio.Task[None]] = []

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        tasks.append(asyncio.ensure_future(_keep(track, received)))

    peer.addTransceiver("audio", direction="recvonly")
    peer.addTransceiver("video", direction="recvonly")
    if codec:
        prefer(peer, codec)
    await peer.setLocalDescription(await peer.createOffer())
    answer = await asyncio.to_thread(post_offer, address, peer.localDescription.sdp)
    assert answer.status == 201, answer.text
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    try:
        yield Session(peer, answer, _resource(address, answer), received)
    finally:
        await peer.close()
        await asyncio.gather(*tasks)


def _resource(address: str, answer: ApiResponse) -> str:
    where = answer.headers["Location"]
    return str(urljoin(address, where)) if "://" not in where else where


VideoFrame, AudioFrame = av.VideoFrame, av.AudioFrame


@cache
def has_whip(ffmpeg: str) -> bool:
    """Whether this ffmpeg has a WHIP muxer, as version 8 and later may."""
    process = subprocess.run([ffmpeg, "-v", "error", "-muxers"], capture_output=True, check=True)
    return b" whip " in process.stdout


@contextmanager
def sending(address: str, source: Path) -> Iterator[Push]:
    """An ffmpeg that sends a film by WHIP, encoded for browsers."""
    command = [ffmpeg(), "-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(source)]
    command += [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-tune",
        "zerolatency",
        "-bf",
        "0",
        "-g",
        "30",
    ]
    command += [
        "-profile:v",
        "baseline",
        "-c:a",
        "libopus",
        "-ar",
        "48000",
        "-ac",
        "2",
        "-f",
        "whip",
    ]
    push = Push([*command, address])
    try:
        yield push
    finally:
        push.kill()
        if push.process.stderr is not None:
            push.process.stderr.close()


@asynccontextmanager
async def meeting(address: str, token: str, film: Path) -> AsyncIterator[Session]:
    """An aiortc in a video session: it sends a film, and keeps the frames of one other peer."""
    peer = connection()
    player = MediaPlayer(str(film), loop=True)
    received: list[Any] = []
    tasks: list[asyncio.Task[None]] = []

    @peer.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        tasks.append(asyncio.ensure_future(_keep(track, received)))

    for track in (player.audio, player.video):
        assert track is not None
        peer.addTransceiver(track, direction="sendrecv")
    prefer(peer, "VP8")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await asyncio.to_thread(_offer_json, address, token, peer.localDescription.sdp)
    assert answer.status == 200, answer.text
    await peer.setRemoteDescription(RTCSessionDescription(answer.json["sdp"], "answer"))
    try:
        yield Session(peer, answer, "", received)
    finally:
        await peer.close()
        await asyncio.gather(*tasks)
        for track in (player.audio, player.video):
            if track is not None:
                track.stop()


async def _keep(track: MediaStreamTrack, received: list[Any]) -> None:
    try:
        while True:
            received.append(await track.recv())
    except MediaStreamError:
        return


def _offer_json(address: str, token: str, sdp: str) -> ApiResponse:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return send("POST", address, json.dumps({"sdp": sdp, "type": "offer"}), headers)
