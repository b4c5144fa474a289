"""The cost of transcoding codecs that HLS lacks: 720p at 30 fps, compared with ffmpeg.

python -m benchmarks transcode_ingest
"""

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

from benchmarks.table import Section
from emulator.media.ingest.transcoding.source_reader import SourcePacket, SourceReader
from emulator.media.ingest.transcoding.worker import TranscodeWorker
from tests.support.broadcast import flv_tags

SECONDS = 20
ROUNDS = 3
GOAL = 1.0
# As in the benchmark of renditions.
PICTURE = f"testsrc2=size=1280x720:rate=30:duration={SECONDS},noise=alls=6:allf=t"
PICTURES = {
    "Sorenson H.263": "-c:v flv1 -b:v 4M -g 60 -pix_fmt yuv420p",
    "H.264 4:4:4": "-c:v libx264 -preset veryfast -b:v 2500k -g 60 -bf 2 -pix_fmt yuv444p",
}
SOUND = "-c:a libmp3lame -b:a 128k"
BITS = "2765k"
OUTPUTS = {
    "picture": "-map 0:v -c:v libx264 -preset superfast -tune zerolatency -threads 1"
    f" -sc_threshold 0 -g 60 -b:v {BITS} -maxrate 3456k -bufsize {BITS} -pix_fmt yuv420p",
    "sound": "-map 0:a -c:a aac -ar 48000 -ac 2 -b:a 128k",
}


def film(folder: Path, name: str) -> Path:
    path = folder / f"{name.replace(' ', '-').replace(':', '')}.flv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", PICTURE]
    command += ["-f", "lavfi", "-i", f"sine=sample_rate=44100:duration={SECONDS}"]
    subprocess.run([*command, *PICTURES[name].split(), *SOUND.split(), str(path)], check=True)
    return path


def sources(path: Path, kind: str) -> list[SourcePacket]:
    reader = SourceReader()
    read = (reader.read(tag) or [] for tag in flv_tags(path.read_bytes()))
    return [packet for packets in read for packet in packets if packet.track.kind == kind]


def ours(packets: list[SourcePacket]) -> float:
    """CPU seconds of the worker."""
    worker = TranscodeWorker(30)
    start = time.process_time()
    count = sum(len(worker.take(packet)) for packet in packets) + len(worker.end())
    assert count >= len(packets) * 0.95
    return time.process_time() - start


def theirs(path: Path, kind: str) -> float:
    """CPU seconds of ffmpeg."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-threads", "1"]
    command += ["-i", str(path), *OUTPUTS[kind].split(), "-f", "null", "-"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure() -> Section:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows: list[tuple[str, str, str]] = [("a second of media", "emulator", "ffmpeg")]
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        films = {name: film(Path(folder), name) for name in PICTURES}
        first = next(iter(films.values()))
        for name, path, kind in [
            *((f"{name} 720p30 to H.264", path, "picture") for name, path in films.items()),
            ("MP3 to AAC", first, "sound"),
        ]:
            packets = sources(path, kind)
            mine, peer = [], []
            for _ in range(ROUNDS):
                mine.append(ours(packets) / SECONDS)
                peer.append(theirs(path, kind) / SECONDS)
            shares.append(min(mine))
            rows.append((name, f"{min(mine):.3f} s", f"{min(peer):.3f} s"))
    return Section(
        title="Transcoding on the way in",
        rows=rows,
        bars=[("each in real time on one core", max(shares) < GOAL)],
        notes=[
            f"CPU time. {SECONDS} s, on one core, best of {ROUNDS} alternating rounds. The same "
            "encoders and settings: libx264 superfast, zerolatency, one thread; aac at 128 kbit/s. "
            "ffmpeg has no output."
        ],
        packages=["av"],
    )


if __name__ == "__main__":
    print(measure().markdown())
