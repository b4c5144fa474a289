"""Bodies of requests, read up to a limit: JSON, or a form with a file."""

import codecs
import re
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from msgspec import Struct
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from emulator.core.errors import Refused
from emulator.web.errors import Invalid, error_detail

_FIELDS_MAX = 50
_IN_MEMORY_BYTES_MAX = 1024 * 1024
# A form's text is UTF-8 whatever its type says (RFC 7578, 5.1.2). With some of Python's character
# sets the result would not be valid text.
_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"[^\"]*\"|[^;]*)", re.IGNORECASE)

# JSON must not begin with one (RFC 8259, 8.1), but editors on Windows write them into files.
_BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UploadedFile(Struct, frozen=True):
    """A file from a form. `file` is in memory or, if large, a temporary file."""

    name: str
    media_type: str
    size: int
    file: BinaryIO


def media_type(request: Request) -> str:
    """Return the media type of the request in lower case; JSON without a header."""
    text = request.headers.get("content-type", "application/json")
    return text.partition(";")[0].strip().lower()


async def read_json(request: Request, bytes_max: int) -> bytes:
    """Return the body of a request that has to be JSON.

    Refuses (`invalid`) another media type, (`too_large`) a body above `bytes_max`, as soon as that
    many bytes have come.
    """
    text = media_type(request)
    body = b"".join([piece async for piece in _bounded(request, bytes_max)])
    if text != "application/json" and not text.endswith("+json"):
        sent = text or "an empty Content-Type"
        raise Invalid([error_detail(("body",), "media_type", f"Expected JSON, got {sent}")])
    if body.startswith(_BYTE_ORDER_MARKS):
        message = "Invalid JSON: it begins with a byte order mark; send UTF-8 without one"
        raise Invalid([error_detail(("body",), "json_invalid", message)])
    return body


@asynccontextmanager
async def read_file(request: Request, expected: str, bytes_max: int) -> AsyncIterator[UploadedFile]:
    """Read a body that is a file of the media type `expected`; it exists until the block ends.

    Refuses (`invalid`) another media type, (`too_large`) a body above `bytes_max`.
    """
    if media_type(request) != expected:
        raise Invalid([error_detail(("body",), "media_type", f"Expected {expected}")])
    with SpooledTemporaryFile(_IN_MEMORY_BYTES_MAX) as file:
        size = 0
        async for piece in _bounded(request, bytes_max):
            await to_thread(file.write, piece)
            size += len(piece)
        file.seek(0)
        yield UploadedFile(name="", media_type=expected, size=size, file=cast(BinaryIO, file))


@asynccontextmanager
async def read_form(
    request: Request, bytes_max: int
) -> AsyncIterator[tuple[dict[str, Any], UploadedFile]]:
    """Read a form's fields and its `file`, which exists until the block ends.

    Refuses (`invalid`) a body without a form or a file, (`too_large`) one above `bytes_max`.
    """
    if media_type(request) != "multipart/form-data":
        raise Invalid([error_detail(("body",), "media_type", "Expected multipart/form-data")])
    text = _CHARSET.sub("", request.headers["content-type"])
    parser = MultiPartParser(
        Headers({"content-type": text}),
        _bounded(request, bytes_max),
        max_files=1,
        max_fields=_FIELDS_MAX,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeDecodeError) as error:
        raise Invalid(
            [error_detail(("body",), "form_invalid", f"The form is invalid: {error}")]
        ) from None
    try:
        yield _fields(form), _file(form)
    finally:
        await form.close()


def _fields(form: FormData) -> dict[str, Any]:
    """Return the text fields; names that occur more than once become lists."""
    fields: dict[str, Any] = {}
    for name in form:
        values = [value for value in form.getlist(name) if isinstance(value, str)]
        if values:
            fields[name] = values[0] if len(values) == 1 else values
    return fields


def _file(form: FormData) -> UploadedFile:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid([error_detail(("body", "file"), "missing", "Field required")])
    return UploadedFile(
        name=file.filename or "",
        media_type=file.content_type or "application/octet-stream",
        size=file.size or 0,
        file=file.file,
    )


async def _bounded(request: Request, bytes_max: int) -> AsyncGenerator[bytes, None]:
    """Yield the body's pieces.

    Refuses (`invalid`) a compressed body (RFC 9110, 8.4): decompressing is not offered.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        message = f"The body is compressed (Content-Encoding: {coding}): send it as it is"
        raise Invalid([error_detail(("body",), "content_encoding", message)])
    length = 0
    async for piece in request.stream():
        length += len(piece)
        if length > bytes_max:
            raise Refused("too_large", f"Request body is larger than {bytes_max} bytes")
        yield piece
