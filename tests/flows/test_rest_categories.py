"""Categories and tags: lists, the tree, one by its slug; their counts follow the streams."""

from typing import Any

import pytest

from emulator.server import Emulator
from emulator.world.live import streams
from tests.support.rest import CATEGORY, STREAM, STREAM_PAGE, TAG, Caller, check_error, create
from tests.support.streams import watch
from tests.support.tables import table

LISTS = ("", "/tree", "/trending", "/popular")


async def category(call: Caller, slug: str) -> dict[str, Any]:
    response = await call("GET", f"/streams/categories/by-slug/{slug}")
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def listed(call: Caller, kind: str, **query: Any) -> list[dict[str, Any]]:
    answer = (await call("GET", f"/streams/categories{kind}", params=query)).json()
    rows: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["categories"]
    return rows


async def test_categories_lists_have_the_seeded_ones(call: Caller) -> None:
    top = await listed(call, "")
    assert len(top) == 10
    assert {item["slug"] for item in top} > {"ai-coding", "rust", "mobile-dev"}
    assert all(item.keys() == CATEGORY for item in top)
    assert all(item["parent_id"] is None and item["is_active"] for item in top)

    python = next(item for item in top if item["slug"] == "python")
    [below] = await listed(call, "", parent_id=python["id"])
    assert (below["slug"], below["parent_id"]) == ("fastapi", python["id"])
    check_error(await call("GET", "/streams/categories", params={"parent_id": "x"}), 404)


@pytest.mark.both_prefixes
async def test_categories_tree_has_counts_for_the_documented_prefix_only(
    call: Caller,
) -> None:
    answer = (await call("GET", "/streams/categories/tree")).json()

    if call.prefix == "/api/v1":
        assert answer.keys() == {"categories", "total_categories"}
        assert answer["total_categories"] == 13
        answer = answer["categories"]
    assert len(answer) == 10
    python = next(item for item in answer if item["slug"] == "python")
    assert python.keys() == CATEGORY | {"children"}
    [fastapi] = python["children"]
    assert (fastapi["slug"], fastapi["children"]) == ("fastapi", [])


async def test_categories_trending_and_popular_stop_at_their_limit(call: Caller) -> None:
    assert len(await listed(call, "/popular", limit=8)) == 8
    popular = (await call("GET", "/streams/categories/popular", params={"limit": 1})).json()
    assert popular.keys() == {"categories", "total"}
    assert (len(popular["categories"]), popular["total"]) == (1, 13)
    trending = await listed(call, "/trending", limit=3)
    viewers = [item["viewer_count"] for item in trending]
    assert len(viewers) == 3
    assert viewers == sorted(viewers, reverse=True)
    for kind in ("/trending", "/popular"):
        check_error(await call("GET", f"/streams/categories{kind}", params={"limit": 0}), 422)


async def test_categories_count_a_stream_from_creation_to_deletion(
    call: Caller, emulator: Emulator
) -> None:
    async def counts() -> tuple[int, int, int]:
        [values] = [item for item in await listed(call, "") if item["slug"] == "web3"]
        for kind in ("/trending", "/popular", "/tree"):
            [same] = [
                item for item in await listed(call, kind, limit=100) if item["slug"] == "web3"
            ]
            assert {name: same[name] for name in CATEGORY} == values
        assert {name: value for name, value in page.items() if name in CATEGORY} == values
        assert values["total_viewers"] == values["viewer_count"]
        return values["stream_count"], values["live_streams"], values["viewer_count"]

    page = await category(call, "web3")
    before, *_ = await counts()
    stream = await create(call, category_id=page["id"], title="Ledger night")
    path = f"/streams/id/{stream['id']}"
    page = await category(call, "web3")
    assert await counts() == (before + 1, 0, 0)
    assert page["streams"] == []

    await call("POST", f"{path}/start", "ak_demo")
    world = emulator.platform.world
    watch(world, streams.find(world, stream["id"]), 5)
    page = await category(call, "web3")
    assert await counts() == (before + 1, 1, 5)
    [shown] = page["streams"]
    assert shown.keys() == STREAM
    assert (shown["title"], shown["viewer_count"]) == ("Ledger night", 5)
    assert shown["category"]["viewer_count"] == 5

    await call("POST", f"{path}/end", "ak_demo")
    page = await category(call, "web3")
    assert await counts() == (before + 1, 0, 0)
    await call("DELETE", path, "ak_demo")
    page = await category(call, "web3")
    assert await counts() == (before, 0, 0)


