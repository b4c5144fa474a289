"""Views, likes, figures, annotations, albums and searches of videos, in longer stories."""

from typing import Any

import pytest

from tests.support.rest import Caller, check_error
from tests.support.uploaded_videos import ALBUM, ANNOTATION, VIDEO, upload

NOBODY = "00000000-0000-4000-8000-000000000000"


async def copy(call: Caller, source: dict[str, Any], key: str = "ak_demo", **body: Any) -> Any:
    """Another video with the same media."""
    wish = {"title": "Copy", "cloudflare_video_id": source["cloudflare_video_id"], **body}
    answer = await call("POST", "/videos/", key, json=wish)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_videos_views_and_likes_show_everywhere(call: Caller) -> None:
    # Given a video of two seconds,
    video = await upload(call)
    path = f"/videos/{video['id']}"

    # when an account watches it twice, and an anonymous viewer once,
    for key, seconds in (("ak_demo_viewer", 2), ("ak_demo_viewer", 99), (None, 0.5)):
        body = {"watched_seconds": seconds}
        seen = await call("POST", f"{path}/views", key, json=body)
        assert seen.status_code == 201
    assert seen.json() == {"views": 3}
    liked = await call("POST", f"{path}/like", "ak_demo_viewer")
    assert (liked.status_code, liked.json()) == (201, {"likes": 1})
    check_error(await call("POST", f"{path}/like", "ak_demo_viewer"), 409)

    # then its owner sees how much they watched,
    payload = (await call("GET", f"{path}/engagement", "ak_demo")).json()
    assert payload["video_id"] == video["id"]
    assert (payload["views"], payload["unique_viewers"], payload["likes"], payload["shares"]) == (
        3,
        2,
        1,
        0,
    )
    assert payload["completion_rate"] == pytest.approx(2 / 3, abs=0.001)
    assert payload["average_watch_seconds"] == pytest.approx(1.5, abs=0.1)
    assert payload["retention"] == [
        {"second": 0, "percentage": 100.0},
        {"second": 1, "percentage": 66.67},
        {"second": 2, "percentage": 66.67},
    ]
    website = (await call("GET", f"/video/{video['id']}/analytics", "ak_demo")).json()
    assert website == {
        "views": 3,
        "averageWatchTime": payload["average_watch_seconds"],
        "completionRate": payload["completion_rate"],
        "engagementScore": pytest.approx(61.11, abs=0.01),
    }
    # everybody sees the counts, and nobody else the figures.
    now = (await call("GET", path)).json()
    assert (now["view_count"], now["like_count"]) == (3, 1)
    for which in (f"{path}/engagement", f"/video/{video['id']}/analytics"):
        check_error(await call("GET", which, "ak_demo_viewer"), 403)
        check_error(await call("GET", which), 401)
    assert (await call("DELETE", f"{path}/like", "ak_demo_viewer")).status_code == 204
    check_error(await call("DELETE", f"{path}/like", "ak_demo_viewer"), 404)
    assert (await call("GET", path)).json()["like_count"] == 0

    for wrong in ({}, {"watched_seconds": -1}, {"watched_seconds": 1e9}, {"watched_seconds": "x"}):
        check_error(await call("POST", f"{path}/views", json=wrong), 422)
    check_error(await call("POST", f"{path}/like"), 401)
    for method, part in (("POST", "like"), ("DELETE", "like"), ("GET", "engagement")):
        check_error(await call(method, f"/videos/{NOBODY}/{part}", "ak_demo"), 404)
    nowhere = f"/videos/{NOBODY}/views"
    check_error(await call("POST", nowhere, json={"watched_seconds": 1}), 404)


