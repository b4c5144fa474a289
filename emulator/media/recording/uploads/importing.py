"""Importing: turns an uploaded file, or a recording, into a recording's folder. For threads.

Video that browsers play is copied. Everything else is transcoded to H.264 and AAC, since users who
upload a video expect to see it and not to read about codecs.
"""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator import busy_files
from emulator.core.errors import ProtocolError, Refused
from emulator.media.packets import Packet
from emulator.media.recording.footage import Footage
from emulator.media.recording.mp4 import remux
from emulator.media.recording.recordings import MP4_NAME
from emulator.media.recording.uploads.demux import UploadedFilm
from emulator.media.recording.uploads.probe import UPLOAD_OPTIONS, Probed, probe
from emulator.media.recording.uploads.progress import JobProgress
from emulator.media.recording.uploads.recording_writer import DRAFT_NAME, write_recording
from emulator.media.recording.uploads.transcode import (
    Codec,
    Quality,
    Sound,
    Span,
    TranscodePlan,
    transcode,
)
from emulator.media.recording.uploads.upload import UPLOAD_NAME
from emulator.media.ticks import TICKS_PER_SECOND

_MP4_DRAFT_NAME = "default.draft"

Container = Literal["mp4", "webm", "mov", "avi"]


class Imported(Struct, frozen=True):
    """A complete recording. Sizes are those of the displayed picture; `file_bytes` of its file."""

    width: int
    height: int
    duration_ms: int
    file_bytes: int


class TargetFormat(Struct, frozen=True):
    """The target of processing a video. Without `size` and `height` it keeps its size.

    `size` is a box that the picture fits into; with a `height`, the width follows.
    """

    container: Container = "mp4"
    codec: Codec = "h264"
    quality: Quality = "medium"
    height: int | None = None
    size: tuple[int, int] | None = None


def import_upload(folder: Path, segment_ms: int, at_ms: int, progress: JobProgress) -> Imported:
    """Make the upload in `folder` playable. The file itself stays, so that this can be repeated.

    Refuses (`unsupported`) a file that cannot be made playable, (`unavailable`) without room on the
    disk or when cancelled.
    """
    source = folder / UPLOAD_NAME
    probed = probe(source)
    upload_bytes = source.stat().st_size
    _check_disk(folder, 2 * upload_bytes)
    plan = _plan(probed)
    try:
        imported = _import(source, folder, probed, plan, (segment_ms, at_ms), progress)
    except (ProtocolError, Refused, ValueError) as error:
        if plan.codec is not None or _is_cancelled(error):
            raise
        # The track looked as if it could be copied, but cannot: it is transcoded instead.
        again = replace(plan, codec="h264", sound="aac" if probed.audio_codec else None)
        imported = _import(source, folder, probed, again, (segment_ms, at_ms), progress)
    return replace(imported, file_bytes=upload_bytes)


def process(
    source: Path,
    folder: Path,
    wanted: TargetFormat,
    segment_ms: int,
    at_ms: int,
    progress: JobProgress,
) -> Imported:
    """Make another recording, in `folder`, of the file `source`. Refuses as `import_upload`."""
    folder.mkdir(parents=True)
    probed = probe(source)
    _check_disk(folder, 3 * source.stat().st_size)
    width, height = _box(probed, wanted)
    sound: Any = "opus" if wanted.container == "webm" else "aac"
    plan = TranscodePlan(wanted.codec, sound, width, height, wanted.quality)
    imported = _import(source, folder, probed, plan, (segment_ms, at_ms), progress)
    if wanted.container != "mp4":
        progress.begin("packaging", 95, 100)
        target = folder / f"default.{wanted.container}"
        _repackage(folder / MP4_NAME, target, wanted.container)
        imported = replace(imported, file_bytes=target.stat().st_size)
    return imported


def cut(
    footage: Footage, span: Span, folder: Path, segment_ms: int, at_ms: int, progress: JobProgress
) -> Imported:
    """Make a recording, in `folder`, of a span of footage, exact to the frame.

    Only the needed media is decoded: footage begins with the key frame before. Refuses as
    `import_upload`.
    """
    folder.mkdir(parents=True)
    source = folder / UPLOAD_NAME
    begins = remux(footage, source).begins
    span = (max(0, span[0] - begins), span[1] - begins)
    probed = probe(source)
    sound: Any = "aac" if probed.audio_codec else None
    width, height = _even(probed.width), _even(probed.height)
    plan = TranscodePlan("h264", sound, width, height, "high", span)
    imported = _import(source, folder, probed, plan, (segment_ms, at_ms), progress)
    busy_files.remove(source)
    return imported


