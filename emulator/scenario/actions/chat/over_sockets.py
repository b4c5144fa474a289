"""Over sockets: lines that people send through real chat sockets, as their browsers would."""

import asyncio
from collections.abc import Iterator, Sequence

from emulator.core.errors import Refused
from emulator.scenario.actions.action import AsyncTicks
from emulator.scenario.actions.chat.refusals import count_refusal
from emulator.scenario.clients.chat_senders import ChatSenders, answered
from emulator.scenario.engine.run import RunContext

# The time to wait, and the lines to send then: (author, text).
Lines = Iterator[tuple[int, Sequence[tuple[str, str]]]]


async def say(context: RunContext, stream_id: str, username: str, text: str) -> None:
    """Send one line and wait until it comes back.

    Refuses with the socket's own code and message.
    """
    senders = ChatSenders(context.run, stream_id)
    try:
        sender = await senders.of(username)
        await answered(await sender.say(text))
    except Refused as refused:
        count_refusal(context.run, stream_id, refused)
        raise
    finally:
        await senders.close()


async def delete(
    context: RunContext, stream_id: str, username: str, message_ids: Sequence[str]
) -> None:
    """Delete lines, as a moderator's page does. Refuses as `say`."""
    senders = ChatSenders(context.run, stream_id)
    try:
        sender = await senders.of(username)
        for message_id in message_ids:
            await answered(await sender.delete(message_id))
    finally:
        await senders.close()


async def script_over_sockets(
    context: RunContext, stream_id: str, lines: Sequence[tuple[int, str, str]]
) -> AsyncTicks:
    """Send a conversation's lines at their times, which count from the step's start."""

    def spoken() -> Lines:
        passed_ms = 0
        for at_ms, author, text in lines:
            yield at_ms - passed_ms, [(context.user(author).username, text)]
            passed_ms = at_ms

    async for wait_ms in talk(context, stream_id, spoken()):
        yield wait_ms


async def talk(context: RunContext, stream_id: str, lines: Lines) -> AsyncTicks:
    """Send all lines, and wait for their answers. Refused lines are counted."""
    senders = ChatSenders(context.run, stream_id)
    waiting: list[asyncio.Future[None]] = []
    try:
        for wait_ms, said in lines:
            if wait_ms:
                yield wait_ms
            for username, text in said:
                waiting.append(await (await senders.of(username)).say(text))
            waiting = [future for future in waiting if not _is_over(context, stream_id, future)]
        for future in waiting:
            await _await(context, stream_id, future)
    finally:
        await senders.close()


def _is_over(context: RunContext, stream_id: str, future: "asyncio.Future[None]") -> bool:
    if future.done():
        _count(context, stream_id, future.exception())
    return future.done()


async def _await(context: RunContext, stream_id: str, future: "asyncio.Future[None]") -> None:
    try:
        await answered(future)
    except Refused as refused:
        count_refusal(context.run, stream_id, refused)


def _count(context: RunContext, stream_id: str, failure: BaseException | None) -> None:
    if isinstance(failure, Refused):
        count_refusal(context.run, stream_id, failure)
    elif failure is not None:
        raise failure
