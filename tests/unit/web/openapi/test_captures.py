"""Captures are read in both forms, and answers are compared by status and shape."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.web.openapi.captures import Exchange, Names, NoCapture, differences, read
from tests.support.tables import table

LINE = {"method": "get", "path": "/api/v1/streams/", "status": 200, "response": {"total": 1}}
ID, OUR_ID = "6f1e9c52-8d0b-4f6e-9a57-3c2f1f0a7d11", "11111111-2222-4333-8444-555555555555"


def har(url: str = "https://api.example.com/v1/streams/?limit=1", method: str = "GET") -> str:
    entry = {
        "request": {
            "method": method,
            "url": url,
            "headers": [{"name": "Authorization", "value": "Bearer secret"}],
            "postData": {"text": '{"title": "x"}'},
        },
        "response": {"status": 200, "content": {"text": '{"streams": []}'}},
    }
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}})


def test_captures_har_file_is_read() -> None:
    (capture,) = read(har())
    assert (capture.method, capture.path, capture.status) == ("GET", "/v1/streams/?limit=1", 200)
    assert capture.key == "secret"
    assert capture.body == {"title": "x"}
    assert capture.response == {"streams": []}


@table(
    ("status", "media_type"),
    [(0, ""), (101, ""), (304, ""), (201, "multipart/form-data; boundary=x")],
)
def test_captures_unrepeatable_requests_are_left_out(status: int, media_type: str) -> None:
    payload = json.loads(har())
    (entry,) = payload["log"]["entries"]
    other = json.loads(json.dumps(entry))
    other["response"]["status"] = status
    other["request"]["postData"]["mimeType"] = media_type
    payload["log"]["entries"].append(other)
    assert [capture.number for capture in read(json.dumps(payload))] == [1]


def test_captures_base64_response_is_read() -> None:
    payload = json.loads(har())
    content = {"text": base64.b64encode(b'{"total": 3}').decode(), "encoding": "base64"}
    payload["log"]["entries"][0]["response"]["content"] = content
    assert read(json.dumps(payload))[0].response == {"total": 3}
    content["text"] = base64.b64encode(b"\xff\xd8").decode()
    assert read(json.dumps(payload))[0].response is None


def test_captures_lines_are_read_and_empty_ones_skipped() -> None:
    (first, second) = read(f"{json.dumps(LINE)}\n\n{json.dumps(LINE | {'key': 'me'})}\n")
    assert (first.number, second.number) == (1, 3)
    assert (first.key, second.key) == ("", "me")


@table(
    "text",
    ["", "{}", "[]", "not json", '{"method": "GET"}', har("https://cdn.example.com/x.js"), "7"],
)
def test_captures_invalid_file_is_refused(text: str) -> None:
    with pytest.raises(NoCapture):
        read(text)


@given(st.text(max_size=200))
def test_captures_any_text_is_a_capture_or_refused(text: str) -> None:
    try:
        exchanges = read(text)
    except NoCapture:
        return
    assert exchanges


def exchange(response: object, status: int = 200) -> Exchange:
    return Exchange(1, "GET", "/api/v1/x", "", None, status, response)


def test_captures_responses_of_equal_shape_do_not_differ() -> None:
    there = {"a": [{"id": "1", "n": None}], "b": 1}
    assert differences(exchange(there), 200, {"a": [{"id": "2", "n": "x"}], "b": 2.5}) == []


def test_captures_differing_status_names_and_types_have_their_place() -> None:
    there = {"a": [{"id": "1"}], "gone": True, "b": 1}
    here = {"a": [{"id": 1}], "b": "1", "new": {}}
    assert differences(exchange(there), 404, here) == [
        "status 200 there, 404 here",
        "$.gone is missing here (boolean there)",
        "$.new is missing there (object here)",
        "$.a[0].id is string there, number here",
        "$.b is number there, string here",
    ]


def test_captures_tokens_of_one_platform_become_those_of_the_other() -> None:
    names = Names()
    names.learn(
        {"access_token": "a.b.c", "refresh_token": "r"},
        {"access_token": "x.y.z", "refresh_token": "q"},
    )
    assert names.translate({"refresh_token": "r", "title": "r and a"}) == {
        "refresh_token": "q",
        "title": "r and a",
    }
    assert names.known["a.b.c"] == "x.y.z"


def test_captures_ids_of_one_platform_become_those_of_the_other() -> None:
    names = Names()
    names.learn({"stream": {"id": ID, "title": "x"}}, {"stream": {"id": OUR_ID, "title": "y"}})
    assert names.translate(f"/streams/id/{ID}") == f"/streams/id/{OUR_ID}"
    assert names.translate({"ids": [ID, "other"], "n": 1}) == {"ids": [OUR_ID, "other"], "n": 1}