async def test_categories_streams_of_one_are_paged_without_private_ones(call: Caller) -> None:
    page = await category(call, "game-dev")
    for number, visibility in enumerate(("public", "private", "unlisted", "public")):
        key = f"ak_auto_gamer{number}"
        stream = await create(
            call, key, title=f"Game {number}", categoryId=page["id"], visibility=visibility
        )
        await call("POST", f"/streams/id/{stream['id']}/start", key)
    await call("POST", f"/streams/{stream['id']}/end", key)

    async def titles(**query: Any) -> list[str]:
        path = "/streams/categories/by-slug/game-dev/streams"
        answer = (await call("GET", path, params=query)).json()
        assert answer.keys() == STREAM_PAGE | {"category"}
        assert answer["category"].keys() == CATEGORY
        return [stream["title"] for stream in answer["streams"]]

    assert await titles() == ["Game 0"]
    assert await titles(status_filter="all") == ["Game 3", "Game 0"]
    assert await titles(status_filter="ended", per_page=1) == ["Game 3"]
    assert await titles(status_filter="all", per_page=1, page=2) == ["Game 0"]
    assert (await category(call, "game-dev"))["stream_count"] == 2


async def test_categories_unknown_slug_is_not_found(call: Caller) -> None:
    for path in ("nowhere", "nowhere/streams", "%3Cscript%3E", "a'%20OR%20'1'='1"):
        check_error(await call("GET", f"/streams/categories/by-slug/{path}"), 404)


async def test_categories_created_by_an_administrator_show_at_once(call: Caller) -> None:
    body = {"name": "Déjà vu & Co.", "description": "<b>Again</b>", "iconUrl": "/icon.svg"}
    response = await call("POST", "/streams/categories", "ak_demo", json=body)
    assert response.status_code == 201
    parent = response.json()
    assert parent.keys() == CATEGORY
    assert (parent["slug"], parent["description"]) == ("deja-vu-co", "<b>Again</b>")
    assert (parent["icon_url"], parent["parent_id"]) == ("/icon.svg", None)

    child = {"name": "Below", "slug": "own-slug", "parent_id": parent["id"]}
    assert (await call("POST", "/streams/categories", "ak_demo_admin", json=child)).json()[
        "parent_id"
    ] == parent["id"]
    assert parent["slug"] in {item["slug"] for item in await listed(call, "")}
    assert [item["slug"] for item in await listed(call, "", parent_id=parent["id"])] == ["own-slug"]
    stream = await create(call, category_id=parent["id"])
    assert stream["category"]["name"] == "Déjà vu & Co."


@table(
    ("body", "status"),
    [
        ({"name": "RUST"}, 409),
        ({"name": "Other", "slug": "rust"}, 409),
        ({"name": "x", "parent_id": "nowhere"}, 404),
        ({"name": "?!"}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": 5}, 422),
        ({"name": "x", "slug": "No Slug"}, 422),
        ({"name": "x", "slug": "-"}, 422),
        ({"name": "x", "description": "x" * 1001}, 422),
        ({"name": "x", "icon_url": "x" * 2001}, 422),
        ({}, 422),
    ],
)
async def test_categories_invalid_one_is_refused(
    call: Caller, body: dict[str, Any], status: int
) -> None:
    before = await listed(call, "/popular", limit=100)

    check_error(await call("POST", "/streams/categories", "ak_demo", json=body), status)

    assert await listed(call, "/popular", limit=100) == before


async def test_categories_are_created_by_administrators_only(call: Caller) -> None:
    check_error(await call("POST", "/streams/categories", json={"name": "Mine"}), 401)
    refused = await call("POST", "/streams/categories", "ak_demo_viewer", json={"name": "Mine"})
    check_error(refused, 403)


@pytest.mark.parametrize("spelling", ["/streams/tags", "/streams/streams/tags"])
async def test_tags_are_counted_and_suggested_under_both_spellings(
    call: Caller, spelling: str
) -> None:
    seeded = (await call("GET", spelling)).json()
    assert all(tag.keys() == TAG for tag in seeded)
    names = [tag["name"] for tag in seeded]
    assert names == sorted(names, key=str.casefold)
    assert {"smart-contracts", "ci-cd", "ollama"} <= set(names)

    for number in range(4):
        stream = await create(call, f"ak_auto_t{number}", tags=["Zig-lang", f"zig{number}"])
    [popular] = (await call("GET", f"{spelling}/popular", params={"limit": 1})).json()
    assert (popular["name"], popular["slug"], popular["usage_count"]) == ("Zig-lang", "zig-lang", 4)
    query = {"query": "ZIG", "limit": 3}
    assert (await call("GET", f"{spelling}/suggestions", params=query)).json() == [
        "Zig-lang",
        "zig0",
        "zig1",
    ]
    assert (await call("GET", f"{spelling}/suggestions", params={"query": "'*\""})).json() == []
    assert (await call("GET", f"{spelling}/suggestions")).json() == []

    await call("DELETE", f"/streams/id/{stream['id']}", "ak_auto_t3")
    [popular] = (await call("GET", f"{spelling}/popular", params={"limit": 1})).json()
    assert popular["usage_count"] == 3
    check_error(await call("GET", f"{spelling}/popular", params={"limit": 101}), 422)
    check_error(await call("GET", f"{spelling}/suggestions", params={"query": "x" * 201}), 422)
