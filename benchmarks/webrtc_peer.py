"""The peers of the WebRTC benchmark, each in a separate process.

python -m benchmarks.webrtc_peer serve PORT: WHIP in a few lines of aiortc. Each publisher is a
`RTCPeerConnection` whose tracks are read to the end; nothing is kept or forwarded.

python -m benchmarks.webrtc_peer watch ADDRESS COUNT: viewers by WHEP, which decode nothing, until
its input closes. Then it prints the number of frames that each of them received.

python -m benchmarks.webrtc_peer crowd ADDRESS COUNT: the same with the emulator's own viewers,
which cost less and count packets.
"""

import asyncio
import json
import sys
import threading
import urllib.request
from typing import Any

import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcrtpreceiver
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PEERS: set[RTCPeerConnection] = set()
_TASKS: set["asyncio.Task[None]"] = set()
_DECODED = {"frames": 0}
_FRAMES: list[list[int]] = []
_JOINING_SECONDS = 3


def _connection() -> RTCPeerConnection:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    _PEERS.add(peer)
    return peer


async def _drain(track: MediaStreamTrack) -> None:
    try:
        while True:
            await track.recv()
            _DECODED["frames"] += track.kind == "video"
    except MediaStreamError:
        return


def _take(track: MediaStreamTrack) -> None:
    task = asyncio.ensure_future(_drain(track))
    _TASKS.add(task)


async def _publish(request: Request) -> Response:
    peer = _connection()
    peer.on("track", _take)
    offer = (await request.body()).decode()
    await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
    await peer.setLocalDescription(await peer.createAnswer())
    headers = {"Location": "/session"}
    return Response(peer.localDescription.sdp, 201, headers=headers, media_type="application/sdp")


async def _count(_: Request) -> Response:
    return Response(str(_DECODED["frames"]))


def serve(port: int) -> None:
    routes = [
        Route("/whip", _publish, methods=["POST"]),
        Route("/session", lambda _: Response(), methods=["DELETE"]),
        Route("/frames", _count),
    ]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="warning", loop="uvloop")


def _count_only(_: Any, frames: Any, __: Any, ___: Any) -> None:
    """Replaces aiortc's decoder thread: the viewer's machine is not measured."""
    mine = [0]
    _FRAMES.append(mine)
    while frames.get() is not None:
        mine[0] += 1


async def watch(address: str, count: int) -> None:
    setattr(rtcrtpreceiver, "decoder_worker", _count_only)  # noqa: B010 -- mypy knows its type
    for _ in range(count):
        peer = _connection()
        peer.addTransceiver("audio", direction="recvonly")
        peer.addTransceiver("video", direction="recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        answer = await asyncio.to_thread(_post, address, peer.localDescription.sdp)
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps([frames for [frames] in _FRAMES]), flush=True)
    await asyncio.gather(*(peer.close() for peer in _PEERS))


async def crowd(address: str, count: int) -> None:
    from emulator.media.webrtc.client.player import Player

    players = [Player(address, f"viewer {number}", "") for number in range(count)]
    for player in players:
        await player.open()
    # A new viewer gets the pictures since the last key frame at once: that is over by then.
    await asyncio.sleep(_JOINING_SECONDS)
    before = [player.packets for player in players]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    numbers = [player.packets - then for player, then in zip(players, before, strict=True)]
    print(json.dumps(numbers), flush=True)
    await asyncio.gather(*(player.close() for player in players))


def _post(address: str, offer: str) -> str:
    headers = {"Content-Type": "application/sdp"}
    request = urllib.request.Request(address, offer.encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


if __name__ == "__main__":
    threading.stack_size(256 * 1024)
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    elif sys.argv[1] == "crowd":
        asyncio.run(crowd(sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(watch(sys.argv[2], int(sys.argv[3])))
