"""Representation: the content of a GET, and which part of it is sent (RFC 9110, 12.5, 13, 14).

This is the only place that handles conditions, ranges and encodings of media, so all addresses
answer them alike. A request never fails because of a header that may be ignored.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import formatdate, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from emulator.core.ids import trace_id

# A server may ignore many small ranges (14.2); no player needs more than these.
RANGES_MAX = 50
_CHUNK_BYTES = 256 * 1024
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_RANGE = re.compile(r"([0-9]*)[ \t]*-[ \t]*([0-9]*)", re.ASCII)
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII | re.IGNORECASE)
# More digits than any length has: such a number is beyond the end.
_DIGITS_MAX = 18


class Span(NamedTuple):
    """The bytes from `start` up to `end`, which is excluded."""

    start: int
    end: int

    def content_range(self, length: int) -> str:
        return f"bytes {self.start}-{self.end - 1}/{length}"


class OpenFile(Struct, frozen=True):
    """A file that is open for reading, so that it cannot disappear while it is sent."""

    file: IO[bytes]
    length: int
    modified_ns: int

    @property
    def etag(self) -> str:
        return f"{self.modified_ns:x}-{self.length:x}"


class Representation(Struct, frozen=True):
    """Content with its type and tag. `etag` has no quotes and differs for any different content.

    `gzipped` returns the same content compressed; such text is sent whole, never in ranges.
    """

    content: bytes | OpenFile
    media_type: str
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)
    gzipped: Callable[[], bytes] | None = None

    @property
    def length(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.length

    @property
    def modified_seconds(self) -> int | None:
        if isinstance(self.content, bytes):
            return None
        return self.content.modified_ns // 1_000_000_000


def digest(content: bytes) -> str:
    """Return an `etag` made from the content."""
    return sha256(content).hexdigest()[:24]


async def open_file(path: Path) -> OpenFile:
    """Open a file to send it. Raises `OSError`."""

    def opened() -> OpenFile:
        file = path.open("rb")
        status = os.fstat(file.fileno())
        return OpenFile(file, status.st_size, status.st_mtime_ns)

    return await run_in_threadpool(opened)


def respond(request: Request, representation: Representation) -> Response:
    """Return the whole, one or more parts, "not modified" (304) or a failure (412, 416)."""
    is_gzipped = representation.gzipped is not None and prefers_gzip(request.headers)
    etag = f"{representation.etag}-gzip" if is_gzipped else representation.etag
    headers = {**representation.headers, "ETag": f'"{etag}"'}
    modified = representation.modified_seconds
    if modified is not None:
        headers["Last-Modified"] = formatdate(modified, usegmt=True)
    if representation.gzipped is not None:
        headers["Vary"] = "Accept-Encoding"
    status = _condition(request.method, request.headers, etag, modified)
    if status is not None:
        return _closed(representation, Response(status_code=status, headers=headers))
    if representation.gzipped is not None:
        if is_gzipped:
            headers["Content-Encoding"] = "gzip"
        whole = representation.gzipped() if is_gzipped else representation.content
        return _whole(representation, whole, headers)
    headers["Accept-Ranges"] = "bytes"
    spans = _requested_spans(request, representation.length, etag, modified)
    if spans is None:
        return _whole(representation, representation.content, headers)
    return _parts(representation, spans, headers)


# Conditions (13).


def _condition(method: str, headers: Headers, etag: str, modified: int | None) -> int | None:
    """Return the status that the conditions demand, in their order (13.2.2); None to go on."""
    if "if-match" in headers:
        if not matches(headers.getlist("if-match"), etag, is_strong=True):
            return 412
    else:
        since = _date(headers, "if-unmodified-since")
        if since is not None and modified is not None and modified > since:
            return 412
    if method not in ("GET", "HEAD"):
        return None
    if "if-none-match" in headers:
        return 304 if matches(headers.getlist("if-none-match"), etag) else None
    since = _date(headers, "if-modified-since")
    return 304 if since is not None and modified is not None and modified <= since else None


def matches(values: list[str], etag: str, *, is_strong: bool = False) -> bool:
    """Whether a list of entity tags contains this one (8.8.3.2); `*` matches any."""
    joined = ",".join(values)
    if joined.strip() == "*":
        return True
    tags = _TAG.findall(joined)
    return any(tag == etag and not (is_strong and weak) for weak, tag in tags)


def _date(headers: Headers, name: str) -> int | None:
    """Return an HTTP date in seconds; None for a missing or invalid one (13.1.3)."""
    try:
        return int(parsedate_to_datetime(headers[name]).timestamp())
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


# Ranges (14).


def _requested_spans(
    request: Request, length: int, etag: str, modified: int | None
) -> list[Span] | None:
    """Return the requested spans; None for the whole: for HEAD, or another version (14.2)."""
    value = request.headers.get("range")
    if value is None or request.method != "GET":
        return None
    condition = request.headers.get("if-range")
    if condition is not None and not _is_same(request.headers, condition, etag, modified):
        return None
    return spans_of(value, length)


def _is_same(headers: Headers, condition: str, etag: str, modified: int | None) -> bool:
    """Whether `If-Range` has the current version: a strong tag, or exactly its date (13.1.5)."""
    if '"' in condition:
        return condition.strip() != "*" and matches([condition], etag, is_strong=True)
    return modified is not None and _date(headers, "if-range") == modified


def spans_of(value: str, length: int) -> list[Span] | None:
    """Return the spans of `length` bytes that a Range requests, in order; empty if all lie outside.

    None if the header has to be ignored: another unit, an invalid range, too many ranges, or more
    than the whole (14.2).
    """
    unit, _, text = value.partition("=")
    ranges = [part for part in (part.strip() for part in text.split(",")) if part]
    if unit.strip().lower() != "bytes" or not 0 < len(ranges) <= RANGES_MAX:
        return None
    spans = []
    for item in ranges:
        numbers = _RANGE.fullmatch(item)
        span = _span(numbers[1], numbers[2], length) if numbers else None
        if span is None:
            return None
        if span.start < span.end:
            spans.append(span)
    if len(spans) > 1 and sum(span.end - span.start for span in spans) > length:
        return None
    return spans


def _span(first: str, last: str, length: int) -> Span | None:
    """Return one span, empty if it lies beyond the end; None for an invalid range (14.1.1)."""
    if not first and not last:
        return None
    start, end = (int(edge[-_DIGITS_MAX:] or 0) for edge in (first, last))
    start = start if len(first) <= _DIGITS_MAX else length
    end = end if len(last) <= _DIGITS_MAX else length
    if not first:
        return Span(max(0, length - end), length)
    if last and end < start and len(first) <= _DIGITS_MAX:
        return None
    return Span(start, min(length, end + 1) if last else length)


# Encodings (12.5.3).


def prefers_gzip(headers: Headers) -> bool:
    """Whether a request accepts gzip with at least the weight of the uncompressed text."""
    weights: dict[str, float] = {}
    for choice in ",".join(headers.getlist("accept-encoding")).split(","):
        coding, _, parameter = (part.strip() for part in choice.partition(";"))
        weight = _WEIGHT.fullmatch(parameter)
        # An invalid weight is ignored.
        weights[coding.lower()] = float(weight[1]) if weight else float(not parameter)
    others = weights.get("*", 0.0)
    gzip = weights.get("gzip", weights.get("x-gzip", others))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


# Answers.


def _whole(
    representation: Representation, content: bytes | OpenFile, headers: dict[str, str]
) -> Response:
    if isinstance(content, bytes):
        return Response(content, media_type=representation.media_type, headers=headers)
    pieces: list[bytes | Span] = [Span(0, content.length)]
    return _FileResponse(content.file, pieces, 200, representation.media_type, headers)


def _parts(representation: Representation, spans: list[Span], headers: dict[str, str]) -> Response:
    """Return 206 with one part, or several as multipart/byteranges (15.3.7); 416 without any."""
    length, media_type = representation.length, representation.media_type
    if not spans:
        headers["Content-Range"] = f"bytes */{length}"
        return _closed(representation, Response(status_code=416, headers=headers))
    pieces: list[bytes | Span] = [spans[0]]
    if len(spans) == 1:
        headers["Content-Range"] = spans[0].content_range(length)
    else:
        boundary = trace_id()
        pieces = _multipart(spans, boundary, media_type, length)
        media_type = f"multipart/byteranges; boundary={boundary}"
    content = representation.content
    if isinstance(content, bytes):
        body = b"".join(
            content[piece.start : piece.end] if isinstance(piece, Span) else piece
            for piece in pieces
        )
        return Response(body, status_code=206, media_type=media_type, headers=headers)
    return _FileResponse(content.file, pieces, 206, media_type, headers)


def _multipart(
    spans: list[Span], boundary: str, media_type: str, length: int
) -> list[bytes | Span]:
    pieces: list[bytes | Span] = []
    for span in spans:
        head = f"--{boundary}\r\nContent-Type: {media_type}\r\n"
        pieces += [
            f"{head}Content-Range: {span.content_range(length)}\r\n\r\n".encode(),
            span,
            b"\r\n",
        ]
    return [*pieces, f"--{boundary}--\r\n".encode()]


class _FileResponse(StreamingResponse):
    """Sends pieces of a file, read in a thread. The file is always closed at the end."""

    def __init__(
        self,
        file: IO[bytes],
        pieces: list[bytes | Span],
        status: int,
        media_type: str,
        headers: dict[str, str],
    ) -> None:
        sizes = (
            piece.end - piece.start if isinstance(piece, Span) else len(piece) for piece in pieces
        )
        headers["Content-Length"] = str(sum(sizes))
        self._file = file
        super().__init__(self._read(pieces), status, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] == "HEAD":
                self.body_iterator = _nothing()
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()

    async def _read(self, pieces: list[bytes | Span]) -> AsyncIterator[bytes]:
        for piece in pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            self._file.seek(piece.start)
            remaining = piece.end - piece.start
            while remaining > 0:
                chunk = await run_in_threadpool(self._file.read, min(remaining, _CHUNK_BYTES))
                if not chunk:
                    raise OSError("a file has become shorter while it was sent")
                remaining -= len(chunk)
                yield chunk


async def _nothing() -> AsyncIterator[bytes]:
    """Yield the empty content of an answer to HEAD."""
    yield b""


def _closed(representation: Representation, response: Response) -> Response:
    """Close the content and return the answer, which does not contain it."""
    if isinstance(representation.content, OpenFile):
        representation.content.file.close()
    return response
