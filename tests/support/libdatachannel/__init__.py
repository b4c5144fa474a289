"""A WHIP publisher with a real libdatachannel, the WebRTC library of OBS."""

import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from tests.support.encoders import film
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.required_programs import lacking, need

FOLDER = Path(__file__).parent


class Whip:
    """One process that publishes until `stop`."""

    def __init__(self, address: str, token: str, records: Path) -> None:
        command = [need("node"), str(FOLDER / "whip.mjs"), address, token, str(records)]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def stop(self) -> str:
        """Stop as OBS does: close, then DELETE. Return its output."""
        return self.process.communicate("", timeout=PATIENCE_SECONDS)[0]


@contextmanager
def whip(address: str, token: str, folder: Path) -> Iterator[Whip]:
    """Start a publisher. Skips the test where `npm install` was not run in this folder."""
    need("node")
    if not (FOLDER / "node_modules/node-datachannel").is_dir():
        lacking("libdatachannel is not installed: npm install in tests/support/libdatachannel")
    publisher = Whip(address, token, _records(folder))
    try:
        yield publisher
    finally:
        publisher.process.kill()
        publisher.process.communicate()


def _records(folder: Path) -> Path:
    """A film in the form that `whip.mjs` reads. As in OBS: High profile, a key frame each 2 s."""
    source = film(
        seconds=4,
        size="640x360",
        video="libx264 -preset veryfast -profile:v high -g 60 -bf 0",
        audio="libopus -ac 2",
        form="mkv",
    )
    path = folder / "film.records"
    with av.open(str(source)) as opened, path.open("wb") as buffered_writer:
        [picture] = opened.streams.video
        annex_b = BitStreamFilterContext("h264_mp4toannexb", picture)
        for packet in opened.demux():
            if packet.pts is None or packet.pts < 0 or packet.time_base is None:
                continue
            us = int(packet.pts * packet.time_base * 1_000_000)
            is_picture = packet.stream is picture
            for filtered in annex_b.filter(packet) if is_picture else [packet]:
                data = bytes(filtered)
                buffered_writer.write(
                    struct.pack(">cQI", b"v" if is_picture else b"a", us, len(data)) + data
                )
    return path
