"""Many messages at once equal single ones: refusals, ids, order, events, figures."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.chat import ChatHeld, ChatPosted
from emulator.world.audience import talk
from emulator.world.chat import bans, messages, moderators
from emulator.world.chat import settings as room_settings
from emulator.world.faults import reading
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts, departures, follows
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.store import events
from emulator.world.world import World

NAMES = ("ada", "bob", "cleo", "dan", "eve")
WORDS = (
    *(
        "hello",
        "HELLO",
        "hello there",
        "Größe",
        "GRÖSSE",
        "größe",
        "a\0b",
        "a\0c",
        "🎉",
        ":wave: 🎥",
    ),
    *("see example.com", "a cabbage", "A CÁBBAGE", "WHY IS NOBODY ANSWERING", "x" * 20, "o" * 300),
    *("", "   ", '"quoted" \\ and\nbroken \u2028 \u202e'),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "slow_mode_seconds": st.sampled_from([0, 1, 5]),
        "is_followers_only": st.booleans(),
        "is_emote_only": st.booleans(),
        "length_max": st.sampled_from([5, 200, 500]),
        "blocked_words": st.sampled_from([(), ("cabbage",), ("hello there", "größe")]),
        "are_links_allowed": st.booleans(),
        "is_ai_moderated": st.booleans(),
    },
)
WHO = st.sampled_from(NAMES)
# The number of the room, the author and the text.
LINES = st.tuples(
    st.just("say"),
    st.lists(st.tuples(st.sampled_from((0, 0, 0, 1)), WHO, st.sampled_from(WORDS)), max_size=25),
)
# Few authors with few texts, so that messages repeat.
AGAIN = st.tuples(
    st.just("say"),
    st.lists(
        st.tuples(st.just(0), st.sampled_from(NAMES[1:3]), st.sampled_from(("buy", "BUY", "no"))),
        max_size=12,
    ),
)
ACTS = st.one_of(
    LINES,
    LINES,
    AGAIN,
    AGAIN,
    st.tuples(st.just("settings"), SETTINGS),
    st.tuples(st.just("wait"), st.sampled_from([1, 400, 1_000, 5_000, 29_999, 61_000])),
    st.tuples(st.just("ban"), WHO, st.sampled_from([None, 1, 30])),
    st.tuples(st.just("unban"), WHO),
    st.tuples(st.just("moderator"), WHO, st.booleans()),
    st.tuples(st.just("demote"), WHO),
    st.tuples(st.just("follow"), WHO),
    st.tuples(st.just("delete"), WHO),
    st.tuples(st.just("clear")),
    st.tuples(st.just("leave"), WHO),
    st.tuples(st.just("rules"), st.sampled_from([0, 2, 3]), st.sampled_from([0, 4])),
    st.tuples(st.just("tighten"), WHO),
    st.tuples(st.just("mend")),
    st.tuples(st.just("undo"), st.lists(st.tuples(WHO, st.sampled_from(WORDS)), max_size=5)),
    st.tuples(st.just("end")),
)


class Rooms:
    """One of two worlds in which the same things happen."""

    def __init__(self, *, is_batched: bool) -> None:
        self.heard: list[Event] = []
        self.outcomes: list[Any] = []
        self.clock = ManualClock()
        self.world = World(
            clock=self.clock,
            publish=self.heard.append,
            rules=RulesConfig(chat_lines_per_minute=0, chat_repeats_max=3, streams_per_user=0),
        )
        self._is_batched = is_batched
        self._gone: set[str] = set()
        self._people = {name: accounts.make(self.world, name) for name in NAMES}
        ada = self._people["ada"]
        self._rooms = [
            streams.create(self.world, ada, StreamPatch({"title": title}))
            for title in ("one", "two")
        ]

    @property
    def stream(self) -> Stream:
        return self._rooms[0]

    def do(self, act: tuple[Any, ...]) -> None:
        verb, *values = act
        if verb not in {"say", "undo"} and self._gone.intersection(map(str, values)):
            return
        try:
            getattr(self, f"_{verb}")(*values)
        except Refused as refused:
            self.outcomes.append(outcome_of(refused))

    def facts(self) -> dict[str, Any]:
        """Everything that is visible from outside."""
        world = self.world
        rows = world.store.rows("SELECT * FROM messages ORDER BY row")
        return {
            "outcomes": self.outcomes,
            "heard": [(type(event).__name__, astuple(event)) for event in self.heard],
            "journal": events.read(world.store, after=0, count=100_000),
            "rows": [tuple(row) for row in rows],
            "pages": [messages.page(world, room, None, count=1_000) for room in self._rooms],
            "talk": [talk.totals(world, room) for room in self._rooms],
            "next id": world.ids.uuid(),
        }

    def _say(self, lines: list[tuple[int, str, str]]) -> None:
        said = [(self._rooms[room].id, self._people[name], text) for room, name, text in lines]
        if self._is_batched:
            results = messages.post_many(self.world, said)
            self.outcomes += [outcome_of(outcome) for outcome in results]
            return
        with self.world.change():
            for stream_id, author, text in said:
                self.outcomes.append(outcome_of(self._said(stream_id, author, text)))

    def _said(self, stream_id: str, author: User, text: str) -> ChatPosted | ChatHeld | Refused:
        try:
            return messages.post(self.world, stream_id, author, text)
        except Refused as refused:
            return refused

    def _settings(self, patch: dict[str, Any]) -> None:
        room_settings.change(self.world, self.stream, self._people["ada"], patch)

    def _wait(self, passed_ms: int) -> None:
        self.clock.advance(passed_ms)

    def _ban(self, name: str, seconds: int | None) -> None:
        ada, target = self._people["ada"], self._people[name]
        bans.add(self.world, self.stream, ada, target, duration_seconds=seconds)

    def _unban(self, name: str) -> None:
        bans.lift(self.world, self.stream, self._people["ada"], self._people[name])

    def _moderator(self, name: str, is_vip: bool) -> None:
        moderators.add(self.world, self.stream, self._people[name], is_vip=is_vip)

    def _demote(self, name: str) -> None:
        for moderator in moderators.of(self.world, self.stream):
            if moderator.user_pk == self._people[name].pk:
                moderators.remove(self.world, self.stream, moderator)

    def _follow(self, name: str) -> None:
        follows.follow(self.world, self._people[name], self._people["ada"])

    def _delete(self, name: str) -> None:
        results, _ = messages.page(self.world, self.stream, None, count=1)
        if results:
            messages.delete(self.world, self.stream, results[0].id, self._people[name])

    def _clear(self) -> None:
        messages.clear(self.world, self.stream, self._people["ada"])

    def _leave(self, name: str) -> None:
        if name != "ada":
            self._gone.add(name)
            departures.delete(self.world, self._people[name])

    def _rules(self, repeats: int, a_minute: int) -> None:
        self.world.rules = RulesConfig(chat_lines_per_minute=a_minute, chat_repeats_max=repeats)

    def _tighten(self, name: str) -> None:
        payload = {"limit.tighten": {"user": name, "what": "chat", "per_minute": 2}, "times": 2}
        self.world.faults.start(reading.read(payload))

    def _mend(self) -> None:
        self.world.faults.clear()

    def _undo(self, lines: list[tuple[str, str]]) -> None:
        """Post messages in a change that fails: they were never posted."""
        try:
            with self.world.change():
                self._say([(0, name, text) for name, text in lines])
                raise ZeroDivisionError
        except ZeroDivisionError:
            self.outcomes.append("undone")

    def _end(self) -> None:
        self._rooms[0] = streams.end(self.world, self.stream)


def outcome_of(outcome: ChatPosted | ChatHeld | Refused | None) -> Any:
    """The outcome of a message; whether it was posted is in the events."""
    if isinstance(outcome, Refused):
        return (outcome.code, outcome.message, outcome.details)
    return "held" if isinstance(outcome, ChatHeld) else "seen"


@given(st.lists(ACTS, max_size=25))
def test_post_many_equals_posting_one_by_one(acts: list[tuple[Any, ...]]) -> None:
    one_by_one, batched = Rooms(is_batched=False), Rooms(is_batched=True)

    with closing(one_by_one.world), closing(batched.world):
        for act in acts:
            one_by_one.do(act)
            batched.do(act)

        assert batched.facts() == one_by_one.facts()


@pytest.fixture
def rooms() -> Iterator[Rooms]:
    rooms = Rooms(is_batched=True)
    with closing(rooms.world):
        yield rooms


def test_post_many_listener_gets_one_burst_or_single_messages(rooms: Rooms) -> None:
    bursts: list[Burst] = []
    rooms.world.store.publish_burst = bursts.append

    rooms.do(("settings", {"blocked_words": ("cabbage",)}))
    lines = [(0, "bob", "a"), (0, "dan", "b"), (0, "bob", "cabbage"), (0, "cleo", "c")]
    rooms.do(("say", [*lines, (0, "dan", "d"), (1, "bob", "e"), (1, "dan", "f"), (0, "bob", "g")]))

    said = [[event.content for event in burst] for burst in bursts]  # type: ignore[attr-defined]
    assert said == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert isinstance(rooms.heard[-2], ChatHeld)
    assert isinstance(rooms.heard[-1], ChatPosted)


def test_post_many_long_batch_is_read_from_the_journal_in_pieces(rooms: Rooms) -> None:
    before = events.last_seq(rooms.world.store)
    rooms.do(("rules", 0, 0))

    rooms.do(("say", [(0, "bob", str(number)) for number in range(1_203)]))

    read: list[str] = []
    after = before
    while journalleds := events.read(rooms.world.store, after=after, count=77, kind="ChatPosted"):
        assert [journalled.seq for journalled in journalleds] == list(
            range(after + 1, after + 1 + len(journalleds))
        )
        read += [journalled.values["content"] for journalled in journalleds]
        after = journalleds[-1].seq
    assert read == [str(number) for number in range(1_203)]
    assert events.last_seq(rooms.world.store) == before + 1_203
