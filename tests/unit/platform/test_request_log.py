"""The request log's limits, and the parts of an answer that it shows."""

import json
from typing import Any

from emulator.platform.config import RequestLogConfig
from emulator.platform.request_log import LoggedRequest, RequestLog
from emulator.web.http.excerpt import excerpt_answer, excerpt_headers

KEY = "live_0123456789abcdefgh"


def entry(log: RequestLog, **values: Any) -> LoggedRequest:
    usual: dict[str, Any] = {
        **{"at_ms": 0, "world": "default", "method": "GET", "path": "/", "operation": None},
        **{"status": 200, "user": None, "credential": "none", "query": {}, "body": None},
        **{"unknown_fields": (), "trace_id": "", "user_agent": "", "duration_us": 0},
    }
    return LoggedRequest(seq=log.next_seq(), **{**usual, **values})


def test_request_log_drops_the_oldest_when_all_are_too_large() -> None:
    log = RequestLog(RequestLogConfig(kept_max=1_000, bytes_max=100_000))
    for _ in range(50):
        log.note(entry(log, answer=b"x" * 10_000, answer_bytes=10_000))

    logged_requests, _ = log.find(lambda _: True, after=0, count=100)
    assert [logged_request.seq for logged_request in logged_requests] == list(
        range(51 - len(logged_requests), 51)
    )
    assert log.dropped["default"] == 50 - len(logged_requests) > 40


def test_request_log_shows_response_as_json_text_or_nothing() -> None:
    whole = json.dumps({"refresh_token": "x", "at": f"/{KEY}/x", "long": "y" * 5_000}).encode()

    shown = excerpt_answer(whole, "application/json", 10_000)
    assert (shown["refresh_token"], shown["at"]) == ("***", "/***/x")
    assert shown["long"].endswith("…")
    assert excerpt_answer(b"{half", "application/json", 10_000) is None
    assert excerpt_answer(b"", "application/json", 10_000) is None
    assert excerpt_answer(b"a,b", "text/csv; charset=utf-8", 10_000) == "a,b"
    assert excerpt_answer(b"\0\1", "image/png", 10_000) is None


def test_request_log_shows_headers_joined_and_without_credentials() -> None:
    headers = [
        *((b"Cookie", b"a=b"), (b"X-API-Key", b"k"), (b"Authorization", b"Bearer k")),
        *((b"Vary", b"a"), (b"vary", b"b"), (b"Referer", f"/{KEY}/x".encode())),
    ]
    assert excerpt_headers(headers) == {
        **dict.fromkeys(("cookie", "x-api-key", "authorization"), "***"),
        **{"vary": "a, b", "referer": "/***/x"},
    }
