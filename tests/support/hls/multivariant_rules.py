"""The requirements of RFC 8216bis for the multivariant playlist."""

import re

from tests.support.hls.media_rules import (
    Rule,
    broken,
    every_tag_is_known,
    header_tags_come_once,
    starts_with_extm3u,
    version_allows_every_tag,
)
from tests.support.hls.text import Playlist, attributes, parse


def check_multivariant(text: str) -> list[str]:
    """The broken rules of a multivariant playlist."""
    return broken(MULTIVARIANT_RULES, parse(text))


def every_variant_has_an_address(playlist: Playlist) -> bool:
    """4.4.6.2: the URI line that follows the tag is REQUIRED."""
    following = zip(playlist.lines, [*playlist.lines[1:], ""], strict=True)
    variants = [after for line, after in following if line.startswith("#EXT-X-STREAM-INF:")]
    return bool(variants) and all(after and not after.startswith("#") for after in variants)


def variants_say_what_they_need(playlist: Playlist) -> bool:
    """4.4.6.2: BANDWIDTH is REQUIRED; CODECS, and of video RESOLUTION, SHOULD be there."""
    needed = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"}
    for name, value in playlist.tags:
        if name == "EXT-X-STREAM-INF":
            values = attributes(value)
            is_video = re.search(r"avc1|hvc1|av01|vp09", values.get("CODECS", "")) is not None
            if not needed <= values.keys() or is_video != ("RESOLUTION" in values):
                return False
    return True


def attribute_values_have_their_form(playlist: Playlist) -> bool:
    """4.2 and 4.4.6.2: integers, WxH, three decimals, a quoted list without spaces."""
    forms = {
        "BANDWIDTH": r"[1-9][0-9]*",
        "AVERAGE-BANDWIDTH": r"[1-9][0-9]*",
        "RESOLUTION": r"[1-9][0-9]*x[1-9][0-9]*",
        "FRAME-RATE": r"[0-9]+\.[0-9]{3}",
        "VIDEO-RANGE": r"PQ|HLG",
        "CODECS": r"[A-Za-z0-9.]+(,[A-Za-z0-9.]+)*",
        "CLOSED-CAPTIONS": "NONE",
    }
    variants = [attributes(value) for name, value in playlist.tags if name == "EXT-X-STREAM-INF"]
    return all(
        re.fullmatch(forms[name], value) for variant in variants for name, value in variant.items()
    )


def bandwidth_is_a_peak(playlist: Playlist) -> bool:
    """4.4.6.2: the average is not above it."""
    variants = [attributes(value) for name, value in playlist.tags if name == "EXT-X-STREAM-INF"]
    return all(
        float(variant.get("BANDWIDTH", 0)) >= float(variant.get("AVERAGE-BANDWIDTH", 0))
        for variant in variants
    )


def it_has_no_media_tags(playlist: Playlist) -> bool:
    """4.4.3 and 4.4.4: those are for media playlists."""
    media = {"EXTINF", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-PART", "EXT-X-MAP"}
    return not any(name in media for name, _ in playlist.tags)


MULTIVARIANT_RULES: tuple[Rule, ...] = (
    starts_with_extm3u,
    every_tag_is_known,
    version_allows_every_tag,
    header_tags_come_once,
    every_variant_has_an_address,
    variants_say_what_they_need,
    attribute_values_have_their_form,
    bandwidth_is_a_peak,
    it_has_no_media_tags,
)
