"""Chat figures, compared with a count of the messages."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.audience import figures, talk
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World

MINUTE_MS = 60_000


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("say"), st.integers(0, 3), st.integers(0, 90)),
            st.tuples(st.sampled_from(["look", "start", "leave"]), st.integers(0, 3), st.just(1)),
        ),
        max_size=40,
    )
)
def test_chat_fold_equals_a_count_of_its_messages(acts: list[tuple[str, int, int]]) -> None:
    # Given a chat in which users post, and are deleted with all their messages,
    clock = ManualClock()
    lenient = RulesConfig(chat_lines_per_minute=0, chat_repeats_max=0)
    world = World(clock=clock, publish=lambda _: None, rules=lenient)
    ada = accounts.make(world, "ada", api_key="")
    stream = streams.create(world, ada, StreamPatch({"title": "Evening"}))
    for number, (act, who, seconds) in enumerate(acts):
        clock.advance(seconds * 1_000)
        _happen(world, stream, act, f"user{who}", f"line {number}")

    # when its figures are read, then they equal a count.
    now = streams.find(world, stream.id)
    rows = world.store.rows(
        "SELECT users.username, messages.created_at_ms FROM messages JOIN users"
        " ON users.row = messages.user_row WHERE stream_row = ?",
        stream.pk,
    )
    said: dict[str, int] = {}
    for row in rows:
        said[row["username"]] = said.get(row["username"], 0) + 1
    chat_figures = figures.chat(world, now)
    assert (chat_figures.messages, chat_figures.chatters) == (len(rows), len(said))
    ranked = sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))
    assert [(chatter.username, chatter.messages) for chatter in chat_figures.most_active] == ranked
    if not any(act == "leave" for act, _, _ in acts):
        start_ms = now.started_at_ms if now.started_at_ms is not None else now.created_at_ms
        minutes: dict[int, int] = {}
        for row in rows:
            minute = (row["created_at_ms"] - start_ms) // MINUTE_MS
            minutes[minute] = minutes.get(minute, 0) + 1
        assert chat_figures.peak_per_minute == max(minutes.values(), default=0)
    world.close()


def _happen(world: World, stream: Stream, act: str, name: str, line: str) -> None:
    now = streams.find(world, stream.id)
    if act == "say":
        messages.post(world, stream.id, _person(world, name), line)
    elif act == "start" and now.status == "offline":
        streams.start(world, now)
    elif act == "look":
        talk.totals(world, now)
    elif act == "leave":
        with world.change():
            world.store.write("DELETE FROM users WHERE username = ?", name)


def _person(world: World, name: str) -> User:
    try:
        return accounts.by_username(world, name)
    except Refused:
        return accounts.make(world, name, api_key="")


def test_chat_fold_counts_message_that_reuses_a_removed_row(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    bob, cleo = (accounts.make(world, name, api_key="") for name in ("bob", "cleo"))
    for author in (cleo, bob, bob):
        messages.post(world, stream.id, author, "hello")
    assert talk.totals(world, stream) == (3, 2)
    with world.change():
        world.store.write("DELETE FROM users WHERE username = 'bob'")

    clock.advance(MINUTE_MS)
    messages.post(world, stream.id, cleo, "again")

    assert talk.totals(world, stream) == (2, 1)
