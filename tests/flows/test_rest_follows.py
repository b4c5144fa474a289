"""Follows: in counts, lists, notifications, and everywhere else that shows them."""

from typing import Any

from tests.support.rest import STREAM, USER_CARD, Caller, check_error, create

FOLLOW = {"id", "follower_id", "followed_id", "created_at"}
NOTIFICATION = {
    "id",
    "type",
    "follower_id",
    "follower_username",
    "follower_avatar",
    "stream_id",
    "is_read",
    "created_at",
}
NOTIFICATIONS = "/streams/notifications/follows"


async def follow(call: Caller, follower: str, followed: str) -> dict[str, Any]:
    answer = await call("POST", f"/streams/users/{followed}/follow", f"ak_auto_{follower}")
    assert answer.status_code == 201, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def profile(call: Caller, username: str) -> dict[str, Any]:
    answer = await call("GET", f"/streams/users/{username}/profile")
    assert answer.status_code == 200, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def notified(call: Caller, username: str, **query: Any) -> dict[str, Any]:
    answer = await call("GET", NOTIFICATIONS, f"ak_auto_{username}", params=query)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    assert page.keys() == {
        "notifications",
        "total",
        "unread_count",
        "page",
        "per_page",
        "has_more",
    }
    count = (await call("GET", f"{NOTIFICATIONS}/unread-count", f"ak_auto_{username}")).json()
    assert count == {"count": page["unread_count"]}
    return page


async def test_follows_show_everywhere_and_so_does_their_end(call: Caller) -> None:
    path = "/streams/users/devops_wizard/follow"
    before = await profile(call, "devops_wizard")
    me = (await call("GET", "/auth/me", "ak_auto_newcomer")).json()
    assert (await call("GET", path, "ak_auto_newcomer")).json() == {"is_following": False}

    values = await follow(call, "newcomer", "devops_wizard")

    assert values.keys() == FOLLOW
    assert (values["follower_id"], values["followed_id"]) == (me["id"], before["id"])
    assert (await call("GET", path, "ak_auto_newcomer")).json() == {"is_following": True}
    after = await profile(call, "DevOps_Wizard")
    assert after == before | {"follower_count": before["follower_count"] + 1}
    (stream,) = (await call("GET", "/streams/users/devops_wizard/streams")).json()["streams"]
    assert stream["user"]["follower_count"] == after["follower_count"]
    assert (await call("GET", "/auth/me", "ak_auto_newcomer")).json()["following_count"] == 1
    followers = (await call("GET", "/streams/users/devops_wizard/followers")).json()
    assert followers["followers"][0].keys() == USER_CARD
    assert followers["followers"][0]["username"] == "newcomer"
    following = (await call("GET", "/streams/users/newcomer/following")).json()
    assert [item["username"] for item in following["following"]] == ["devops_wizard"]
    assert following["total"] == 1
    newest = (await notified(call, "devops_wizard"))["notifications"][0]
    assert (newest["type"], newest["follower_username"]) == ("new_follower", "newcomer")

    assert (await call("DELETE", path, "ak_auto_newcomer")).status_code == 204

    assert await profile(call, "devops_wizard") == before
    assert (await call("GET", path, "ak_auto_newcomer")).json() == {"is_following": False}
    assert (await call("GET", "/streams/users/newcomer/following")).json()["total"] == 0
    check_error(await call("DELETE", path, "ak_auto_newcomer"), 404)


async def test_follows_lists_have_pages(call: Caller) -> None:
    for name in ("ann", "bea", "cy"):
        await follow(call, name, "demo")

    path = "/streams/users/demo/followers"
    first = (await call("GET", path, params={"per_page": 2})).json()
    last = (await call("GET", path, params={"perPage": 2, "page": 2})).json()

    assert [follower["username"] for follower in first["followers"]] == ["cy", "bea"]
    assert (first["total"], first["page"], first["per_page"], first["has_more"]) == (3, 1, 2, True)
    assert [follower["username"] for follower in last["followers"]] == ["ann"]
    assert not last["has_more"]
    check_error(await call("GET", path, params={"per_page": 101}), 422)
    check_error(await call("GET", "/streams/users/demo/following", params={"page": 0}), 422)


async def test_follows_notify_followers_of_a_live_stream(call: Caller) -> None:
    await follow(call, "fan", "demo")
    stream = await create(call)
    assert (await notified(call, "fan"))["total"] == 0

    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")

    page = await notified(call, "fan")
    (live,) = page["notifications"]
    assert live.keys() == NOTIFICATION
    assert (live["type"], live["stream_id"], live["is_read"]) == (
        "stream_live",
        stream["id"],
        False,
    )
    assert live["follower_username"] == "demo"
    result = (await call("GET", "/streams/users/demo/live")).json()
    assert result["is_live"] is True
    assert result["stream"].keys() == STREAM
    assert (await profile(call, "demo"))["current_stream"]["id"] == stream["id"]
    assert (await call("GET", "/streams/users/demo/followers")).json()["total"] == 1
    (card,) = (await call("GET", "/streams/users/fan/following")).json()["following"]
    assert card["is_live"] is True
    await call("POST", f"/streams/{stream['id']}/end", "ak_demo")
    assert (await call("GET", "/streams/users/demo/live")).json() == {
        "is_live": False,
        "stream": None,
    }


async def test_follows_notifications_are_read_one_by_one_and_all_at_once(call: Caller) -> None:
    await call("GET", "/auth/me", "ak_auto_star")
    for name in ("ann", "bea", "cy"):
        await follow(call, name, "star")
    newest = (await notified(call, "star"))["notifications"][0]
    path = f"{NOTIFICATIONS}/{newest['id']}/read"

    answer = await call("POST", path, "ak_auto_star")

    assert answer.status_code == 200
    assert answer.json() == newest | {"is_read": True}
    assert (await call("POST", path, "ak_auto_star")).json() == answer.json()
    page = await notified(call, "star", unread_only=True, per_page=1)
    assert (page["total"], page["unread_count"], page["has_more"]) == (2, 2, True)
    check_error(await call("POST", path, "ak_auto_ann"), 403)
    check_error(await call("POST", path), 401)
    done = await call("POST", f"{NOTIFICATIONS}/read-all", "ak_auto_star")
    assert done.json() == {"updated": 2}
    page = await notified(call, "star")
    assert (page["total"], page["unread_count"]) == (3, 0)
    assert all(notification["is_read"] for notification in page["notifications"])


async def test_follows_unknown_caller_is_refused(call: Caller) -> None:
    for method, path in (
        ("POST", "/streams/users/demo/follow"),
        ("DELETE", "/streams/users/demo/follow"),
        ("GET", "/streams/users/demo/follow"),
        ("GET", NOTIFICATIONS),
        ("GET", f"{NOTIFICATIONS}/unread-count"),
        ("POST", f"{NOTIFICATIONS}/read-all"),
    ):
        check_error(await call(method, path), 401)
        check_error(await call(method, path, "ak_wrong"), 401)


async def test_follows_invalid_target_is_refused(call: Caller) -> None:
    await follow(call, "fan", "demo")

    check_error(await call("POST", "/streams/users/demo/follow", "ak_auto_fan"), 409)
    check_error(await call("POST", "/streams/users/Fan/follow", "ak_auto_fan"), 400)
    for method in ("POST", "DELETE", "GET"):
        check_error(await call(method, "/streams/users/nobody/follow", "ak_auto_fan"), 404)
    for path in ("followers", "following", "profile", "live", "schedule", "upcoming"):
        check_error(await call("GET", f"/streams/users/nobody/{path}"), 404)
