"""Request lines: a logged request as one line of text, for failed tests and explorations."""

from typing import Any

from emulator.platform.request_log import LoggedRequest, RequestLog
from emulator.web.http.excerpt import excerpt_answer, excerpt_headers
from emulator.web.http.injected_faults import HEADER


def is_of_a_fault(entry: LoggedRequest) -> bool:
    """Whether a fault made the answer of this request."""
    return HEADER.lower() in excerpt_headers(entry.answer_headers)


def request_line(log: RequestLog, entry: LoggedRequest) -> str:
    """Write a request as `POST /api/v1/streams/ -> 503  demo; made by fault-1 api.fail`."""
    headers = excerpt_headers(entry.answer_headers)
    notes = [entry.user or "nobody"]
    is_faults = HEADER.lower() in headers
    if entry.status >= 400 and not is_faults:
        notes.append(_message(log, entry, headers.get("content-type", "")))
    if entry.operation is None:
        notes.append("there is no such operation")
    if entry.credential == "invalid":
        notes.append("the credential is invalid")
    if entry.unknown_fields:
        notes.append(f"unknown fields: {', '.join(entry.unknown_fields)}")
    if is_faults:
        notes.append(f"made by {headers[HEADER.lower()]}")
    query = "&".join(f"{name}={value}" for name, value in entry.query.items())
    address = f"{entry.path}?{query}" if query else entry.path
    return f"{entry.method} {address} -> {entry.status}  {'; '.join(filter(None, notes))}"


def _message(log: RequestLog, entry: LoggedRequest, media_type: str) -> str:
    body: Any = excerpt_answer(entry.answer, media_type, log.config.entry_bytes_max)
    if not isinstance(body, dict):
        return ""
    detail = body.get("detail")
    if isinstance(detail, list):
        return ", ".join(
            f"{'.'.join(map(str, error.get('loc', ())))}: {error.get('message')}"
            for error in detail
            if isinstance(error, dict)
        )
    return str(body.get("message", ""))
