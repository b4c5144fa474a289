"""Webhooks, from an event to a real server that receives it."""

import hmac
import re
from collections.abc import AsyncIterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.webhooks import WebhookGivenUp
from emulator.core.hosts import Allowed
from emulator.platform import snapshots
from emulator.seeding import file as seeds
from emulator.settings import Settings, WrongSetting
from emulator.webhooks.webhooks import sign
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.people import follows
from emulator.world.webhooks import deliveries, targets
from emulator.world.webhooks.deliveries import RETRIES_MS, Delivery
from tests.support.chat import Chatroom, chatroom
from tests.support.docs import PROJECT
from tests.support.rest import STREAM
from tests.support.tables import table
from tests.support.webhook_receiver import Receiver, receiving

BROKEN = b"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nbroken"


@pytest.fixture
def patch() -> dict[str, Any]:
    """Settings that differ from the defaults."""
    return {}


@pytest.fixture
async def room(tmp_path: Path, patch: dict[str, Any]) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path, "in process", **patch) as room:
        yield room


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def admin(
    room: Chatroom, method: str, path: str, body: object = None, status: int = 200
) -> Any:
    answer = await room.call.request(method, f"/_emulator/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def settled(room: Chatroom) -> list[Delivery]:
    """All deliveries, the oldest first, once none is being posted."""
    await room.clock.pass_time(0)
    return deliveries.page(room.world, 1_000, 2**62)[::-1]


async def test_webhook_target_gets_its_chosen_events_signed_and_in_order(
    room: Chatroom, receiver: Receiver
) -> None:
    # Given a target that was added over the admin API,
    kinds = ["stream.live", "chat.message", "follow.created", "stream.ended"]
    asked = {"url": receiver.url, "secret": "s3cret", "events": kinds}
    result = await admin(room, "POST", "webhooks", asked, 201)
    bob = room.user("bob")

    # when something happens,
    streams.go_live(room.world, room.stream.id)
    messages.post(room.world, room.stream.id, bob, "hello, wörld")
    follows.follow(room.world, bob, room.owner)
    streams.end(room.world, streams.find(room.world, room.stream.id))

    # then it receives the events one after another, each signed.
    for number, kind in enumerate(kinds, start=1):
        received = await receiver.next(number)
        assert (received.payload["type"], received.headers["webhook-event"]) == (kind, kind)
        assert received.path == "/hook?from=test"
        assert received.is_signed_with("s3cret")
        assert not received.is_signed_with("another")
        assert received.payload["ts"] == room.clock.now_ms() // 1000
    live, chat, follow, _ = (received.payload for received in receiver.received)
    assert live["uid"] == room.stream.uid
    assert live["status"] == {"state": "live-inprogress"}
    assert live["data"].keys() == STREAM
    assert (chat["data"]["content"], chat["data"]["user"]["username"]) == ("hello, wörld", "bob")
    assert follow["data"]["follower"]["username"] == "bob"

    # The log has them, too.
    log = await admin(room, "GET", "webhooks/deliveries?limit=3")
    assert [delivery["event"] for delivery in log["deliveries"]] == kinds[:0:-1]
    assert {
        delivery["state"]
        for delivery in (await admin(room, "GET", "webhooks/deliveries"))["deliveries"]
    }
    rest = await admin(room, "GET", f"webhooks/deliveries?before={log['next_cursor']}")
    assert [delivery["event"] for delivery in rest["deliveries"]] == ["stream.live"]
    assert (log["total"], log["deliveries"][0]["webhook_id"]) == (4, result["id"])


async def test_webhook_target_with_a_filter_gets_those_events_only(
    room: Chatroom, receiver: Receiver
) -> None:
    targets.add(room.world, receiver.url, ("stream.ended",))
    streams.go_live(room.world, room.stream.id)
    streams.end(room.world, streams.find(room.world, room.stream.id))
    assert (await receiver.next(1)).payload["type"] == "stream.ended"
    assert len(await settled(room)) == 1


async def test_webhook_failure_is_retried_on_the_world_clock_until_given_up(
    room: Chatroom, receiver: Receiver
) -> None:
    target = targets.add(room.world, receiver.url, ("stream.live",))
    given_up: list[WebhookGivenUp] = []

    def hear(event: Event) -> None:
        if isinstance(event, WebhookGivenUp):
            given_up.append(event)

    room.worlds.default.bus.subscribe({Event: hear})
    receiver.answers = [BROKEN] * 6
    streams.go_live(room.world, room.stream.id)
    [delivery] = await settled(room)

    for attempt, wait_ms in enumerate(RETRIES_MS, start=1):
        assert (delivery.state, delivery.attempts, delivery.status) == ("waiting", attempt, 500)
        assert delivery.outcome == "broken"
        await room.clock.pass_time(wait_ms - 1)
        assert len(receiver.received) == attempt
        await room.clock.pass_time(1)
        assert len(receiver.received) == attempt + 1
        [delivery] = await settled(room)

    assert (delivery.state, delivery.attempts, delivery.due_at_ms) == ("failed", 6, None)
    assert [event.target_id for event in given_up] == [target.id]
    # The same body under the same id, with a signature of the new time.
    assert len({received.body for received in receiver.received}) == 1
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.headers["webhook-signature"] for received in receiver.received}) == 6

    # When it is replayed, it is delivered once more.
    payload = await admin(room, "POST", f"webhooks/deliveries/{delivery.id}/replay")
    assert payload["state"] == "waiting"
    [delivery] = await settled(room)
    assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 1, 204)
    assert receiver.received[6].body == receiver.received[0].body

    # Each attempt can be read, with its request and its result.
    detail = await admin(room, "GET", f"webhooks/deliveries/{delivery.id}")
    log = detail["attempt_log"]
    assert [(item["number"], item["status"]) for item in log] == [
        *((number, 500) for number in range(1, 7)),
        (7, 204),
    ]
    assert (detail["url"], log[0]["outcome"]) == (receiver.url, "broken")
    for item, received in zip(log, receiver.received, strict=True):
        headers = {name.lower(): value for name, value in item["headers"].items()}
        assert headers.items() <= received.headers.items()

    # Of many replays of one delivery, the last attempts are kept.
    for _ in range(20):
        await admin(room, "POST", f"webhooks/deliveries/{delivery.id}/replay")
        await settled(room)
    detail = await admin(room, "GET", f"webhooks/deliveries/{delivery.id}")
    assert [item["number"] for item in detail["attempt_log"]] == list(range(8, 28))
    await admin(room, "GET", "webhooks/deliveries/nothing", status=404)


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        (BROKEN, 500, "broken"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", 302, ""),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 404, ""),
        (b"220 mail.example ESMTP\r\n\r\n", None, "the answer was not HTTP"),
        (b"", None, "the answer was not HTTP"),
        (b"x" * 100_000, None, "the answer was not HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nfine", 200, "fine"),
        (b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe" + b"x" * 10_000, 200, None),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_webhook_any_response_of_a_target_is_logged(
    room: Chatroom, receiver: Receiver, answer: bytes, status: int | None, outcome: str | None
) -> None:
    targets.add(room.world, receiver.url)
    receiver.answers = [answer]
    streams.go_live(room.world, room.stream.id)

    [delivery] = await settled(room)

    assert delivery.status == status
    assert delivery.state == ("delivered" if status == 200 else "waiting")
    assert outcome is None or delivery.outcome == outcome
    assert len(delivery.outcome or "") <= 500
    assert len(receiver.received) == 1


@pytest.mark.parametrize("patch", [{"webhook_timeout_ms": 200}])
async def test_webhook_hanging_target_delays_itself_alone(
    room: Chatroom, receiver: Receiver
) -> None:
    async with receiving() as hanging:
        hanging.answers = [None]
        targets.add(room.world, hanging.url)
        targets.add(room.world, receiver.url)
        streams.go_live(room.world, room.stream.id)
        streams.end(room.world, streams.find(room.world, room.stream.id))

        assert (await receiver.next(2)).payload["type"] == "stream.ended"
        assert (await hanging.next(2)).payload["type"] == "stream.ended"
        slow = [delivery for delivery in await settled(room) if delivery.state == "waiting"]
        assert [delivery.outcome for delivery in slow] == ["no answer within 0.2 s"]


@pytest.mark.parametrize("patch", [{"webhook_timeout_ms": 600_000}])
async def test_webhook_targets_after_idle_ones_get_their_deliveries(
    room: Chatroom, receiver: Receiver
) -> None:
    # Given, before the last target, one that hangs for the whole test, one without a matching
    # event, and one that has to be retried later,
    async with receiving() as hanging, receiving() as broken:
        hanging.answers, broken.answers = [None], [BROKEN]
        targets.add(room.world, hanging.url)
        targets.add(room.world, receiver.url, ("vod.ready",))
        targets.add(room.world, broken.url, ("stream.live",))
        targets.add(room.world, receiver.url)
        streams.go_live(room.world, room.stream.id)
        await hanging.next(1)
        await broken.next(1)
        assert (await receiver.next(1)).payload["type"] == "stream.live"

        # when another event happens,
        streams.end(room.world, streams.find(room.world, room.stream.id))

        # then the last one receives it, and the others do not yet.
        assert (await receiver.next(2)).payload["type"] == "stream.ended"
        assert (len(hanging.received), len(broken.received)) == (1, 1)


async def test_webhook_retries_of_several_targets_each_come_at_their_time(
    room: Chatroom, receiver: Receiver
) -> None:
    # Given two targets that failed at two instants, half of the retry interval apart,
    half_ms = RETRIES_MS[0] // 2
    async with receiving() as other:
        targets.add(room.world, receiver.url, ("stream.live",))
        targets.add(room.world, other.url, ("stream.ended",))
        receiver.answers, other.answers = [BROKEN], [BROKEN]
        streams.go_live(room.world, room.stream.id)
        await settled(room)
        await room.clock.pass_time(half_ms)
        streams.end(room.world, streams.find(room.world, room.stream.id))
        await settled(room)
        assert (len(receiver.received), len(other.received)) == (1, 1)

        # then each is retried at its own time.
        counts = []
        for _ in range(3):
            await room.clock.pass_time(half_ms)
            counts.append((len(receiver.received), len(other.received)))
        assert counts == [(2, 1), (2, 2), (2, 2)]


async def test_webhook_missing_or_foreign_target_is_not_reached(room: Chatroom) -> None:
    for url in ("http://127.0.0.1:1/", "http://192.0.2.7/", "http://no-such-host.invalid/"):
        targets.add(room.world, url)
    streams.go_live(room.world, room.stream.id)

    closed, foreign, unknown = [str(delivery.outcome) for delivery in await settled(room)]
    assert closed.startswith("not reached: ")
    assert foreign == "192.0.2.7 is not allowed: see the setting webhook_hosts"
    assert unknown.startswith("not reached: ")


async def test_webhook_invalid_target_is_refused(room: Chatroom) -> None:
    for url in (
        "",
        "ftp://127.0.0.1/",
        "http://",
        "/hook",
        "http://user:pw@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/ x",
        "http://127.0.0.1/\r\nX-Evil: 1",
        "http://exa\u0308mple/",
        "http://127.0.0.1/" + "x" * 2_000,
        "http://192.0.2.7/",
        "http://[2001:db8::1]/",
    ):
        await admin(room, "POST", "webhooks", {"url": url}, 422)
    fine = "http://127.0.0.1:9/"
    await admin(room, "POST", "webhooks", {"url": fine, "events": ["stream.dance"]}, 422)
    for _ in range(targets.TARGETS_MAX):
        result = await admin(room, "POST", "webhooks", {"url": fine, "events": ["vod.ready"]}, 201)
    await admin(room, "POST", "webhooks", {"url": fine}, 409)
    assert await admin(room, "GET", f"webhooks/{result['id']}") == result
    await admin(room, "DELETE", f"webhooks/{result['id']}", status=204)
    await admin(room, "DELETE", f"webhooks/{result['id']}", status=404)
    await admin(room, "POST", "webhooks/deliveries/nothing/replay", status=404)
    listed = await admin(room, "GET", "webhooks")
    assert listed["total"] == targets.TARGETS_MAX - 1
    assert set(targets.KINDS) == set(listed["events"])


async def test_webhook_setting_adds_a_target_to_every_world_and_survives_a_reset(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with chatroom(tmp_path, "in process", webhook=receiver.url) as room:
        other = room.worlds.make("other", "none")
        assert [webhook_target.url for webhook_target in targets.of(other.world)] == [receiver.url]
        assert (await receiver.next(1)).payload["type"] == "stream.created"
        await snapshots.reset(room.worlds.default)
        [target] = targets.of(room.world)
        assert target.url == receiver.url
        follows.follow(room.world, room.user("bob"), room.owner)
        received = await receiver.next(2)
        assert received.payload["type"] == "follow.created"
        assert received.is_signed_with(target.secret)


@table("wrong", [{"webhook": "nonsense"}, {"webhook_hosts": "10.0.0.0/99"}])
def test_webhook_invalid_setting_is_refused_by_its_name(wrong: dict[str, str]) -> None:
    with pytest.raises(WrongSetting, match=f"{next(iter(wrong))}: "):
        Settings(data=":memory:", **wrong)


@table(
    ("text", "host", "address", "is_allowed"),
    [
        ("", "localhost", "127.0.0.1", True),
        ("", "localhost", "::1", True),
        ("", "mapped", "::ffff:127.0.0.1", True),
        ("", "mapped", "::ffff:192.0.2.1", False),
        ("", "anywhere", "192.0.2.1", False),
        ("", "zero", "0.0.0.0", False),
        ("192.0.2.0/24, example.com", "anywhere", "192.0.2.1", True),
        ("192.0.2.0/24, example.com", "EXAMPLE.com", "198.51.100.1", True),
        ("192.0.2.0/24, example.com", "sub.example.com", "198.51.100.1", False),
        ("2001:db8::/32", "anywhere", "2001:db8::1", True),
        ("*", "anywhere", "198.51.100.1", True),
    ],
)
def test_webhook_calls_allowed_addresses_only(
    text: str, host: str, address: str, is_allowed: bool
) -> None:
    assert Allowed(text).allows(host, ip_address(address)) is is_allowed


async def test_webhook_removed_target_gets_nothing_more(room: Chatroom, receiver: Receiver) -> None:
    target = targets.add(room.world, receiver.url)
    receiver.answers = [BROKEN]
    streams.go_live(room.world, room.stream.id)
    await settled(room)
    targets.remove(room.world, target)
    streams.end(room.world, streams.find(room.world, room.stream.id))
    await room.clock.pass_time(sum(RETRIES_MS))
    assert len(receiver.received) == 1
    assert await settled(room) == []


async def test_webhook_queue_is_bounded_and_its_log_forgets_the_oldest(
    room: Chatroom, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "WAITING_MAX", 3)
    monkeypatch.setattr(deliveries, "KEPT_MAX", 6)
    targets.add(room.world, receiver.url, ("chat.message",))
    with room.world.change():
        for number in range(7):
            messages.post(room.world, room.stream.id, room.owner, f"line {number}")

    log = await settled(room)

    assert [delivery.state for delivery in log] == ["delivered"] * 2 + ["dropped"] * 4
    assert log[2].outcome == "more than 3 deliveries waited"


async def test_webhook_undelivered_events_are_sent_after_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "world.db"
    async with receiving() as receiver:
        receiver.answers = [BROKEN]
        async with chatroom(tmp_path / "one", "in process", path=str(data)) as room:
            targets.add(room.world, receiver.url, ("stream.live",))
            streams.go_live(room.world, room.stream.id)
            await settled(room)
        async with chatroom(tmp_path / "two", "in process", path=str(data)) as room:
            await room.clock.pass_time(RETRIES_MS[0])
            assert (await receiver.next(2)).payload["type"] == "stream.live"


async def test_webhook_seed_adds_targets(tmp_path: Path, receiver: Receiver) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(
        "users: [{username: demo, api_key: ak_demo}]\n"
        f'webhooks: [{{url: "{receiver.url}", events: [stream.live], secret: s3cret}}]\n'
    )
    async with chatroom(tmp_path, "in process", seed=str(seed)) as room:
        streams.go_live(room.world, room.stream.id)
        received = await receiver.next(1)
        assert received.payload["type"] == "stream.live"
        assert received.is_signed_with("s3cret")
    seed.write_text("webhooks: [{url: no address, events: [dance]}]\n")
    with pytest.raises(Refused, match=r"(?s)1:18: 'no address' is invalid.*: Write one of"):
        seeds.read(str(seed))


async def test_webhook_signature_check_of_the_page_accepts_deliveries(
    room: Chatroom, receiver: Receiver
) -> None:
    page = (PROJECT / "docs/how-to/webhooks.md").read_text("utf-8")
    [shown] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"hmac": hmac}
    exec(shown, names)
    targets.add(room.world, receiver.url, secret="s3cret")
    streams.go_live(room.world, room.stream.id)

    received = await receiver.next(1)

    signature = received.headers["webhook-signature"]
    assert names["is_genuine"]("s3cret", signature, received.body)
    assert not names["is_genuine"]("s3cret", signature, received.body + b" ")


def test_webhook_signature_matches_the_page() -> None:
    assert sign("key", 1, b"{}") == (
        "time=1,sig1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
    )
