"""Offers are parsed as browsers write them; anything else is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.errors import Refused
from emulator.media.webrtc.sdp import codecs
from emulator.media.webrtc.sdp.answer import Local, SectionAnswer, write
from emulator.media.webrtc.sdp.description import parse, parse_fragment
from tests.support.sdp_offers import browser_offer
from tests.support.tables import table

OFFER = browser_offer()
LINES = OFFER.splitlines(keepends=True)
LOCAL = Local(
    "user", "p" * 22, ":".join(["AB"] * 32), "active", ("1 1 udp 1 127.0.0.1 9 typ host",)
)


def test_sdp_browser_offer_is_read() -> None:
    offer = parse(OFFER)

    sound, picture = offer.sections
    assert (sound.kind, sound.mid, sound.direction) == ("audio", "0", "sendonly")
    assert [codec.name for codec in picture.formats] == ["vp8", "rtx", "h264", "h264", "h264"]
    assert picture.ssrcs == (4113054022,)
    assert "nack pli" in picture.formats[0].feedback
    assert offer.remote.setup == "actpass"


def test_sdp_offer_prefers_h264_in_fragments() -> None:
    taken = codecs.to_receive(parse(OFFER))

    assert {index: form.payload_type for index, form in taken.items()} == {0: 111, 1: 104}
    assert taken[1].parameters["profile-level-id"] == "420034"


def test_sdp_viewer_gets_the_nearest_profile() -> None:
    offer = parse(browser_offer(direction="recvonly"))

    assert codecs.to_send(offer, "4d0028")[1].payload_type == 116
    assert codecs.to_send(offer, "640028")[1].payload_type == 104


def test_sdp_viewer_without_h264_gets_vp8_and_without_both_is_refused() -> None:
    receives = OFFER.replace("sendonly", "recvonly").replace("sendrecv", "recvonly")

    taken = codecs.to_send(parse(receives.replace("H264", "H266")), "4d0028")
    assert [form.name for form in taken.values()] == ["opus", "vp8"]
    for before in ("VP8", "opus"):
        with pytest.raises(Refused) as refused:
            codecs.to_send(parse(receives.replace("H264", "H266").replace(before, "x")), "")
        assert refused.value.code == "unsupported"
        assert {"VP8": "picture", "opus": "sound"}[before] in refused.value.message


def test_sdp_publisher_with_one_unsupported_track_is_refused() -> None:
    with pytest.raises(Refused, match="The picture has no supported codec"):
        codecs.to_receive(parse(OFFER.replace("H264", "AV1").replace("VP8", "VP9")))
    with pytest.raises(Refused, match="The sound has no supported codec"):
        codecs.to_receive(parse(OFFER.replace("opus", "PCMU")))


def test_sdp_answer_is_readable_and_rejects_unused_media() -> None:
    offer = parse(OFFER)
    form = codecs.to_receive(offer)[0]

    text = write(offer, [SectionAnswer((form,), "recvonly"), None], LOCAL, 1)

    assert "a=group:BUNDLE 0\r\n" in text
    assert "m=video 0 " in text
    assert parse(text).sections[1].has_port is False


def test_sdp_fragment_candidates_and_the_end_are_read() -> None:
    candidate = "1 1 udp 1 ::1 9 typ host"
    text = f"a=ice-ufrag:abcd\r\na=mid:0\r\na=candidate:{candidate}\r\na=candidate:x\r\n"

    assert parse_fragment(text) == ("abcd", (candidate,))
    assert parse_fragment("a=end-of-candidates\n") == (None, ())
    assert parse_fragment("a=candidate:\n") == (None, ())
    assert parse_fragment("a=ice-ufrag:abcd\na=ice-pwd:x\n") == ("abcd", ())


@table(
    "text",
    [
        "",
        "hello",
        "{}",
        "a=",
        "a=mid:0\n",
        "a=candidate:x\n",
        "a=ice-ufrag:abcd\na=candidate:x\n",
        "a=ice-ufrag:abcd\na=ice-ufrag:efgh\n",
        "a=end-of-candidates\nnot a line\n",
    ],
)
def test_sdp_malformed_fragment_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_fragment(text)
    assert refused.value.code == "bad_request"


@table(
    ("before", "after"),
    [
        ("v=0", "v=1"),
        ("a=mid:1", "a=mid:0"),
        ("a=mid:0", ""),
        ("BUNDLE 0 1", "LS 0 1"),
        ("a=ice-pwd:", "a=ice-pwd:!"),
        ("a=setup:actpass", "a=setup:holdconn"),
        ("a=fingerprint:sha-256 5B", "a=fingerprint:sha-256 xx"),
        ("m=audio", "m=smell"),
    ],
)
def test_sdp_unanswerable_offer_is_refused(before: str, after: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(OFFER.replace(before, after))

    assert refused.value.code == "bad_request"


@given(st.text(max_size=300))
def test_sdp_garbage_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        parse(text)


@given(st.data())
def test_sdp_mangled_offer_is_read_or_refused(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        cut = data.draw(st.integers(0, len(lines[at])))
        lines[at] = lines[at][:cut] + data.draw(st.text(max_size=20))
    try:
        offer = parse("".join(lines))
        taken = codecs.to_receive(offer)
    except Refused:
        return
    entries = [
        SectionAnswer((taken[index],), "recvonly") if index in taken else None
        for index in range(len(offer.sections))
    ]
    assert write(offer, entries, LOCAL, 1)
