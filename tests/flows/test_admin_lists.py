"""The admin API's lists: every stream with its key and every recording, with private ones."""

import httpx

from tests.support.docs import PROJECT
from tests.support.rest import INGEST, STREAM, Caller, check_error


async def test_admin_streams_lists_every_stream_with_its_key(
    client: httpx.AsyncClient, call: Caller
) -> None:
    # Given a private stream of bob's, which nobody else sees,
    body = {"title": "Bob's Own", "visibility": "private"}
    own = (await call("POST", "/streams/", "ak_auto_bob", json=body)).json()

    # when all streams are listed,
    page = (await client.get("/_emulator/streams", params={"per_page": 100})).json()

    # then it is in the list with its key, after the live streams.
    [listed] = [stream for stream in page["streams"] if stream["id"] == own["id"]]
    assert set(listed) == STREAM | INGEST | {"is_publishing", "protocol"}
    assert listed["stream_key"] == own["stream_key"]
    ranks = [("live", "offline", "ended").index(stream["status"]) for stream in page["streams"]]
    assert ranks == sorted(ranks)
    assert page["total"] == sum(page["counts"].values()) == len(page["streams"])
    # It is found by a part of its title or its owner's name, by its uid, and by its status.
    for query, count in (
        ({"find": "bob's o"}, True),
        ({"find": "BOB", "status": "offline"}, True),
        ({"find": own["cloudflare_stream_id"]}, True),
        ({"find": "bob", "status": "ended"}, False),
        ({"find": "%"}, False),
    ):
        found = (await client.get("/_emulator/streams", params=query)).json()
        assert [stream["id"] for stream in found["streams"]] == [own["id"]] * count, query
        assert found["total"] == count
    address = f"/_emulator/streams/{own['id']}"
    assert (await client.get(address)).json() == listed

    # A synthetic publisher, the default while time stands, is shown in both.
    await client.put("/_emulator/clock", json={"mode": "virtual"})
    assert (await client.post(f"{address}/publish")).json()["protocol"] == "synthetic"
    stream = (await client.get(address)).json()
    assert (stream["status"], stream["is_publishing"]) == ("live", True)
    assert stream["protocol"] == "synthetic"
    check_error(await client.get("/_emulator/streams/nowhere"), 404)


async def test_admin_recordings_lists_all_kinds_with_their_sizes(
    client: httpx.AsyncClient, call: Caller
) -> None:
    page = (await client.get("/_emulator/recordings", params={"per_page": 100})).json()
    seeded = page["recordings"]
    assert page["total"] == len(seeded)
    assert {item["kind"] for item in seeded} >= {"vod", "clip"}
    created = [item["created_at"] for item in seeded]
    assert created == sorted(created, reverse=True)
    # Simulated ones have no files until somebody watches.
    assert all(item["bytes"] is None for item in seeded if item["kind"] == "vod")
    ready = next(item for item in seeded if item["status"] == "ready" and item["kind"] == "vod")
    assert (await client.get(httpx.URL(ready["watch_url"]).path)).status_code == 200

    # A draft waits for its media; it is found by its title, its state and its kind.
    draft = (await call("POST", "/videos/", "ak_demo", json={"title": "A draft of mine"})).json()
    for query in ({"find": "draft of"}, {"status": "processing", "kind": "video"}):
        page = (await client.get("/_emulator/recordings", params=query)).json()
        assert [item["id"] for item in page["recordings"]] == [draft["id"]]
        assert page["processing"] == 1
    [item] = page["recordings"]
    assert (item["status"], item["download_url"], item["bytes"]) == ("processing", None, None)
    check_error(await client.get("/_emulator/recordings", params={"kind": "song"}), 422)


async def test_admin_accounts_lists_everybody_with_keys_that_work(
    client: httpx.AsyncClient, call: Caller
) -> None:
    # Given a user who is not from the seed, and another world,
    await call("GET", "/auth/me", "ak_auto_newcomer")
    await client.post("/_emulator/worlds", json={"name": "beside"})

    # when all accounts are listed, then each is there with one of its keys.
    page = (await client.get("/_emulator/accounts", params={"per_page": 100})).json()
    names = [account["username"] for account in page["accounts"]]
    assert page["total"] == len(names)
    assert names[0] == "demo"
    assert names[-1] == "newcomer"
    for account in page["accounts"]:
        me = await call("GET", "/auth/me", account["api_keys"][0])
        assert me.json()["id"] == account["id"]
    # They are found by their names, also by the display name, and the list has pages.
    for text, expected in (("URBAN tech", ["urbantech"]), ("newcom", ["newcomer"]), ("%", [])):
        found = (await client.get("/_emulator/accounts", params={"find": text})).json()
        assert [account["username"] for account in found["accounts"]] == expected
        assert found["total"] == len(expected)
    second = (await client.get("/_emulator/accounts", params={"page": 2, "per_page": 5})).json()
    assert [account["username"] for account in second["accounts"]] == names[5:10]
    # A key of another world names that world.
    headers = {"X-Emulator-World": "beside"}
    beside = (await client.get("/_emulator/accounts", headers=headers)).json()["accounts"]
    assert beside[0]["api_keys"] == ["ak_demo@beside"]


async def test_admin_docs_are_the_pages_of_this_release(client: httpx.AsyncClient) -> None:
    docs = (await client.get("/_emulator/docs")).json()
    pages = {doc["name"]: doc for doc in docs["docs"]}
    assert docs["total"] == len(pages)
    assert pages["how-to/obs"]["title"] == "Go live with OBS"

    page = await client.get("/_emulator/docs/how-to/obs")
    assert page.headers["content-type"].startswith("text/markdown")
    assert page.text == (PROJECT / "docs/how-to/obs.md").read_text("utf-8")
    check_error(await client.get("/_emulator/docs/how-to/..%2F..%2FREADME"), 404)
    check_error(await client.get("/_emulator/docs/decisions/0001-the-world-is-synchronous"), 404)
