"""Fuzz targets: every parser of outside bytes must accept or refuse any input.

A target is a function that takes bytes. It catches the errors that it may raise; any other error is
a crash.
"""

import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from aiortc.rtp import RtcpPsfbPacket
from starlette.requests import Request
from websockets.exceptions import PayloadTooBig
from websockets.server import ServerProtocol

from emulator.core import quantities
from emulator.core.clock import ManualClock
from emulator.core.errors import ProtocolError, Refused, WrongSetting
from emulator.media import codecs as media_codecs
from emulator.media.codecs import aac, av1, h264, hevc, images, opus, vp9
from emulator.media.hls.index import read_index
from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import Tag
from emulator.media.ingest.wire import amf0
from emulator.media.ingest.wire.amf3 import Cursor, Reader
from emulator.media.ingest.wire.rtmp_chunks import ChunkReader
from emulator.media.ingest.wire.rtmp_handshake import Handshake
from emulator.media.recording.uploads.probe import probe
from emulator.media.webrtc import stun
from emulator.media.webrtc.rtp import packets, rtcp
from emulator.media.webrtc.rtp.clocks import SourceClock
from emulator.media.webrtc.rtp.packets import RtpPacket
from emulator.media.webrtc.sdp import codecs
from emulator.media.webrtc.sdp.answer import Local, SectionAnswer, write
from emulator.media.webrtc.sdp.description import parse as parse_sdp
from emulator.media.webrtc.sdp.description import parse_fragment
from emulator.media.webrtc.whip.depacketizers import H264Depacketizer, Vp8Depacketizer
from emulator.platform import world_file
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import load
from emulator.seeding.file import parse as parse_seed
from emulator.settings.sources import gather
from emulator.web import auth
from emulator.web.chat import frames
from emulator.web.errors import Invalid
from emulator.web.http.bodies import read_form
from emulator.world.chat import messages
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.rtmp_wire import HANDSHAKE, connect, drive, new_session, publish
from tests.support.streams import make

Target = Callable[[bytes], None]

_REFUSALS = (ProtocolError, Refused)
_LOCAL = Local(
    "user", "p" * 22, ":".join(["AB"] * 32), "active", ("1 1 udp 1 127.0.0.1 9 typ host",)
)


def rtmp_handshake(data: bytes) -> None:
    handshake = Handshake()
    with suppress(*_REFUSALS):
        for piece in _pieces(data):
            handshake.receive(piece)


def rtmp_chunks(data: bytes) -> None:
    reader = ChunkReader(1 << 20, 64)
    with suppress(*_REFUSALS):
        for piece in _pieces(data):
            for _ in reader.receive(piece):
                pass


def rtmp_session(data: bytes) -> None:
    """RTMP after a valid handshake; data of odd length comes after an accepted publish."""
    begun = HANDSHAKE + connect() + (publish() if len(data) % 2 else b"")
    with suppress(*_REFUSALS):
        drive(new_session(), [begun, *_pieces(data)])


def amf0_values(data: bytes) -> None:
    with suppress(*_REFUSALS):
        amf0.decode(data)


def amf3_values(data: bytes) -> None:
    cursor = Cursor(data)
    reader = Reader(cursor)
    with suppress(*_REFUSALS):
        while not cursor.at_end:
            reader.value()


def flv_tags(data: bytes) -> None:
    """Tags of one stream, including Enhanced RTMP: a byte of kind, two of length, then the body."""
    reader, at, time_ms = FlvReader(), 0, 0
    with suppress(*_REFUSALS):
        while at + 3 <= len(data):
            kind, length = data[at], int.from_bytes(data[at + 1 : at + 3], "big")
            body = data[at + 3 : at + 3 + length]
            name = ("audio", "video", "script")[kind % 3]
            reader.read(Tag(name, time_ms, body))  # type: ignore[arg-type]
            at, time_ms = at + 3 + length, time_ms + 33


def codec_records(data: bytes) -> None:
    """Codec configuration records; the first byte chooses the codec."""
    modules = (h264, hevc, av1, vp9, aac, opus)
    with suppress(*_REFUSALS):
        track = modules[data[0] % len(modules)].track(data[1:]) if data else None
        if track is not None:
            media_codecs.sample_entry(track)


def key_frames(data: bytes) -> None:
    """Key frames made self-contained: a byte of codec, two of the record's length, then both."""
    if len(data) < 3:
        return
    end = 3 + int.from_bytes(data[1:3], "big")
    name = ("h264", "hevc", "av1", "vp9")[data[0] % 4]
    media_codecs.self_contained(name, data[3:end], memoryview(data)[end:])  # type: ignore[arg-type]


def rtp_packets(data: bytes) -> None:
    """RTP packets of a publisher's H.264 and VP8, each after two bytes of length."""
    pictures: list[object] = []
    takers = (
        H264Depacketizer(
            SourceClock(90_000), lambda: 0, lambda packet, _: pictures.append(packet), _nothing
        ),
        Vp8Depacketizer(SourceClock(90_000), lambda: 0, pictures.append, _nothing),
    )
    for datagram in _counted(data):
        with suppress(ProtocolError):
            packet = packets.parse(datagram)
            for taker in takers:
                with suppress(*_REFUSALS):
                    taker.take(packet)
    for taker in takers:
        with suppress(*_REFUSALS):
            taker.take(RtpPacket(96, True, 0, 1 << 31, 1, b""))


