"""`/video-sessions`: seats, tokens and states of video calls, with two users."""

from typing import Any

import httpx

from tests.support.rest import USER_CARD, Caller, check_error
from tests.support.tables import table

SESSIONS = "/video-sessions/sessions"
SESSION = {
    "id",
    "session_name",
    "host_id",
    "max_participants",
    "participant_count",
    "status",
    "created_at",
    "started_at",
    "ended_at",
}
PARTICIPANT = {
    "id",
    "user",
    "is_host",
    "audio",
    "video",
    "screen_share",
    "joined_at",
    "left_at",
}
NOBODY = "00000000-0000-4000-8000-000000000000"


async def make(call: Caller, key: str = "ak_demo", **body: Any) -> dict[str, Any]:
    wish = {"session_name": "Pair programming", "max_participants": 2, **body}
    answer = await call("POST", SESSIONS, key, json=wish)
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    assert values.keys() == SESSION
    return values


async def take_seat(call: Caller, session: dict[str, Any], key: str) -> httpx.Response:
    return await call("POST", f"{SESSIONS}/{session['id']}/token", key)


async def test_video_sessions_call_from_creation_to_end(call: Caller) -> None:
    # Given a session of the demo account,
    session = await make(call)
    path = f"{SESSIONS}/{session['id']}"
    assert (session["status"], session["participant_count"]) == ("created", 0)
    assert session["started_at"] is session["ended_at"] is None

    # when the viewer takes a token,
    token = (await take_seat(call, session, "ak_demo_viewer")).json()
    assert token.keys() == {"token", "turn_credentials", "expires_at"}
    assert token["token"].count(".") == 2
    assert token["turn_credentials"].keys() == {"username", "credential", "ttl"}

    # then the session is active and lists its participants,
    now = (await call("GET", path, "ak_demo")).json()
    assert (now["status"], now["participant_count"]) == ("active", 1)
    assert now["started_at"] is not None
    payload = (await call("GET", f"{path}/participants", "ak_demo")).json()
    (seat,) = payload["participants"]
    assert payload["total"] == 1
    assert seat.keys() == PARTICIPANT
    assert seat["user"].keys() == USER_CARD
    assert (seat["user"]["username"], seat["is_host"]) == ("viewer", False)
    for key in ("ak_demo", "ak_demo_viewer"):
        listed = (await call("GET", f"{SESSIONS}/active", key)).json()
        assert listed == {"sessions": [now], "total": 1}

    # it is full once the host is in it too,
    assert (await take_seat(call, session, "ak_demo")).status_code == 200
    check_error(await take_seat(call, session, "ak_demo_moderator"), 409)

    # a seat is free after its user has left,
    seat_path = f"{path}/participants/{seat['id']}"
    check_error(await call("DELETE", seat_path, "ak_demo_moderator"), 403)
    assert (await call("DELETE", seat_path, "ak_demo_viewer")).status_code == 204
    check_error(await call("DELETE", seat_path, "ak_demo_viewer"), 404)
    left = await call("GET", f"{path}/participants", "ak_demo", params={"includeLeft": True})
    assert [participant["left_at"] is None for participant in left.json()["participants"]] == [
        False,
        True,
    ]

    # and its host ends it, for good.
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    assert (await call("DELETE", path, "ak_demo")).status_code == 204
    ended = (await call("GET", path, "ak_demo_viewer")).json()
    assert (ended["status"], ended["participant_count"]) == ("ended", 0)
    assert ended["ended_at"] is not None
    check_error(await call("DELETE", path, "ak_demo"), 409)
    check_error(await take_seat(call, session, "ak_demo_viewer"), 409)
    check_error(await call("PUT", path, "ak_demo", json={"session_name": "x"}), 409)
    assert (await call("GET", f"{SESSIONS}/active", "ak_demo")).json()["total"] == 0


