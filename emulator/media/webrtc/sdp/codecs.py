"""Choice: which of the offered formats is spoken, for publishers and for viewers. Pure."""

from collections.abc import Mapping

from emulator.core.errors import Refused
from emulator.media.webrtc.sdp.description import Direction, Format, Offer, Section

_SENDS: frozenset[Direction] = frozenset({"sendonly", "sendrecv"})
_RECEIVES: frozenset[Direction] = frozenset({"recvonly", "sendrecv"})
# Level 5.2 (H.264, A.3): with asymmetric levels allowed, nobody needs to send a smaller picture.
_LEVEL = "34"
_SOUND_PARAMETERS = {"minptime": "10", "useinbandfec": "1", "stereo": "1", "sprop-stereo": "1"}


def to_receive(offer: Offer) -> dict[int, Format]:
    """What is taken of a publisher's offer, by the section's place: one sound, one picture.

    Refuses (`unsupported`) an offer that sends nothing, or a picture or a sound in no codec that
    is spoken: half of a broadcast would go missing without a word.
    """
    taken = _take(offer, _SENDS, ("h264", "vp8"))
    missing = _missing(offer, _SENDS, taken)
    if missing or not taken:
        raise Refused(
            "unsupported",
            f"The {missing or 'offer'} is in no codec that is understood here: "
            "send H.264 or VP8, and Opus.",
        )
    return taken


def to_send(offer: Offer, profile: str) -> dict[int, Format]:
    """What a viewer is sent: one sound and one picture, of what it offers to receive.

    `profile` is the stream's H.264 profile, as in `profile-level-id`. VP8 where the viewer has no
    H.264. Refuses (`unsupported`) an offer to receive nothing, or a picture or a sound in no codec
    that can be sent.
    """
    taken = _take(offer, _RECEIVES, ("h264", "vp8"), profile)
    missing = _missing(offer, _RECEIVES, taken)
    if missing or not taken:
        raise Refused(
            "unsupported",
            f"The {missing or 'offer'} is in no codec that can be sent: "
            "offer to receive H.264 or VP8, and Opus.",
        )
    return taken


def _take(
    offer: Offer, directions: frozenset[Direction], names: tuple[str, ...], profile: str = ""
) -> dict[int, Format]:
    """The first sound and the first picture that are spoken, by the section's place."""
    taken: dict[int, Format] = {}
    for kind in ("audio", "video"):
        for index, section in enumerate(offer.sections):
            if section.kind == kind and section.has_port and section.direction in directions:
                form = _sound(section) or _picture(section, names, profile)
                if form is not None:
                    taken[index] = form
                    break
    return taken


def _missing(offer: Offer, directions: frozenset[Direction], taken: Mapping[int, Format]) -> str:
    """What is offered and nothing of it spoken: `picture`, `sound`, or nothing."""
    kinds = {
        section.kind
        for section in offer.sections
        if section.has_port and section.direction in directions
    }
    spoken = {offer.sections[index].kind for index in taken}
    names = {"video": "picture", "audio": "sound"}
    return next((names[kind] for kind in ("video", "audio") if kind in kinds - spoken), "")


Formats = tuple[Format, ...]


def to_forward(section: Section) -> Formats:
    """What is passed on between participants of one section: all that most of them speak.

    VP8 first, which every browser has; the first one is what a participant sends.
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
    """The first codec of `names` that is offered; of H.264, what comes nearest to the profile."""
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
    """Sorting is stable, so the peer's own order decides where this does not."""
    is_single = form.parameters.get("packetization-mode", "0") != "1"
    return is_single, bool(profile) and _profile(form)[:2] != profile[:2]


def _profile(form: Format) -> str:
    """RFC 6184, 8.1: what is not said is Baseline, level 1."""
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
