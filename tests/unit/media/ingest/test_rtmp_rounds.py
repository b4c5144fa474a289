"""Rounds: sockets that have joined are read, in order and to the end; others are not."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from emulator.media.ingest.rtmp_rounds import Rounds

MUCH = 300_000
"""More than one read takes, and less than a socket holds."""


class Listener:
    """A member that records its input. `then` is called with each piece."""

    def __init__(self, then: Callable[[bytes], None] | None = None) -> None:
        self.heard = b""
        self.errors: list[OSError | None] = []
        self.news = asyncio.Event()
        self.patience_ms = 0
        self._then = then

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if self._then is not None:
            self._then(data)
        self.news.set()

    def hung_up(self, error: OSError | None) -> None:
        self.errors.append(error)
        self.news.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not is_true():
                self.news.clear()
                await self.news.wait()

    async def until_it_hangs_up(self) -> None:
        await self.until(lambda: bool(self.errors))


@pytest.fixture
def pairs() -> Iterator[Callable[[], tuple[socket.socket, socket.socket]]]:
    """Connected TCP sockets: one to be read in rounds, and its peer."""
    sockets: list[socket.socket] = []
    server = socket.create_server(("127.0.0.1", 0))

    def pair() -> tuple[socket.socket, socket.socket]:
        peer = socket.create_connection(server.getsockname())
        source, _ = server.accept()
        source.setblocking(False)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MUCH)
        sockets.extend((peer, source))
        return source, peer

    yield pair
    for sock in (server, *sockets):
        sock.close()


Pairs = Callable[[], tuple[socket.socket, socket.socket]]


async def test_rtmp_rounds_each_member_reads_its_own_peer_to_the_end(pairs: Pairs) -> None:
    # Given three that have joined,
    rounds = Rounds()
    three = [(*pairs(), Listener()) for _ in range(3)]
    for source, _, listener in three:
        rounds.join(source, listener)

    # when each of their peers sends, and closes,
    for number, (_, peer, _) in enumerate(three):
        peer.sendall(bytes([number]) * 1000)
        peer.sendall(b"end")
        peer.close()

    # then each gets everything, and then the end.
    for number, (_, _, listener) in enumerate(three):
        await listener.until_it_hangs_up()
        assert listener.heard == bytes([number]) * 1000 + b"end"
        assert listener.errors == [None]


async def test_rtmp_rounds_of_many_read_each_of_them_also_when_the_first_are_gone(
    pairs: Pairs,
) -> None:
    rounds = Rounds()
    many = [(*pairs(), Listener()) for _ in range(20)]
    for source, _, listener in many:
        rounds.join(source, listener)
    for number, (_, peer, _) in enumerate(many):
        peer.sendall(bytes([number]))
    for number, (_, _, listener) in enumerate(many):
        await listener.until(lambda listener=listener: bool(listener.heard))  # type: ignore[misc]  # Bound in the loop.
        assert listener.heard == bytes([number])
    for source, _, _ in many[:15]:
        rounds.leave(source)
    for _, peer, _ in many:
        peer.sendall(b"again")
    for _, _, listener in many[15:]:
        await listener.until(lambda listener=listener: len(listener.heard) == 6)  # type: ignore[misc]  # Bound in the loop.
    assert all(len(listener.heard) == 1 for _, _, listener in many[:15])
    # A caller that handles a new connection need not wait for a round.
    many[19][1].close()
    rounds.catch_up()
    assert many[19][2].errors == [None]
    for source, _, _ in many[15:]:
        rounds.leave(source)


async def test_rtmp_rounds_long_input_arrives_whole(pairs: Pairs) -> None:
    rounds, listener = Rounds(), Listener()
    source, peer = pairs()
    content = bytes(range(250)) * (MUCH // 250)
    rounds.join(source, listener)
    sending = asyncio.create_task(asyncio.to_thread(peer.sendall, content))
    await listener.until(lambda: len(listener.heard) == MUCH)
    await sending
    assert listener.heard == content
    rounds.leave(source)


async def test_rtmp_rounds_broken_connection_is_reported(pairs: Pairs) -> None:
    rounds, listener = Rounds(), Listener()
    source, peer = pairs()
    rounds.join(source, listener)
    # Closed with this option, a socket resets its connection.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    await listener.until_it_hangs_up()
    assert isinstance(listener.errors[0], ConnectionResetError)


async def test_rtmp_rounds_member_that_leaves_during_its_read_gets_nothing_more(
    pairs: Pairs,
) -> None:
    # Given one that leaves after the first piece of many,
    rounds = Rounds()
    source, peer = pairs()
    listener = Listener(lambda _: rounds.leave(source))
    content = bytes(MUCH)
    sending = asyncio.create_task(asyncio.to_thread(peer.sendall, content))
    rounds.join(source, listener)
    await listener.until(lambda: bool(listener.heard))
    heard_bytes = len(listener.heard)

    # when it joins again later,
    other, other_peer = pairs()
    witness = Listener()
    rounds.join(other, witness)
    other_peer.sendall(b"a round has passed")
    await witness.until(lambda: bool(witness.heard))

    # then nothing was read meanwhile, and nothing is lost.
    assert len(listener.heard) == heard_bytes < MUCH
    again = Listener()
    rounds.join(source, again)
    await again.until(lambda: heard_bytes + len(again.heard) == MUCH)
    await sending
    rounds.leave(source)
    rounds.leave(other)


async def test_rtmp_rounds_member_may_remove_another(pairs: Pairs) -> None:
    # Given two with input, each of which removes the other,
    rounds = Rounds()
    (one, one_peer), (two, two_peer) = pairs(), pairs()
    first, second = Listener(lambda _: rounds.leave(two)), Listener(lambda _: rounds.leave(one))
    one_peer.sendall(b"one")
    two_peer.sendall(b"two")

    # when a round comes,
    rounds.join(one, first)
    rounds.join(two, second)
    third_source, third_peer = pairs()
    third = Listener()
    rounds.join(third_source, third)
    third_peer.sendall(b"three")
    await third.until(lambda: bool(third.heard))

    # then one of them was read, and one was not.
    assert sorted([first.heard, second.heard])[0] == b""
    assert sorted([first.heard, second.heard])[1] in (b"one", b"two")
    for source in (one, two, third_source):
        rounds.leave(source)


async def test_rtmp_rounds_second_leave_or_leave_without_join_does_nothing(pairs: Pairs) -> None:
    rounds, listener = Rounds(), Listener()
    source, peer = pairs()
    rounds.leave(source)
    rounds.join(source, listener)
    rounds.leave(source)
    rounds.leave(source)

    # It can join again.
    rounds.join(source, listener)
    peer.sendall(b"again")
    await listener.until(lambda: listener.heard == b"again")
    rounds.leave(source)


@pytest.mark.parametrize("has_last_words", [True, False])
async def test_rtmp_rounds_hung_up_peer_is_noticed_at_once_on_request(
    pairs: Pairs, has_last_words: bool
) -> None:
    # Given one whose peer has closed since the last round, and one whose peer has not,
    rounds, gone, there = Rounds(), Listener(), Listener()
    (gone_source, gone_peer), (there_source, there_peer) = pairs(), pairs()
    rounds.join(gone_source, gone)
    rounds.join(there_source, there)
    if has_last_words:
        gone_peer.sendall(b"goodbye")
    gone_peer.close()
    there_peer.sendall(b"hello")

    # when `catch_up` is called, then both states are known without a wait.
    rounds.catch_up()
    assert gone.errors == [None]
    assert gone.heard == (b"goodbye" if has_last_words else b"")
    assert (there.heard, there.errors) == (b"hello", [])
    rounds.leave(there_source)


async def test_rtmp_rounds_member_with_patience_is_passed_over_by_rounds(pairs: Pairs) -> None:
    # Given one whose next data may wait for long, and one that is always read,
    rounds, patient, other = Rounds(), Listener(), Listener()
    (source, peer), (other_source, other_peer) = pairs(), pairs()
    patient.patience_ms = 1_000_000
    rounds.join(source, patient)
    rounds.join(other_source, other)
    peer.sendall(b"one")
    await patient.until(lambda: patient.heard == b"one")

    # when both send, and a few rounds have passed,
    peer.sendall(b"two")
    for count in range(1, 4):
        other_peer.sendall(b"x")
        await other.until(lambda count=count: len(other.heard) == count)  # type: ignore[misc]  # Bound in the loop.

    # then the first still waits, until someone needs to know all that came.
    assert patient.heard == b"one"
    rounds.catch_up()
    assert patient.heard == b"onetwo"
    for member in (source, other_source):
        rounds.leave(member)
