"""Every reader of a room gets messages in the order of the history, whoever sent them."""

import asyncio

from tests.support.chat import ChatReader, Chatroom
from tests.support.chat_clients import every_transport


async def heard(reader: ChatReader, count: int) -> list[str]:
    kind = "message" if reader.dialect == "documented" else "chat_message"
    return [(await reader.hear_next(kind))["id"] for _ in range(count)]


@every_transport
async def test_chat_order_every_reader_sees_the_order_of_the_history(room: Chatroom) -> None:
    # Given readers of both dialects and four clients that post at once, over sockets and REST,
    dialects = ("documented", "client", "documented", "client")
    readers = [await room.join("ak_demo", dialect) for dialect in dialects]
    for name in ("ann", "bob", "cleo"):
        room.user(name)
    speakers = [await room.join(f"ak_demo_{name}") for name in ("ann", "bob")]

    async def speak(speaker: ChatReader, name: str) -> None:
        for number in range(20):
            await speaker.say(f"{name} {number}")
            await asyncio.sleep(0)

    async def post(name: str) -> None:
        for number in range(20):
            line = {"content": f"{name} {number}"}
            await room.ask("POST", "/chat", f"ak_demo_{name}", line)

    # when all of them are done,
    speaking = [speak(*pair) for pair in zip(speakers, ("ann", "bob"), strict=True)]
    _, *seen = await asyncio.gather(
        asyncio.gather(*speaking, post("ann"), post("cleo")),
        *(heard(reader, 80) for reader in (*readers, *speakers)),
    )

    # then every reader got the messages of the history.
    history = await room.ask("GET", "/chat/history?limit=100")
    order = [message["id"] for message in history.json()["messages"]]
    assert len(order) == 80
    assert seen == [order] * 6
