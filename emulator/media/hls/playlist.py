"""Playlists: turns a window into text (RFC 8216bis). Pure: the same window gives the same text.

Each part has an address of its own instead of a byte range of its segment. A preload hint for a
range of a growing file has an open end, so its response would have to stay open until the segment
ends; a small file can be hinted, blocked on, cached and fetched across origins without a `Range`
header. Parts are numbered over the whole stream, because at the time of a hint it is unknown
whether the next part will be in this segment or in the next one: `part-57.m4s` is right in both
cases.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import ceil

from msgspec import Struct

from emulator.media.hls.segments import Segment, StoredPart
from emulator.media.hls.window import Window, bits_per_second, round_seconds
from emulator.media.ticks import TICKS_PER_SECOND

MEDIA_FOLDER = "../media/"
NO_CAPTIONS = "CLOSED-CAPTIONS=NONE"
VERSION_PLAIN = 6  # EXT-X-MAP needs 6 in playlists that are not I-frame only (RFC 8216bis, 8).
VERSION_GAP = 8  # EXT-X-GAP.
_INDEPENDENT = "#EXT-X-INDEPENDENT-SEGMENTS"
# Without a line after the last segment, hls.js takes that segment for the next one too, and gives
# up on the next playlist.
_PAUSED = "# Nobody publishes just now."
VERSION_LOW_LATENCY = 9  # EXT-X-SKIP needs 9.


class RenditionReport(Struct, frozen=True):
    """The last segment and part of another rendition of the same stream."""

    uri: str
    last_msn: int
    last_part: int | None


def multivariant(window: Window, media_uri: str) -> str:
    """The multivariant playlist, with one entry: codecs, size and measured bit rates."""
    inits = window.complete.inits + ([window.open.init] if window.open is not None else [])
    latest = window.init or inits[-1]
    codecs = dict.fromkeys(codec for init in [latest, *inits] for codec in init.codecs.split(","))
    peak, average = _bandwidth(window)
    attributes = [
        f"BANDWIDTH={max(peak, average, 1)}",
        f"AVERAGE-BANDWIDTH={max(average, 1)}",
        f'CODECS="{",".join(codecs)}"',
    ]
    if latest.width and latest.height:
        attributes.append(f"RESOLUTION={latest.width}x{latest.height}")
        if window.frame_rate is not None:
            attributes.append(f"FRAME-RATE={window.frame_rate:.3f}")
        # Without the attribute the range is SDR (RFC 8216bis, 4.4.6.2).
        if latest.video_range != "SDR":
            attributes.append(f"VIDEO-RANGE={latest.video_range}")
    # Without CLOSED-CAPTIONS, Shaka looks for captions, even in a segment that has no address yet,
    # and gives up.
    if not window.has_captions and not window.is_recording:
        attributes.append(NO_CAPTIONS)
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION_PLAIN}"]
    if window.is_independent:
        lines.append(_INDEPENDENT)
    lines += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", media_uri]
    return _text(lines)


def plain(window: Window) -> str:
    """The live playlist for players without low latency."""
    lines = [*window.complete.texts(_plainly_listed)]
    if window.is_paused and window.open is not None:
        lines.append(_plainly_listed(window.open))
    return _segments_only(window, _live_head(window), lines)


def recording(window: Window) -> str:
    """The VOD playlist of a finished recording, for an address where it was never live."""
    longest = max((round_seconds(segment.duration) for segment in window.complete), default=1)
    target = f"#EXT-X-TARGETDURATION:{max(1, longest)}"
    # Nothing of it was ever listed before all of it was there.
    lines = [line for segment in window.listed for line in _lines(segment, segment.name)]
    return _segments_only(window, [target, "#EXT-X-PLAYLIST-TYPE:VOD"], lines)


def _segments_only(window: Window, head: Iterable[str], segment_lines: Iterable[str]) -> str:
    version = VERSION_GAP if window.complete.has_gap else VERSION_PLAIN
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{version}", *head]
    lines += _sequences(window, window.complete.late_parts, dropped=window.late_parts_dropped)
    lines += _first_map(window)
    lines += segment_lines
    if window.is_finished:
        lines.append("#EXT-X-ENDLIST")
    return _text(lines)


def low_latency(
    window: Window,
    *,
    is_delta: bool = False,
    is_first: bool = False,
    reports: Sequence[RenditionReport] = (),
) -> str:
    """The playlist with parts, hints and blocking reload.

    `is_delta` leaves out segments that the player has (4.4.5.2). `is_first` leaves out the open
    segment, of which a player learns with its next request.
    """
    late_parts = window.complete[-1].late_parts if window.is_finished and window.complete else ()
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_LOW_LATENCY}",
        *_live_head(window),
        _server_control(window),
        f"#EXT-X-PART-INF:PART-TARGET={_seconds(window.part_target)}",
        *_sequences(window, late_parts),
    ]
    skipped = _skippable(window) if is_delta else 0
    lines += [f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"] if skipped else _first_map(window)
    first_with_parts = _first_with_parts(window)

    def text_of(segment: Segment) -> str:
        has_parts = segment.msn >= first_with_parts
        return _with_parts(segment, late_parts) if has_parts else _listed(segment)

    lines += window.complete.texts(text_of, skipped)
    for part in late_parts:
        lines += [_part_line(part), *_as_segment(part)]
    opened = None if is_first else window.open
    if opened is not None and window.is_paused and not window.complete:
        lines.append(_with_parts(opened))
    elif opened is not None:
        lines += [*_segment_tags(opened), *map(_part_line, opened.parts)]
    if window.is_finished:
        lines.append("#EXT-X-ENDLIST")
        return _text(lines)
    # While nobody publishes, no part is hinted: it may never come, and Shaka gives up when a hinted
    # part is 404 at the end.
    if window.is_paused:
        lines.append(_PAUSED)
    else:
        hinted = window.open.parts[0].number if is_first and window.open else window.next_part
        uri = f"{MEDIA_FOLDER}part-{hinted}.m4s"
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{uri}"')
    lines += [_report_line(report) for report in reports]
    return _text(lines)


def report(window: Window, uri: str) -> RenditionReport:
    """The report on this window for the other renditions' playlists (RFC 8216bis, 4.4.5.4)."""
    last = window.open or window.complete[-1]
    return RenditionReport(uri, last.msn, len(last.parts) - 1 if last.parts else None)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _seconds(ticks: int) -> str:
    return f"{ticks / TICKS_PER_SECOND:.5f}"


