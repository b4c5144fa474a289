"""Answer: writes the SDP answer to an offer (RFC 9429, 5.3.1), and the clients' offer.

Pure. Everything goes over one transport (BUNDLE), RTCP on RTP's port (rtcp-mux).
"""

from collections.abc import Sequence

from msgspec import Struct

from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.webrtc.sdp.description import (
    Direction,
    Format,
    MediaKind,
    Offer,
    Remote,
    Section,
)

# The feedback that we send and accept; other feedback in an offer is left out.
_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb")


class Local(Struct, frozen=True):
    """Our side of the transport. `setup` is `active` or `passive`; candidates are as in SDP."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[str, ...]


class SectionAnswer(Struct, frozen=True):
    """The answer to one section of the offer: its formats and direction.

    `ssrc` and `label` (msid) are set where media is sent.
    """

    formats: tuple[Format, ...]
    direction: Direction
    ssrc: int | None = None
    label: str = "- -"


def write(
    offer: Offer, answers: Sequence[SectionAnswer | None], local: Local, session_id: int
) -> str:
    """Write the answer. `answers` has one item for each section; None disables the section."""
    mids = " ".join(
        section.mid
        for section, track in zip(offer.sections, answers, strict=True)
        if track is not None
    )
    lines = [
        "v=0",
        f"o=- {session_id} 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mids}",
        "a=msid-semantic: WMS *",
    ]
    is_first = True
    for section, track in zip(offer.sections, answers, strict=True):
        if track is None:
            lines += _refused(section)
        else:
            lines += _accepted(section, track, local, is_first)
            is_first = False
    return "\r\n".join(lines) + "\r\n"


def write_offer(
    local: Local,
    sound: tuple[int, int | None],
    picture: tuple[int, int | None],
    direction: Direction = "sendonly",
) -> str:
    """Write an offer of Opus and H.264; each as a payload type, and an SSRC if it is sent."""
    opus = Format(sound[0], "opus", 48_000, {"minptime": "10", "useinbandfec": "1"}, frozenset())
    video = Format(
        picture[0], "h264", TICKS_PER_SECOND, _H264_OFFERED, frozenset({"nack", "nack pli"})
    )
    sections = (_section("audio", "0", opus), _section("video", "1", video))
    offer = Offer(sections, _NOBODY)
    answers = [
        SectionAnswer((opus,), direction, sound[1], "live sound"),
        SectionAnswer((video,), direction, picture[1], "live picture"),
    ]
    return write(offer, answers, local, 1)


def _section(kind: MediaKind, mid: str, form: Format) -> Section:
    return Section(
        kind=kind,
        protocol="UDP/TLS/RTP/SAVPF",
        mid=mid,
        direction="sendonly",
        has_port=True,
        formats=(form,),
        codes=(str(form.payload_type),),
        extensions={},
        ssrcs=(),
        label="",
    )


def _refused(section: Section) -> list[str]:
    codes = " ".join(section.codes)
    return [
        f"m={section.kind} 0 {section.protocol} {codes}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        f"a=mid:{section.mid}",
    ]


def _accepted(section: Section, answer: SectionAnswer, local: Local, is_first: bool) -> list[str]:
    codes = " ".join(str(codec.payload_type) for codec in answer.formats)
    lines = [
        f"m={section.kind} 9 {section.protocol} {codes}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{local.setup}",
        f"a=mid:{section.mid}",
        f"a={answer.direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]
    for codec in answer.formats:
        lines += _format(section, codec)
    if answer.ssrc is not None:
        lines += [
            f"a=msid:{answer.label}",
            f"a=ssrc:{answer.ssrc} cname:live-emulator",
            f"a=ssrc:{answer.ssrc} msid:{answer.label}",
        ]
    if is_first:  # The first section's candidates count for the bundle (RFC 9143, 7.3.3).
        lines += [f"a=candidate:{candidate}" for candidate in local.candidates]
        lines.append("a=end-of-candidates")
    return lines


def _format(section: Section, codec: Format) -> list[str]:
    channels = "/2" if codec.name == "opus" else ""
    lines = [f"a=rtpmap:{codec.payload_type} {_NAMES[codec.name]}/{codec.clock_rate}{channels}"]
    if section.kind == "video":
        lines += [
            f"a=rtcp-fb:{codec.payload_type} {name}" for name in _FEEDBACK if name in codec.feedback
        ]
    if codec.parameters:
        text = ";".join(f"{name}={value}" for name, value in codec.parameters.items())
        lines.append(f"a=fmtp:{codec.payload_type} {text}")
    return lines


_H264_OFFERED = {
    "level-asymmetry-allowed": "1",
    "packetization-mode": "1",
    "profile-level-id": "42e034",
}
_NOBODY = Remote("", "", "actpass", (), (), False)
_NAMES = {"opus": "opus", "h264": "H264", "vp8": "VP8"}
