"""Variants: join the multivariant playlists of several recordings of the same thing."""

from collections.abc import Iterable
from hashlib import blake2b

from emulator.media.hls.playlist import NO_CAPTIONS
from emulator.media.hls.stream import Rendered


def joined(first: Rendered, others: Iterable[tuple[str, Rendered]]) -> Rendered:
    """Return the entries of `first` and of the others, each with the CDN uid of its media."""
    lines = first.text.splitlines()
    for uid, other in others:
        entries = iter(other.text.splitlines())
        for line in entries:
            if line.startswith("#EXT-X-STREAM-INF:"):
                lines += [line, f"../../{uid}/manifest/{next(entries)}"]
    if any(map(_may_have_captions, lines)):
        # Either all entries say that there are no captions, or none does (RFC 8216bis, 4.4.6.2).
        lines = [line.replace(f",{NO_CAPTIONS}", "") for line in lines]
    body = ("\n".join(lines) + "\n").encode()
    etag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    return Rendered(body, etag, first.is_final, first.max_age_seconds)


def _may_have_captions(line: str) -> bool:
    return line.startswith("#EXT-X-STREAM-INF:") and NO_CAPTIONS not in line