async def test_video_sessions_are_changed_by_the_host_and_ended_by_an_admin(call: Caller) -> None:
    session = await make(call, "ak_demo_viewer", sessionName="<b>1</b>", maxParticipants=50)
    path = f"{SESSIONS}/{session['id']}"
    assert (session["session_name"], session["max_participants"]) == ("<b>1</b>", 50)
    wish = {"session_name": "'; DROP TABLE video_sessions; --", "max_participants": 3}

    changed = await call("PUT", path, "ak_demo_viewer", json=wish)

    assert changed.json() == session | wish
    check_error(await call("PUT", path, "ak_demo_moderator", json=wish), 403)
    # An admin may end it, but not rename it.
    check_error(await call("PUT", path, "ak_demo_admin", json=wish), 403)
    assert (await call("DELETE", path, "ak_demo_admin")).status_code == 204


async def test_video_sessions_list_of_a_user_is_for_that_user_and_admins(call: Caller) -> None:
    session = await make(call, "ak_demo_viewer")
    path = f"{SESSIONS}/user/{session['host_id']}"

    assert (await call("GET", path, "ak_demo_viewer")).json()["sessions"] == [session]
    assert (await call("GET", path, "ak_demo_admin")).json()["total"] == 1
    check_error(await call("GET", path, "ak_demo_moderator"), 403)
    check_error(await call("GET", path), 401)
    check_error(await call("GET", f"{SESSIONS}/user/{NOBODY}", "ak_demo_admin"), 404)


async def test_video_sessions_ten_a_minute_and_no_more(call: Caller) -> None:
    for left in range(9, -1, -1):
        wish = {"session_name": "x", "max_participants": 2}
        answer = await call("POST", SESSIONS, "ak_demo_viewer", json=wish)
        assert answer.headers["X-RateLimit-Remaining"] == str(left)

    refused = await call("POST", SESSIONS, "ak_demo_viewer", json=wish)

    check_error(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    await make(call, "ak_demo_moderator")


async def test_video_sessions_offer_needs_a_seat_and_must_be_valid(call: Caller) -> None:
    [server] = (await call("GET", "/video-sessions/ice-servers")).json()["ice_servers"]
    assert server["urls"][0].startswith("stun:127.0.0.1:")
    session = await make(call)
    path = f"{SESSIONS}/{session['id']}/offer"
    body = {"sdp": "v=0", "type": "offer"}
    check_error(await call("POST", path, "ak_demo", json=body), 403)
    await take_seat(call, session, "ak_demo")

    refused = check_error(await call("POST", path, "ak_demo", json=body), 400)

    assert "SDP" in refused["message"]
    check_error(await call("POST", path, "ak_demo", json={"sdp": "", "type": "offer"}), 422)
    check_error(await call("POST", path, "ak_demo", json={"sdp": "v=0", "type": "answer"}), 422)
    check_error(await call("POST", path, json=body), 401)


@table(
    "body",
    [
        {},
        {"session_name": "x"},
        {"max_participants": 2},
        {"session_name": "", "max_participants": 2},
        {"session_name": "x" * 201, "max_participants": 2},
        {"session_name": "x", "max_participants": 1},
        {"session_name": "x", "max_participants": 51},
        {"session_name": 5, "max_participants": "many"},
    ],
)
async def test_video_sessions_invalid_one_is_422(call: Caller, body: object) -> None:
    check_error(await call("POST", SESSIONS, "ak_demo", json=body), 422)


async def test_video_sessions_missing_one_is_404_and_anonymous_callers_are_refused(
    call: Caller,
) -> None:
    nowhere = f"{SESSIONS}/{NOBODY}"
    body = {"sdp": "v=0", "type": "offer"}
    for method, path, sent in (
        ("GET", nowhere, None),
        ("PUT", nowhere, {"session_name": "x"}),
        ("DELETE", nowhere, None),
        ("POST", f"{nowhere}/token", None),
        ("GET", f"{nowhere}/participants", None),
        ("DELETE", f"{nowhere}/participants/{NOBODY}", None),
        ("POST", f"{nowhere}/offer", body),
    ):
        check_error(await call(method, path, "ak_demo", json=sent), 404)
        check_error(await call(method, path, json=sent), 401)
    check_error(await call("GET", f"{SESSIONS}/active"), 401)
    session = await make(call)
    path = f"{SESSIONS}/{session['id']}/participants/{NOBODY}"
    check_error(await call("DELETE", path, "ak_demo"), 404)