def rtcp_packets(data: bytes) -> None:
    for packet in rtcp.parse(data):
        if isinstance(packet, RtcpPsfbPacket):
            rtcp.sources_of(packet)


def stun_requests(data: bytes) -> None:
    stun.answer(data, "127.0.0.1", 9)
    stun.answer(data, "fe80::1%eth0", 9)


def sdp_offers(data: bytes) -> None:
    with suppress(Refused):
        offer = parse_sdp(data.decode("utf-8", "replace"))
        for choose in (codecs.to_receive, lambda offer: codecs.to_send(offer, "4d0028")):
            with suppress(Refused):
                taken = choose(offer)
                sections = range(len(offer.sections))
                entries = [
                    SectionAnswer((taken[index],), "recvonly") if index in taken else None
                    for index in sections
                ]
                write(offer, entries, _LOCAL, 1)


def sdp_fragments(data: bytes) -> None:
    with suppress(Refused):
        parse_fragment(data.decode("utf-8", "replace"))


def websocket_frames(data: bytes) -> None:
    """Frames from the client on an open WebSocket; text messages are given to a chat."""
    protocol = ServerProtocol(max_size=65_536)
    protocol.state = protocol.state.OPEN
    with suppress(PayloadTooBig):
        protocol.receive_data(data)
        protocol.receive_eof()
    protocol.data_to_send()
    for frame in protocol.events_received():
        chat_frames(bytes(getattr(frame, "data", b"")))


def chat_frames(data: bytes) -> None:
    with suppress(frames.FrameError):
        frames.parse(data)


def multipart_forms(data: bytes) -> None:
    """A form with the boundary `x`, in pieces as they may come from a socket."""
    pieces = _pieces(data)

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def read() -> None:
        with suppress(Refused, Invalid):
            async with read_form(request, 1 << 20):
                pass

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    _finish(read())


def upload_containers(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=_memory_folder()) as file, suppress(Refused):
        file.write(data)
        file.flush()
        probe(Path(file.name), "film")


def image_files(data: bytes) -> None:
    with suppress(Refused):
        images.look_at(data)


def recording_indexes(data: bytes) -> None:
    """The index from which a recording's playlists are rebuilt, as a crash may leave it."""
    with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
        (Path(folder) / "seg-0.m4s").write_bytes(bytes(2_000))
        (Path(folder) / "index.jsonl").write_bytes(data)
        recorded = read_index(Path(folder))
        if recorded.segments:
            recorded.window()


def scenario_files(data: bytes) -> None:
    with suppress(InvalidScenario):
        load(data.decode("utf-8", "replace"), "fuzz.yaml")


def seed_files(data: bytes) -> None:
    with suppress(Refused):
        parse_seed("seed.yaml", data)


def settings_files(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=_memory_folder(), suffix=".yaml") as file:
        file.write(data)
        file.flush()
        with suppress(WrongSetting):
            gather({"settings": file.name}, {})


def world_files(data: bytes) -> None:
    with suppress(Refused):
        world_file.read(BytesIO(data))


def written_quantities(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for read in (
        quantities.duration_ms,
        quantities.number,
        quantities.share,
        quantities.per_second,
        quantities.bits_per_second,
        quantities.size_bytes,
        quantities.frame_size,
    ):
        with suppress(ValueError):
            read(text)


def cursors(data: bytes) -> None:
    world, stream, owner = _room()
    with suppress(Refused):
        messages.page(world, stream, owner, count=2, before=data.decode("utf-8", "replace"))


def tokens(data: bytes) -> None:
    """Credentials in headers: Latin-1 (RFC 9110, 5.5)."""
    text = data.decode("latin-1")
    auth.world_of(text)
    auth.expires_at_ms(text)
    auth.recognised(_room()[0], text)


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        rtmp_handshake,
        rtmp_chunks,
        rtmp_session,
        amf0_values,
        amf3_values,
        flv_tags,
        codec_records,
        key_frames,
        rtp_packets,
        rtcp_packets,
        stun_requests,
        sdp_offers,
        sdp_fragments,
        websocket_frames,
        chat_frames,
        multipart_forms,
        upload_containers,
        image_files,
        recording_indexes,
        scenario_files,
        seed_files,
        settings_files,
        world_files,
        written_quantities,
        cursors,
        tokens,
    )
}


def _pieces(data: bytes) -> list[bytes]:
    """Cut the data into pieces as a socket may: the first byte says where."""
    step = max(1, data[0]) if data else 1
    return [data[at : at + step] for at in range(0, min(len(data), 4_000), step)] + [data[4_000:]]


def _counted(data: bytes) -> list[bytes]:
    pieces, at = [], 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        pieces.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    return pieces


def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits for anything outside of it."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        return


def _nothing() -> None:
    pass


@cache
def _memory_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def _room() -> tuple[World, Stream, User]:
    """A world in memory with a chat of five messages."""
    world = World(clock=ManualClock(), publish=lambda _: None)
    stream = make(world, "fuzzed", by="fuzz")
    owner = accounts.by_api_key(world, "ak_auto_fuzz")
    for number in range(5):
        messages.post(world, stream.id, owner, f"line {number}")
    return world, stream, owner
