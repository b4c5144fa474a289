"""Codecs: chooses one of the offered formats, for publishers and for viewers. Pure."""

from collections.abc import Mapping

from emulator.core.errors import Refused
from emulator.media.webrtc.sdp.description import Direction, Format, Offer, Section

_SENDS: frozenset[Direction] = frozenset({"sendonly", "sendrecv"})
_RECEIVES: frozenset[Direction] = frozenset({"recvonly", "sendrecv"})
# Level 5.2 (H.264, A.3): with asymmetric levels allowed, no peer needs to send a smaller picture.
_LEVEL = "34"
_SOUND_PARAMETERS = {"minptime": "10", "useinbandfec": "1", "stereo": "1", "sprop-stereo": "1"}


def to_receive(offer: Offer) -> dict[int, Format]:
    """Choose the formats of a publisher's offer, by the section's index: one audio, one video.

    Refuses (`unsupported`) an offer that sends no media, or video or audio in an unsupported codec:
    half of a broadcast would be missing without notice.
    """
    chosen = _take(offer, _SENDS, ("h264", "vp8"))
    missing = _missing(offer, _SENDS, chosen)
    if missing or not chosen:
        raise Refused(
            "unsupported",
            f"The {missing or 'offer'} has no supported codec: send H.264 or VP8, and Opus.",
        )
    return chosen


def to_send(offer: Offer, profile: str) -> dict[int, Format]:
    """Choose the formats for a viewer: one audio and one video, of those that it offers to receive.

    `profile` is the stream's H.264 profile, as in `profile-level-id`. VP8 is chosen where the
    viewer has no H.264. Refuses (`unsupported`) an offer that receives no media, or video or audio
    in a codec that cannot be sent.
    """
    chosen = _take(offer, _RECEIVES, ("h264", "vp8"), profile)
    missing = _missing(offer, _RECEIVES, chosen)
    if missing or not chosen:
        raise Refused(
            "unsupported",
            f"The {missing or 'offer'} has no codec that can be sent: "
            "offer to receive H.264 or VP8, and Opus.",
        )
    return chosen


def _take(
    offer: Offer, directions: frozenset[Direction], names: tuple[str, ...], profile: str = ""
) -> dict[int, Format]:
    """Choose the first supported audio and video, by the section's index."""
    chosen: dict[int, Format] = {}
    for kind in ("audio", "video"):
        for index, section in enumerate(offer.sections):
            if section.kind == kind and section.has_port and section.direction in directions:
                form = _sound(section) or _picture(section, names, profile)
                if form is not None:
                    chosen[index] = form
                    break
    return chosen


def _missing(offer: Offer, directions: frozenset[Direction], chosen: Mapping[int, Format]) -> str:
    """The kind that is offered only in unsupported codecs: `picture`, `sound`, or "" for none."""
    kinds = {
        section.kind
        for section in offer.sections
        if section.has_port and section.direction in directions
    }
    spoken = {offer.sections[index].kind for index in chosen}
    names = {"video": "picture", "audio": "sound"}
    return next((names[kind] for kind in ("video", "audio") if kind in kinds - spoken), "")


Formats = tuple[Format, ...]


def to_forward(section: Section) -> Formats:
    """Choose the formats of a section that are forwarded between participants.

    VP8 comes first, which every browser has; a participant sends the first one.
    """
    if not section.has_port or section.kind == "application":
        return ()
    formats = (_sound(section), _picture(section, ("vp8",)), _picture(section, ("h264",), "42e01f"))
    return tuple(form for form in formats if form is not None)


def _sound(section: Section) -> Format | None:
    if section.kind != "audio":
        return None
    opus = next(
        (codec for codec in section.formats if (codec.name, codec.clock_rate) == ("opus", 48_000)),
        None,
    )
    return opus._replace(parameters=_SOUND_PARAMETERS) if opus else None


def _picture(section: Section, names: tuple[str, ...], profile: str = "") -> Format | None:
    """Choose the first offered codec of `names`; for H.264, the format nearest to the profile."""
    if section.kind != "video":
        return None
    for name in names:
        offered = [codec for codec in section.formats if codec.name == name]
        if name == "h264":
            offered = sorted(offered, key=lambda codec: _distance(codec, profile))
        if offered:
            return _spoken(offered[0])
    return None


def _distance(form: Format, profile: str) -> tuple[bool, bool]:
    """Sort key of a format. Sorting is stable, so for equal keys the peer's order decides."""
    is_single = form.parameters.get("packetization-mode", "0") != "1"
    return is_single, bool(profile) and _profile(form)[:2] != profile[:2]


def _profile(form: Format) -> str:
    """The profile of a format; by default Baseline, level 1 (RFC 6184, 8.1)."""
    text = form.parameters.get("profile-level-id", "42e00a")
    return text if len(text) == 6 else "42e00a"


def _spoken(form: Format) -> Format:
    if form.name != "h264":
        return form._replace(parameters={})
    is_asymmetric = form.parameters.get("level-asymmetry-allowed") == "1"
    text = _profile(form)
    parameters = {
        "level-asymmetry-allowed": "1" if is_asymmetric else "0",
        "packetization-mode": form.parameters.get("packetization-mode", "0"),
        "profile-level-id": text[:4] + _LEVEL if is_asymmetric else text,
    }
    return form._replace(parameters=parameters)