def _import(
    source: Path,
    folder: Path,
    probed: Probed,
    plan: TranscodePlan,
    times: tuple[int, int],
    progress: JobProgress,
) -> Imported:
    import av

    for left in (DRAFT_NAME, _MP4_DRAFT_NAME):
        busy_files.remove(folder / left)
    is_copied = plan.codec is None and plan.sound is None
    draft = folder / _MP4_DRAFT_NAME
    try:
        progress.begin("copying" if is_copied else "transcoding", 0, 80)
        transcode(source, draft, probed, plan, progress)
        progress.begin("packaging", 80, 95)
        with UploadedFilm(draft) as film:
            total = max(1.0, probed.seconds) * TICKS_PER_SECOND
            packets = (_watched(packet, total, progress) for packet in film.packets())
            window = write_recording(packets, film.tracks, folder, *times)
    except av.FFmpegError as error:
        raise Refused("unsupported", f"This video cannot be read: {error.strerror}.") from error
    busy_files.replace(draft, folder / MP4_NAME)
    init = window.complete[0].init
    return Imported(
        width=init.width,
        height=init.height,
        duration_ms=round(window.duration * 1000 / TICKS_PER_SECOND),
        file_bytes=(folder / MP4_NAME).stat().st_size,
    )


def _watched(packet: Packet, total: float, progress: JobProgress) -> Packet:
    if packet.is_key:
        progress.step(packet.dts * TICKS_PER_SECOND / packet.track.timescale / total)
    return packet


def _plan(probed: Probed) -> TranscodePlan:
    """Plan which tracks of an upload are transcoded, and which are copied."""
    width, height = _even(probed.width), _even(probed.height)
    picture: Codec | None = None if probed.copies_video else "h264"
    sound: Sound | None = None if probed.copies_audio else "aac"
    return TranscodePlan(picture, sound, width, height)


def _box(probed: Probed, wanted: TargetFormat) -> tuple[int, int]:
    if wanted.size is not None:
        share = min(wanted.size[0] / probed.width, wanted.size[1] / probed.height)
        return _even(probed.width * share), _even(probed.height * share)
    height = wanted.height or probed.height
    return _even(probed.width * height / probed.height), _even(height)


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))


def _repackage(source: Path, target: Path, form: Container) -> None:
    """Copy the tracks of an MP4 file to another container."""
    import av

    with (
        av.open(str(source), "r", options=UPLOAD_OPTIONS) as container,
        av.open(str(target), "w", format=form) as out,
    ):
        streams: list[Any] = [*container.streams.video, *container.streams.audio]
        copies = {
            stream.index: out.add_stream_from_template(stream, opaque=True) for stream in streams
        }
        picture = streams[0]
        frames = _AviFrames(picture, copies[picture.index]) if form == "avi" else None
        for packet in container.demux(*streams):
            if packet.dts is None:
                continue
            index = packet.stream.index
            packets = frames.of(packet) if frames and index == picture.index else [packet]
            for item in packets:
                item.stream = copies[index]
                out.mux_one(item)


class _AviFrames:
    """Writes H.264 as AVI has it: numbered frames, and no configuration record.

    The parameter sets are in the stream (ISO/IEC 14496-10, Annex B). Our encoder makes no B-frames,
    whose order AVI could not represent.
    """

    def __init__(self, picture: Any, copy: Any) -> None:
        from av.bitstream import BitStreamFilterContext

        self._filter = BitStreamFilterContext("h264_mp4toannexb", picture, copy)
        self._rate = picture.average_rate or Fraction(30)
        copy.time_base = 1 / self._rate
        self._last = -1

    def of(self, packet: Any) -> list[Any]:
        number = max(self._last + 1, round(packet.dts * packet.time_base * self._rate))
        self._last = number
        packets: list[Any] = self._filter.filter(packet)
        for item in packets:
            item.time_base, item.duration = 1 / self._rate, 1
            item.pts = item.dts = number
        return packets


def _check_disk(folder: Path, wanted_bytes: int) -> None:
    if shutil.disk_usage(folder).free < wanted_bytes:
        raise Refused("unavailable", "The disk has no room for this video.", reason="disk_full")


def _is_cancelled(error: Exception) -> bool:
    return isinstance(error, Refused) and error.code == "unavailable"
