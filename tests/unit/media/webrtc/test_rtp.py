"""RTP out of order, with gaps or broken: complete frames in order come out."""

import random

import pytest
from aiortc.codecs.h264 import H264Encoder, h264_depayload
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtcpSrPacket, unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import ProtocolError
from emulator.media.packets import Packet
from emulator.media.webrtc.rtp import h264, packets, rtcp, vp8
from emulator.media.webrtc.rtp.clocks import SourceClock
from emulator.media.webrtc.rtp.receiver import RtpReceiver
from emulator.media.webrtc.rtp.reorder import Reorder
from emulator.media.webrtc.sdp.description import Format
from emulator.media.webrtc.whip.depacketizers import H264Depacketizer, Vp8Depacketizer
from tests.support.tables import table

LOST = [65_000, 65_001, 65_016, 400]

units = st.lists(
    st.builds(
        lambda head, body: bytes([head]) + body,
        st.sampled_from([0x65, 0x61, 0x41, 0x06]),
        st.binary(min_size=1, max_size=4_000),
    ),
    min_size=1,
    max_size=6,
)


@given(units)
def test_rtp_units_survive_packing_and_unpacking(given_units: list[bytes]) -> None:
    payloads = h264.payloads(given_units)

    assert max(map(len, payloads)) <= h264.PAYLOAD_SIZE_MAX
    unpacked = h264.Units()
    for payload in payloads:
        unpacked.push(payload)
    assert unpacked.take() == given_units


@given(units)
def test_rtp_payloads_agree_with_another_library(given_units: list[bytes]) -> None:
    stream = b"".join(h264_depayload(payload) for payload in h264.payloads(given_units))
    assert stream == b"".join(b"\x00\x00\x00\x01" + unit for unit in given_units)

    unpacked = h264.Units()
    for payload in H264Encoder._packetize(iter(given_units)):
        unpacked.push(payload)
    assert unpacked.take() == given_units


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_rtp_broken_payload_is_distinguished(payloads: list[bytes]) -> None:
    unpacked = h264.Units()
    for payload in payloads:
        try:
            unpacked.push(payload)
        except ProtocolError:
            unpacked.take()
    try:
        coded = h264.Frames().frame(unpacked.take())
    except ProtocolError:  # Invalid parameter sets: the publisher gets an error.
        return
    assert coded is None or coded.data


@given(st.binary(max_size=12))
def test_rtp_vp8_descriptor_is_removed_or_the_payload_refused(payload: bytes) -> None:
    try:
        content = vp8.content(payload)
    except ProtocolError:
        return
    assert payload.endswith(content)
    assert len(content) < len(payload)


@given(st.lists(st.tuples(st.integers(0, 70), st.booleans(), st.binary(max_size=40)), max_size=30))
def test_rtp_garbage_gives_no_frame_and_breaks_nothing(
    received: list[tuple[int, bool, bytes]],
) -> None:
    # Given packets of H.264 and VP8, with arbitrary sequence numbers,
    outputs: list[object] = []
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)

    for depacketizer in (
        H264Depacketizer(
            SourceClock(90_000), lambda: 0, lambda packet, _: outputs.append(packet), ask
        ),
        Vp8Depacketizer(SourceClock(90_000), lambda: 0, outputs.append, ask),
    ):
        reorder: Reorder[packets.RtpPacket] = Reorder(wait_ms=5)
        for now_ms, (number, is_marked, payload) in enumerate(received):
            packet = packets.RtpPacket(96, is_marked, number, number * 3_000, 1, payload)
            for rtp_packet in reorder.push(number, packet, now_ms):
                # then each packet is accepted or left out,
                if rtp_packet is None:
                    depacketizer.lose()
                else:
                    depacketizer.take(rtp_packet)
    # and H.264 without parameter sets is never shown.
    assert not [packet for packet in outputs if isinstance(packet, Packet)]


@given(st.binary(max_size=80))
def test_rtp_datagram_is_rtp_or_refused(data: bytes) -> None:
    try:
        packet = packets.parse(data)
    except ProtocolError:
        return
    assert len(packet.payload) <= len(data) - packets.HEADER_SIZE


def test_rtp_written_packet_is_read_back() -> None:
    data = packets.write(96, True, 70_000, (1 << 32) + 5, 7, b"x")

    assert packets.parse(data) == packets.RtpPacket(96, True, 70_000 & 0xFFFF, 5, 7, b"x")


@given(st.integers(0, 65_535), st.randoms(use_true_random=False), st.integers(0, 12))
def test_rtp_packets_slightly_out_of_order_are_reordered(
    start: int, chance: random.Random, spread: int
) -> None:
    # Given 200 packets, none of them more than `spread` places from its own,
    order = sorted(range(1, 200), key=lambda number: number + chance.randint(0, spread))
    reorder: Reorder[int] = Reorder(wait_ms=1_000)
    seen: list[int | None] = []
    for number in [0, *order]:
        seen += reorder.push((start + number) & 0xFFFF, number, 0)
    assert seen == list(range(200))
    assert not reorder.is_waiting


