"""Playing: fetches and decodes media as a player does, to prove that there is a picture.

PyAV is imported only when something is decoded.
"""

import io
import re
from typing import NamedTuple
from urllib.parse import urljoin

from emulator.cli import Failed
from emulator.cli.lib.api import Api

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


class Picture(NamedTuple):
    """One decoded frame: its size in pixels, and how many frames the piece of media held."""

    width: int
    height: int
    frames: int


def play_low_latency(api: Api, uid: str) -> Picture | None:
    """Fetch the low latency playlist and its newest independent part, and decode that.

    Returns None while the playlist lists no such part. Raises `ApiError` if the server refuses.
    """
    address = f"{api.url}/{uid}/manifest/video.m3u8?protocol=llhls"
    address = urljoin(address, _media_address(api.fetch(address).decode()))
    lines = api.fetch(address).decode().splitlines()
    parts = [line for line in lines if line.startswith("#EXT-X-PART:")]
    independent = [_attributes(line)["URI"] for line in parts if "INDEPENDENT=YES" in line]
    maps = [_attributes(line)["URI"] for line in lines if line.startswith("#EXT-X-MAP:")]
    if not independent or not maps:
        return None
    init = api.fetch(urljoin(address, maps[-1]))
    part = api.fetch(urljoin(address, independent[-1]))
    return decode(init + part)


def is_whole_recording(api: Api, playlist_url: str) -> bool:
    """Whether a VOD's media playlist exists, has segments and an end tag."""
    address = urljoin(playlist_url, _media_address(api.fetch(playlist_url).decode()))
    lines = api.fetch(address).decode().splitlines()
    return "#EXT-X-ENDLIST" in lines and any(line.startswith("#EXTINF:") for line in lines)


def decode(media: bytes) -> Picture:
    """Decode every picture of a piece of MP4. Raises `Failed` if it has no picture."""
    import av

    try:
        with av.open(io.BytesIO(media), "r") as container:
            frames = list(container.decode(video=0))
    except (av.FFmpegError, IndexError) as failure:
        raise Failed(f"What the server sent cannot be decoded: {failure}.") from None
    if not frames:
        raise Failed("What the server sent holds no picture.")
    return Picture(frames[0].width, frames[0].height, len(frames))


def _media_address(multivariant: str) -> str:
    """The first entry's URL. Raises `Failed` if the playlist has no entries."""
    for line in multivariant.splitlines():
        if line and not line.startswith("#"):
            return line
    raise Failed("The playlist names no stream.")


def _attributes(line: str) -> dict[str, str]:
    attributes = _ATTRIBUTE.findall(line.partition(":")[2])
    return {name: value.strip('"') for name, value in attributes}