def _live_head(window: Window) -> Iterator[str]:
    """Yield the tags that stay the same to the end of the stream.

    A playlist that no segment leaves is an EVENT (4.4.3.5). Without that tag Shaka assumes a window
    that moves with the clock, also while the publisher is away: of a short stream, nothing would be
    left to play, and Shaka would never come to the end.
    """
    yield f"#EXT-X-TARGETDURATION:{window.target_seconds}"
    if window.keeps_all:
        yield "#EXT-X-PLAYLIST-TYPE:EVENT"


def _server_control(window: Window) -> str:
    target = window.target_seconds
    part_hold_back = ceil(3 * window.part_target * 1000 / TICKS_PER_SECOND) / 1000
    return (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES"
        f",CAN-SKIP-UNTIL={6 * target:.1f},PART-HOLD-BACK={part_hold_back:.3f}"
        f",HOLD-BACK={3 * target:.1f}"
    )


def _sequences(
    window: Window, late_parts: Sequence[StoredPart], *, dropped: int = 0
) -> Iterator[str]:
    """Yield the sequence numbers. Each of `late_parts` is listed as a segment.

    `dropped`: the number of such parts that have left the window.
    """
    if window.is_independent and all(part.is_independent for part in late_parts):
        yield _INDEPENDENT
    yield f"#EXT-X-MEDIA-SEQUENCE:{window.first_msn + dropped}"
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}"


def _first_map(window: Window) -> Iterator[str]:
    """Yield the first segment's EXT-X-MAP, which its own lines have only after a discontinuity."""
    first = window.complete[0] if window.complete else window.open
    if first is not None and not first.starts_discontinuity:
        yield _map_line(first)