def test_rtp_lost_packet_is_requested_awaited_and_given_up() -> None:
    reorder: Reorder[str] = Reorder(wait_ms=100)
    assert list(reorder.push(65_535, "a", 0)) == ["a"]
    assert list(reorder.push(1, "c", 0)) == []
    assert reorder.to_ask_for(0) == [0]
    assert reorder.to_ask_for(10) == []
    assert reorder.to_ask_for(40) == [0]
    assert list(reorder.look(99)) == []
    assert list(reorder.look(100)) == [None, "c"]
    assert list(reorder.push(0, "b", 101)) == []
    assert reorder.lost == 1


def test_rtp_restarted_source_continues() -> None:
    reorder: Reorder[str] = Reorder(wait_ms=100)
    assert list(reorder.push(10, "a", 0)) == ["a"]
    assert list(reorder.push(40_000, "b", 0)) == [None, "b"]
    assert list(reorder.push(40_001, "c", 0)) == ["c"]


@table("skew_ms", [0, 5, 300, -300])
def test_rtp_audio_moves_to_the_time_of_the_sender_report(skew_ms: int) -> None:
    # Given a picture and a sound that was sampled at the same instant and came later,
    picture, sound = SourceClock(90_000), SourceClock(48_000)
    assert picture.place(5_000, 1_000) == 90_000
    first = sound.place(4_294_967_000, 1_000 + skew_ms)
    # when both have had their sender reports,
    picture.note_report(7 << 32, 5_000)
    sound.note_report(7 << 32, 4_294_967_000)
    sound.follow(picture)
    # then the sound is where the picture is, unless the distance is too small to be heard.
    moved = sound.place(4_294_967_000 + 480 & 0xFFFFFFFF, 1_000)
    assert moved == (first + 480 if abs(skew_ms) < 20 else 48_000 + 480)


def test_rtp_feedback_is_readable_by_another_library() -> None:
    [lost] = RtcpPacket.parse(rtcp.nack(1, 2, LOST))
    [key] = RtcpPacket.parse(rtcp.pli(1, 2))
    [much] = RtcpPacket.parse(rtcp.remb(1, 2, 8_000_000))
    report, _ = RtcpPacket.parse(rtcp.sender_report(3, rtcp.ntp(1_500_000), 9, 10, 11))

    assert isinstance(lost, RtcpRtpfbPacket)
    assert lost.lost == LOST
    assert isinstance(key, RtcpPsfbPacket)
    assert isinstance(much, RtcpPsfbPacket)
    bits_per_second, sources = unpack_remb_fci(much.fci)
    assert bits_per_second == pytest.approx(8_000_000, rel=0.01)
    assert sources == [2]
    assert isinstance(report, RtcpSrPacket)
    assert report.sender_info.ntp_timestamp == (2_208_988_801 << 32) + (1 << 31)


@given(st.binary(max_size=80))
def test_rtp_broken_rtcp_has_no_reports(data: bytes) -> None:
    assert isinstance(rtcp.parse(data), list)


class Kept:
    """A depacketizer that records its input."""

    def __init__(self) -> None:
        self.packets: list[packets.RtpPacket] = []
        self.losses = 0

    def take(self, packet: packets.RtpPacket) -> None:
        self.packets.append(packet)

    def lose(self) -> None:
        self.losses += 1


def test_rtp_second_source_waits_until_the_first_is_silent() -> None:
    # Given a sender of two simulcast layers under one payload type,
    sink = Kept()
    form = Format(96, "h264", 90_000, {}, frozenset())
    receiver = RtpReceiver(form, 1, 250, sink, lambda _: None)
    for at_ms in range(0, 500, 100):
        for ssrc in (7, 8):
            receiver.push(packets.RtpPacket(96, True, at_ms // 100, at_ms * 90, ssrc, b"x"), at_ms)
    # then the first is accepted completely,
    assert [(packet.ssrc, packet.sequence) for packet in sink.packets] == [
        (7, at) for at in range(5)
    ]
    assert sink.losses == 0
    # and the second once the first has been silent for a while.
    receiver.push(packets.RtpPacket(96, True, 50, 0, 8, b"x"), 1_000)
    assert sink.packets[-1].ssrc == 7
    receiver.push(packets.RtpPacket(96, True, 51, 0, 8, b"x"), 1_500)
    assert (sink.packets[-1].ssrc, sink.losses) == (8, 1)


@table("size", [1, 1_179, 1_180, 5_000])
def test_rtp_vp8_frame_survives_its_payloads(size: int) -> None:
    frame = bytes(number % 251 for number in range(size))

    payloads = vp8.payloads(frame)

    assert all(len(payload) <= h264.PAYLOAD_SIZE_MAX for payload in payloads)
    assert [vp8.is_start(payload) for payload in payloads] == [True, *[False] * (len(payloads) - 1)]
    assert b"".join(vp8.content(payload) for payload in payloads) == frame
