"""The cost of renditions: 720p at 30 fps to 480p and 360p, compared with ffmpeg.

python -m benchmarks renditions
"""

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

from benchmarks.table import Section
from emulator.media.ingest.flv import FlvReader
from emulator.media.packets import VideoTrack
from emulator.media.renditions.worker import RenditionWorker
from emulator.media.timeline import Sequenced, Timeline
from tests.support.broadcast import flv_tags

NAMES = ("480p", "360p")
SECONDS = 20
ROUNDS = 3
GOAL = 1.0
# A picture with detail and movement in it, at what OBS sends by default.
PICTURE = f"testsrc2=size=1280x720:rate=30:duration={SECONDS},noise=alls=6:allf=t"
SOURCE = "-c:v libx264 -preset veryfast -b:v 2500k -maxrate 2500k -bufsize 2500k -g 60 -bf 2"
# The same encoder with the same settings.
OUTPUT = (
    "-c:v libx264 -preset superfast -tune zerolatency -threads 1 -sc_threshold 0 -g 60"
    " -b:v {bits} -maxrate {bits} -bufsize {bits} -pix_fmt yuv420p -f null -"
)


def film(folder: Path) -> Path:
    path = folder / "source.flv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", PICTURE]
    command += ["-f", "lavfi", "-i", f"sine=duration={SECONDS}", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, *SOURCE.split(), "-c:a", "aac", str(path)], check=True)
    return path


def placed(source: Path) -> list[Sequenced]:
    timeline, reader = Timeline(), FlvReader()
    return [
        sequenced
        for tag in flv_tags(source.read_bytes())
        for sequenced in timeline.push(reader.read(tag), reader.tracks, at_ms=0)
    ]


def ours(sequence: list[Sequenced]) -> tuple[float, list[float], int]:
    """CPU seconds, milliseconds per picture, and the number of pictures in the output."""
    worker = RenditionWorker(NAMES, part_ms=200, segment_ms=2000)
    took_ms: list[float] = []
    frames = 0
    start = time.process_time()
    for sequenced in sequence:
        began = time.perf_counter()
        cuts = worker.take(sequenced)
        if isinstance(sequenced.packets[0].track, VideoTrack):
            took_ms.append(1000 * (time.perf_counter() - began))
        frames += sum(type(p.track) is VideoTrack for cut in cuts for p in cut.part.packets)
    frames += sum(type(p.track) is VideoTrack for cut in worker.flush() for p in cut.part.packets)
    return time.process_time() - start, took_ms, frames


def theirs(source: Path) -> float:
    """CPU seconds of ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-threads", "1"]
    command += ["-i", str(source), "-filter_complex_threads", "1", "-filter_complex"]
    command += [
        "[0:v]split=2[a][b];[a]scale=854:480:flags=bilinear[c];[b]scale=640:360:flags=bilinear[d]"
    ]
    for pad, bits in (("[c]", "1200k"), ("[d]", "700k")):
        command += ["-map", pad, *OUTPUT.format(bits=bits).split()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> Section:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        source = film(Path(folder))
        sequence = placed(source)
        packets = [packet for sequenced in sequence for packet in sequenced.packets]
        pictures = sum(isinstance(packet.track, VideoTrack) for packet in packets)
        mine, peer = [], []
        took_ms: list[float] = []
        for _ in range(ROUNDS):
            seconds, took_ms, frames = ours(sequence)
            assert frames == pictures * len(NAMES)
            mine.append(seconds / SECONDS)
            peer.append(theirs(source) / SECONDS)
    took_ms.sort()
    share, other = min(mine), min(peer)
    return Section(
        title="Renditions",
        rows=[
            ["720p30 at 2.5 Mbit/s to 480p and 360p", "CPU a second of media", "a picture"],
            [
                "renditions, with parts",
                f"{share:.2f} s",
                f"median {took_ms[len(took_ms) // 2]:.1f} ms, "
                f"99 of 100 in {took_ms[len(took_ms) * 99 // 100]:.1f} ms",
            ],
            ["ffmpeg, the same encoder and settings, no output", f"{other:.2f} s", ""],
        ],
        bars=[("in real time on one core", share < GOAL)],
        notes=[
            f"{SECONDS} s, on one core, best of {ROUNDS} alternating rounds. Decoded once, encoded "
            "twice (libx264 superfast, zerolatency), cut into parts. A source with two "
            "B-frames adds two pictures of delay; otherwise a rendition is later by the time for "
            "one picture."
        ],
        packages=["av"],
    )


if __name__ == "__main__":
    print(measure().markdown())
