"""Ranking, search and suggestions: a stream is where it belongs, from its start to its deletion."""

from typing import Any

from emulator.server import Emulator
from emulator.world.live import streams
from tests.support.rest import STREAM, STREAM_PAGE, USER_CARD, Caller, check_error, create
from tests.support.streams import watch
from tests.support.tables import table

RANKINGS = {
    "/streams/trending": {"streams", "total", "limit", "time_window_hours"},
    "/streams/rising": {"streams", "total", "limit"},
    "/streams/recommended": {"streams", "total"},
}


async def ask(call: Caller, path: str, **query: Any) -> Any:
    answer = await call("GET", path, "ak_demo_viewer", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def titles(call: Caller, path: str, **query: Any) -> list[str]:
    return [stream["title"] for stream in (await ask(call, path, **query))["streams"]]


async def start(call: Caller, key: str, title: str, **body: Any) -> dict[str, Any]:
    stream = await create(call, key, title=title, **body)
    await call("POST", f"/streams/id/{stream['id']}/start", key)
    return stream


async def test_discovery_ranking_is_returned_with_its_query(call: Caller) -> None:
    for path, keys in RANKINGS.items():
        answer = await ask(call, path, limit=3)
        assert answer.keys() == keys
        assert all(stream.keys() == STREAM for stream in answer["streams"])
        assert len(answer["streams"]) == 3
        assert answer["total"] >= 6
        assert answer.get("limit", 3) == 3
    trending = await ask(call, "/streams/trending", limit=12)
    assert trending["time_window_hours"] == 24
    assert len(trending["streams"]) >= 6
    viewers = [stream["viewer_count"] for stream in trending["streams"]]
    assert viewers == sorted(viewers, reverse=True)


async def test_discovery_stream_shows_everywhere_while_it_is_live(
    call: Caller, emulator: Emulator
) -> None:
    stream = await create(call, title="Quokka night", tags=["quokkas"])
    world = emulator.platform.world
    path = f"/streams/id/{stream['id']}"

    async def places() -> set[str]:
        shown = {ranking for ranking in RANKINGS if "Quokka night" in await titles(call, ranking)}
        if "Quokka night" in await titles(call, "/streams/search", q="quok"):
            shown.add("search")
        if "Quokka night" in await titles(call, "/streams/users/demo/streams"):
            shown.add("user")
        if "Quokka night" in await ask(call, "/streams/search/suggestions", query="quok"):
            shown.add("suggestions")
        return shown

    names = {"search", "user", "suggestions"}
    assert await places() == names
    await call("POST", f"{path}/start", "ak_demo")
    assert await places() == names | RANKINGS.keys()

    watch(world, streams.find(world, stream["id"]), 1_000_000)
    for ranking in ("/streams/trending", "/streams/rising"):
        assert (await titles(call, ranking, limit=1)) == ["Quokka night"]
    await call("PUT", path, "ak_demo", json={"visibility": "unlisted"})
    assert await places() == set()
    await call("PUT", path, "ak_demo", json={"visibility": "public"})
    await call("POST", f"{path}/end", "ak_demo")
    assert await places() == names
    assert await titles(call, "/streams/search", q="quok", status_filter="live") == []
    await call("DELETE", path, "ak_demo")
    assert await places() == set()


async def test_discovery_own_streams_are_not_recommended(call: Caller) -> None:
    await start(call, "ak_demo_viewer", "My own")

    assert "My own" not in await titles(call, "/streams/recommended", limit=100)
    check_error(await call("GET", "/streams/recommended"), 401)


@table(
    ("path", "query"),
    [
        ("/streams/trending", {"limit": "0"}),
        ("/streams/trending", {"time_window_hours": "0"}),
        ("/streams/rising", {"limit": "101"}),
        ("/streams/recommended", {"limit": "x"}),
        ("/streams/search", {"q": "x" * 201}),
        ("/streams/search", {"q": "x", "page": "0"}),
        ("/streams/search", {"q": "x", "status_filter": "gone"}),
        ("/streams/search", {"q": "x", "start_date": "yesterday"}),
        ("/streams/search", {"q": "x", "end_date": "0001-01-01"}),
        ("/streams/search/suggestions", {"query": "x", "limit": "0"}),
        ("/streams/search/trending", {"limit": "101"}),
        ("/streams/search/popular", {"limit": "-1"}),
        ("/streams/search/users", {"q": "x", "limit": "0"}),
        ("/streams/users/demo/streams", {"status_filter": "x"}),
    ],
)
async def test_discovery_query_out_of_range_is_422(
    call: Caller, path: str, query: dict[str, str]
) -> None:
    answer = await call("GET", path, "ak_demo_viewer", params=query)

    (mistake,) = check_error(answer, 422)["detail"]
    assert mistake["loc"] == ["query", list(query)[-1]]


async def test_discovery_search_has_pages_and_filters(call: Caller) -> None:
    categories = (await call("GET", "/streams/categories")).json()
    rust = next(category["id"] for category in categories if category["slug"] == "rust")
    await start(call, "ak_auto_a", "Wombat one", category_id=rust)
    ended = await start(call, "ak_auto_b", "Wombat two")
    await call("POST", f"/streams/{ended['id']}/end", "ak_auto_b")
    await create(call, "ak_auto_c", title="Three", description="Not a wombat")

    page = await ask(call, "/streams/search", query="wombat", per_page=2)
    assert page.keys() == STREAM_PAGE | {"total_count"}
    assert (page["total"], page["total_count"], page["has_more"]) == (3, 3, True)
    assert [stream["title"] for stream in page["streams"]] == ["Wombat one", "Wombat two"]
    assert await titles(call, "/streams/search", q="wombat", perPage=2, page=2) == ["Three"]

    async def found(**query: str) -> list[str]:
        return await titles(call, "/streams/search", q="WOMBAT", **query)

    assert await found(status_filter="live", category_id=rust) == ["Wombat one"]
    assert await found(status_filter="ended") == ["Wombat two"]
    assert await found(status_filter="all") == ["Wombat one", "Wombat two", "Three"]
    today = ended["created_at"][:10]
    assert len(await found(start_date="2020-01-01", end_date="2999-12-31T00:00:00Z")) == 3
    assert len(await found(end_date=today)) in (2, 3)
    assert await found(end_date="2020-01-01") == await found(start_date="2999-01-01") == []
    check_error(await call("GET", "/streams/search", params={"q": "x", "category_id": "x"}), 404)


@table("typed", ['"', "*", "NEAR(a b)", "a OR", "title:", "'; DROP TABLE streams; --", "\0", "🎥"])
async def test_discovery_search_takes_any_text(call: Caller, typed: str) -> None:
    for path in ("/streams/search", "/streams/search/suggestions", "/streams/search/users"):
        await ask(call, path, query=typed, q=typed)


async def test_discovery_searches_are_counted_once_each(
    call: Caller,
) -> None:
    for typed in ("Zebra", " zebra", "okapi", "***", ""):
        await ask(call, "/streams/search", q=typed)
    await ask(call, "/streams/search", q="okapi", page=2)
    await ask(call, "/streams/search/suggestions", query="never searched")
    await call("GET", "/streams/search", params={"q": "refused", "category_id": "nowhere"})

    for kind in ("trending", "popular"):
        assert await ask(call, f"/streams/search/{kind}", limit=2) == ["zebra", "okapi"]
        assert await ask(call, f"/streams/search/{kind}", limit=1) == ["zebra"]


async def test_discovery_cached_search_is_counted_again(call: Caller) -> None:
    for typed in ("numbat", *["quoll"] * 5):
        await ask(call, "/streams/search", q=typed)
    for _ in range(6):
        await ask(call, "/streams/search", q="numbat")

    assert await ask(call, "/streams/search/popular", limit=1) == ["numbat"]


async def test_discovery_user_search_needs_a_login(call: Caller) -> None:
    [result] = await ask(call, "/streams/search/users", q="urban")
    assert result.keys() == USER_CARD
    assert result["username"] == "urbantech"
    assert await ask(call, "/streams/search/users", q="tech", limit=1) == [result]
    assert await ask(call, "/streams/search/users", q="") == []
    check_error(await call("GET", "/streams/search/users", params={"q": "urban"}), 401)


async def test_discovery_streams_of_a_user_are_listed_in_any_state_when_public(
    call: Caller,
) -> None:
    ended = await start(call, "ak_auto_kim", "First")
    await call("POST", f"/streams/{ended['id']}/end", "ak_auto_kim")
    hidden = await start(call, "ak_auto_kim", "Second", visibility="private")
    await call("POST", f"/streams/{hidden['id']}/end", "ak_auto_kim")
    await create(call, "ak_auto_kim", title="Third")
    path = "/streams/users/kim/streams"

    page = (await call("GET", path, "ak_auto_kim")).json()
    assert page.keys() == STREAM_PAGE
    assert [stream["title"] for stream in page["streams"]] == ["Third", "First"]
    assert page["total"] == 2
    assert await titles(call, path, status_filter="ended") == ["First"]
    assert await titles(call, path, per_page=1, page=2) == ["First"]
    check_error(await call("GET", "/streams/users/nobody/streams"), 404)