async def test_videos_annotations_lie_within_their_video(call: Caller) -> None:
    video = await upload(call)
    path = f"/videos/{video['id']}/annotations"
    wish = {
        "timestamp": 0.5,
        "duration": 1,
        "title": "<b>Look</b>",
        "description": "here",
        "type": "code",
        "position": {"x": 10, "y": 20.5},
        "codeSnippet": "print('hi')",
        "language": "python",
    }

    late = await call("POST", path, "ak_demo", json=wish)
    early = await call("POST", path, "ak_demo", json={**wish, "timestamp": 0, "position": "top"})

    assert late.status_code == early.status_code == 201
    assert late.json().keys() == ANNOTATION
    assert late.json()["video_id"] == video["id"]
    assert late.json()["position"] == {"x": 10, "y": 20.5}
    assert late.json()["code_snippet"] == "print('hi')"
    assert (await call("GET", path)).json() == [early.json(), late.json()]
    for wrong in (
        {"timestamp": 1.5},
        {"timestamp": 3, "duration": 0},
        {"timestamp": -1},
        {"duration": "long"},
        {"type": "joke"},
        {"title": ""},
        {"position": {"x": "left"}},
    ):
        check_error(await call("POST", path, "ak_demo", json={**wish, **wrong}), 422)
    check_error(await call("POST", path, "ak_demo_viewer", json=wish), 403)
    check_error(await call("POST", path, json=wish), 401)
    one = f"{path}/{late.json()['id']}"
    check_error(await call("DELETE", one, "ak_demo_viewer"), 403)
    assert (await call("DELETE", one, "ak_demo")).status_code == 204
    check_error(await call("DELETE", one, "ak_demo"), 404)
    assert (await call("GET", path)).json() == [early.json()]
    check_error(await call("GET", f"/videos/{NOBODY}/annotations"), 404)
    draft = await call("POST", "/videos/", "ak_demo", json={"title": "Draft"})
    nowhere = f"/videos/{draft.json()['id']}/annotations"
    check_error(await call("POST", nowhere, "ak_demo", json=wish), 409)


async def test_videos_album_keeps_its_chosen_order(call: Caller) -> None:
    # Given three videos, one of them another user's and one hidden,
    one = await upload(call, title="one")
    two = await copy(call, one, "ak_demo_viewer", title="two")
    three = await copy(call, one, title="three", visibility="private")
    wish = {"title": "<i>Best</i>", "description": None, "visibility": "public"}
    response = await call("POST", "/videos/albums", "ak_demo", json=wish)
    assert response.status_code == 201
    album = response.json()
    assert album.keys() == ALBUM
    assert (album["video_count"], album["cover_url"], album["title"]) == (0, None, "<i>Best</i>")
    path = f"/videos/albums/{album['id']}"

    # when they are added at positions,
    for video, position in ((three, None), (one, 0), (two, 1)):
        body = {"video_id": video["id"], "position": position}
        put = await call("POST", f"{path}/videos", "ak_demo", json=body)
        assert put.status_code == 201

    # then each reader gets the ones that they may see, in that order.
    assert put.json()["video_count"] == 3
    own = (await call("GET", path, "ak_demo")).json()
    assert own.keys() == ALBUM | {"videos"}
    assert [video["title"] for video in own["videos"]] == ["one", "two", "three"]
    assert own["videos"][0].keys() == VIDEO
    seen = (await call("GET", path)).json()
    assert [video["title"] for video in seen["videos"]] == ["one", "two"]
    assert (seen["video_count"], seen["cover_url"]) == (2, one["thumbnail_url"])
    listed = (await call("GET", "/videos/albums")).json()
    assert (listed["total"], listed["items"][0]["video_count"]) == (1, 2)

    # Adding one twice, or a missing one, is refused,
    body = {"video_id": one["id"]}
    check_error(await call("POST", f"{path}/videos", "ak_demo", json=body), 409)
    check_error(await call("POST", f"{path}/videos", "ak_demo", json={"video_id": NOBODY}), 404)
    check_error(await call("POST", f"{path}/videos", "ak_demo", json={}), 422)
    body = {"video_id": one["id"], "position": -1}
    check_error(await call("POST", f"{path}/videos", "ak_demo", json=body), 422)
    # and removing one keeps the order of the others.
    gone = f"{path}/videos/{one['id']}"
    assert (await call("DELETE", gone, "ak_demo")).status_code == 204
    check_error(await call("DELETE", gone, "ak_demo"), 404)
    left = (await call("GET", path, "ak_demo")).json()["videos"]
    assert [item["title"] for item in left] == ["two", "three"]

    # Only its owner changes it, and others do not see a hidden one.
    body = {"title": "Best of", "visibility": "private"}
    check_error(await call("PUT", path, "ak_demo_viewer", json=body), 403)
    check_error(await call("DELETE", path, "ak_demo_viewer"), 403)
    check_error(await call("PUT", path, "ak_demo", json={"visibility": "secret"}), 422)
    assert (await call("PUT", path, "ak_demo", json=body)).json()["title"] == "Best of"
    check_error(await call("GET", path, "ak_demo_viewer"), 404)
    assert (await call("GET", "/videos/albums")).json()["total"] == 0
    assert (await call("GET", "/videos/albums", "ak_demo")).json()["total"] == 1
    assert (await call("DELETE", path, "ak_demo")).status_code == 204
    check_error(await call("GET", path, "ak_demo"), 404)
    check_error(await call("POST", "/videos/albums", json=wish), 401)
    check_error(await call("POST", "/videos/albums", "ak_demo", json={"title": ""}), 422)
    assert (await call("GET", f"/videos/{two['id']}")).status_code == 200