def _listed(segment: Segment) -> str:
    """The lines of a complete segment without parts: the same in every playlist, so made once."""
    if not segment.listed:
        segment.listed = "\n".join(_lines(segment, segment.whole_name))
    return segment.listed


def _lines(segment: Segment, name: str) -> list[str]:
    return [*_segment_tags(segment), *_segment_end(segment, segment.duration, name)]


def _plainly_listed(segment: Segment) -> str:
    """The lines of a segment for players without low latency."""
    is_cut = segment.duration_at_pause > 0
    return "\n".join(_as_of_pause(segment)) if is_cut else _listed(segment)


def _as_of_pause(segment: Segment) -> list[str]:
    """The lines of a segment as it was listed when its publisher left, then of its later parts.

    Players have loaded the segment and do not load it again, so the later parts are listed as
    segments.
    """
    end = _segment_end(segment, segment.duration_at_pause, segment.name)
    lines = [*_segment_tags(segment), *end]
    for part in segment.late_parts:
        lines += _as_segment(part)
    return lines


def _as_segment(part: StoredPart) -> list[str]:
    return [f"#EXTINF:{_seconds(part.duration)},", MEDIA_FOLDER + part.name]


def _with_parts(segment: Segment, without: Sequence[StoredPart] = ()) -> str:
    parts = [part for part in segment.parts if part not in without]
    lines = map(_part_line, parts)
    duration = sum(part.duration for part in parts)
    name = segment.name if without else segment.whole_name
    return "\n".join([*_segment_tags(segment), *lines, *_segment_end(segment, duration, name)])


def _segment_tags(segment: Segment) -> Iterator[str]:
    if segment.starts_discontinuity:
        yield "#EXT-X-DISCONTINUITY"
        yield _map_line(segment)
    date = datetime.fromtimestamp(segment.program_ms / 1000, UTC)
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date.isoformat(timespec='milliseconds')[:-6]}Z"


def _map_line(segment: Segment) -> str:
    return f'#EXT-X-MAP:URI="{MEDIA_FOLDER}{segment.init.name}"'


def _segment_end(segment: Segment, duration: int, name: str) -> Iterator[str]:
    if segment.is_gap:
        yield "#EXT-X-GAP"
    yield f"#EXTINF:{_seconds(duration)},"
    yield MEDIA_FOLDER + name


def _part_line(part: StoredPart) -> str:
    line = f'#EXT-X-PART:DURATION={_seconds(part.duration)},URI="{MEDIA_FOLDER}{part.name}"'
    return line + ",INDEPENDENT=YES" if part.is_independent else line


def _report_line(report: RenditionReport) -> str:
    part = "" if report.last_part is None else f",LAST-PART={report.last_part}"
    return f'#EXT-X-RENDITION-REPORT:URI="{report.uri}",LAST-MSN={report.last_msn}{part}'


def _first_with_parts(window: Window) -> int:
    """The first segment to list by part: three target durations from the end (8216bis, 4.4.4.9)."""
    left = 3 * window.target_seconds * TICKS_PER_SECOND
    msn = window.next_msn
    if window.open is not None:
        left -= window.open.duration
    for segment in reversed(window.complete):
        if left <= 0 or not segment.parts:
            break
        msn = segment.msn
        left -= segment.duration
    return msn


def _skippable(window: Window) -> int:
    """The number of segments before the skip boundary of six target durations (6.2.5.1)."""
    boundary = 6 * window.target_seconds * TICKS_PER_SECOND
    behind = window.open.duration if window.open is not None else 0
    count = 0
    for segment in reversed(window.complete):
        if behind >= boundary:
            break
        behind += segment.duration
        count += 1
    return len(window.complete) - count


def _bandwidth(window: Window) -> tuple[int, int]:
    """The peak and average bits a second; before a segment is complete, those of the open one."""
    if window.total_ticks:
        return window.peak_bits, bits_per_second(window.total_bytes, window.total_ticks)
    started = window.open
    rate = bits_per_second(started.length, started.duration) if started is not None else 0
    return rate, rate
