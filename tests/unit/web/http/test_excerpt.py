"""The request log's excerpts: no secrets, and no more than the limit."""

from typing import Any

from emulator.platform.config import RequestLogConfig
from emulator.platform.request_log import LoggedRequest, RequestLog, memory_bytes
from emulator.web.http.excerpt import excerpt, excerpt_names, excerpt_path, excerpt_query, is_secret
from tests.support.tables import table

STREAM_KEY = "live_" + "aB3" * 10 + "xy"
BYTES_MAX = 16_384


def entry(seq: int, body: Any = None, world: str = "default") -> LoggedRequest:
    return LoggedRequest(
        seq=seq,
        at_ms=0,
        world=world,
        method="POST",
        path="/api/v1/streams/",
        operation=None,
        status=200,
        user=None,
        credential="none",
        query={},
        body=body,
        unknown_fields=(),
        trace_id="",
        user_agent="",
        duration_us=1,
    )


@table(
    "name",
    [
        "password",
        "passwd",
        "new_passwd",
        "Password_Confirmation",
        "pass-phrase",
        "Authorization",
        "x-api-key",
        "streamKey",
        "keys",
        "refresh_token",
        "tokens[0]",
        "clientSecret",
        "credentials",
        "otp",
        "backup_codes",
    ],
)
def test_excerpt_secret_is_known_by_its_name(name: str) -> None:
    assert is_secret(name)
    assert excerpt({name: "x", "a": [{name: ["x"]}]}, BYTES_MAX) == {
        name: "***",
        "a": [{name: "***"}],
    }
    assert excerpt_query([(name, "x"), ("q", "y")], BYTES_MAX) == {name: "***", "q": "y"}
    assert excerpt_path(f"/unknown/{name}/x/y") == f"/unknown/{name}/***/y"
    assert excerpt_path(f"/unknown;{name}=x") == f"/unknown;{name}=***"


@table("name", ["title", "keyframe", "compass", "codec", "description"])
def test_excerpt_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_excerpt_claim_about_a_secret_is_kept() -> None:
    assert excerpt({"has_password": True, "token": None}, 5000) == {
        "has_password": True,
        "token": None,
    }


@table(
    "secret",
    [STREAM_KEY, "ak_demo_bob@ci-7", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_x", "Bearer abc"],
)
def test_excerpt_secret_is_known_by_its_form(secret: str) -> None:
    for taken in (
        str(excerpt({"note": f"see {secret} there"}, BYTES_MAX)),
        excerpt_path(f"/watch/{secret}/now"),
        excerpt_query([("q", secret)], BYTES_MAX)["q"],
        excerpt_names([secret])[0],
    ):
        assert "***" in taken
        assert secret.removeprefix("Bearer ") not in taken


def test_excerpt_path_loses_the_values_of_its_secrets_only() -> None:
    template = "/webhooks/{id}/key/{invite_token}"
    assert excerpt_path("/api/v1/webhooks/7/key/x/", template) == "/api/v1/webhooks/7/key/***/"
    assert excerpt_path("/v1/streams/1/key/reset", "/streams/{id}/key/reset").endswith("key/reset")


@table(
    "body",
    [
        [[] for _ in range(20_000)],
        [[{"a": {}} for _ in range(5_000)] for _ in range(20)],
        {f"name{number}" * 50: "ü" * 5_000 for number in range(100)},
        {"a" * 60_000: 1},
        "x" * 60_000,
        [10**4_000] * 100,
        {"a": [{"b": [{"c": ["d" * 100] * 100}] * 100}] * 100},
    ],
)
def test_excerpt_body_is_bounded(body: Any) -> None:
    assert memory_bytes(excerpt(body, BYTES_MAX)) <= BYTES_MAX * 1.1


def test_excerpt_small_body_is_whole_and_a_cut_is_marked() -> None:
    body = {"title": "A", "tags": ["b", 1, 2.5, None, True], "more": {"c": {}}}
    assert excerpt(body, BYTES_MAX) == body
    assert excerpt(["x" * 300] * 20, 4_096)[-1] == "…"
    assert excerpt_path("/" + "a" * 5_000).endswith("a…")
    assert len(excerpt_path("/" + "a" * 5_000)) < 600
    assert len(excerpt_names(f"{number}" * 100 for number in range(5_000))) == 100


def test_excerpt_log_keeps_the_newest_that_fit() -> None:
    log = RequestLog(RequestLogConfig(kept_max=100, bytes_max=20_000))
    for seq in range(50):
        log.note(entry(seq, {"text": "x" * 1_000}, world="a" if seq % 2 else "b"))
    entries, _ = log.find(lambda _: True, after=-1, count=100)
    assert 5 < len(entries) < 15
    assert entries[-1].seq == 49
    # A world that is removed frees its share.
    log.forget("a")
    for seq in range(50, 53):
        log.note(entry(seq))
    after, _ = log.find(lambda _: True, after=-1, count=100)
    assert after[: len(after) - 3] == [
        logged_request for logged_request in entries if logged_request.world == "b"
    ]