async def test_videos_searches_match_words_and_meaning(call: Caller) -> None:
    one = await upload(call, title="JavaScript for beginners", tags="web")
    await copy(call, one, title="Rust without tears", description="For JavaScript people")
    await copy(call, one, title="JavaScript in secret", visibility="private")

    async def found(q: str, **query: Any) -> list[tuple[str, float]]:
        page = (await call("GET", "/videos/search", params={"q": q, **query})).json()
        assert page["total"] == len(page["items"])
        return [(item["title"], item["relevance_score"]) for item in page["items"]]

    titles = [title for title, _ in await found("javascript")]
    assert titles == ["JavaScript for beginners", "Rust without tears"]
    assert await found("javascript secret") == []
    assert await found("js") == []
    # A search by meaning is answered with matching words, and says that no model was used.
    by_meaning = await found("js tutorial", mode="semantic")
    assert [title for title, _ in by_meaning] == titles
    assert by_meaning == sorted(by_meaning, key=lambda pair: -pair[1])
    params = {"q": "js", "mode": "semantic"}
    payload = (await call("GET", "/videos/search", params=params)).json()
    assert payload.keys() == {"items", "total", "page", "per_page", "has_more", "note"}
    assert payload["items"][0].keys() == VIDEO | {"relevance_score"}
    assert "stand-in" in payload["note"]
    for q in ('"', "'; DROP TABLE videos; --", "NEAR(", "*", "a AND", "title:", "\0", "%", "🎥"):
        for mode in ("text", "semantic"):
            answer = await call("GET", "/videos/search", params={"q": q, "mode": mode})
            assert answer.status_code == 200
    check_error(await call("GET", "/videos/search", params={"q": "x", "mode": "magic"}), 422)
    check_error(await call("GET", "/videos/search", params={"q": "x" * 501}), 422)


async def test_videos_recommendations_follow_from_watched_ones(call: Caller) -> None:
    seen = await upload(call, title="Async Python", tags="python")
    await copy(call, seen, title="Typed Python", tags=["python"])
    await copy(call, seen, title="Gardening", tags=["plants"])
    body = {"watched_seconds": 2}
    await call("POST", f"/videos/{seen['id']}/views", "ak_demo_viewer", json=body)

    payload = (await call("GET", "/videos/recommendations", "ak_demo_viewer")).json()

    assert payload["total"] == 2
    assert "stand-in" in payload["note"]
    first, second = payload["videos"]
    assert first.keys() == VIDEO | {"score", "reason"}
    assert (first["title"], second["title"]) == ("Typed Python", "Gardening")
    assert "Async Python" in first["reason"]
    assert first["score"] > second["score"]
    # A user's own videos are not recommended to them.
    assert (await call("GET", "/videos/recommendations", "ak_demo")).json()["videos"] == []
    near = (await call("GET", f"/videos/{seen['id']}/related", params={"limit": 1})).json()
    assert [video["title"] for video in near["videos"]] == ["Typed Python"]
    assert (near["total"], near["videos"][0].keys()) == (1, VIDEO)
    check_error(await call("GET", "/videos/recommendations"), 401)
    check_error(await call("GET", "/videos/recommendations", "ak_demo", params={"limit": 0}), 422)
    check_error(await call("GET", f"/videos/{NOBODY}/related"), 404)
