"""Chat messages that a client has received are still there after the process was killed."""

import json
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.live_server import Walk, child


def join(walk: Walk, stream: dict[str, Any], key: str) -> ClientConnection:
    path = f"/api/v1/streams/{stream['id']}/chat/ws?token={key}"
    return connect(walk.ready["ws"] + path, proxy=None, max_size=None)


def talk(connection: ClientConnection) -> None:
    """Post message after message until the server is gone."""
    number = 0
    try:
        while True:
            connection.send(json.dumps({"type": "message", "content": f"line {number}"}))
            number += 1
    except (ConnectionClosed, OSError):
        return


def test_chat_kill_9_loses_no_message_that_a_client_received(tmp_path: Path) -> None:
    data = tmp_path / "data"
    # Given a room in which the owner, who has no rate limit, posts as fast as possible,
    with child(data) as first:
        walk = first.walk()
        stream = walk.create()
        with join(walk, stream, "ak_demo_viewer") as reader, join(walk, stream, "ak_demo") as owner:
            talking = threading.Thread(target=talk, args=(owner,))
            talking.start()
            seen: list[str] = []
            # when the process is killed during that,
            with suppress(ConnectionClosed):
                for frame in reader:
                    event = json.loads(frame)
                    if event["type"] == "message":
                        seen.append(event["data"]["id"])
                    if len(seen) == 500:
                        first.process.send_signal(signal.SIGKILL)
            first.said()
            talking.join()

    # then the history has every message that the reader received, in the same order.
    with child(data) as second:
        walk = second.walk()
        names: list[str] = []
        path = f"/streams/{stream['id']}/chat/history?limit=100"
        page = walk.ask("GET", path).json
        names = [line["id"] for line in page["messages"]]
        while page["has_more"]:
            page = walk.ask("GET", f"{path}&cursor={page['next_cursor']}").json
            names = [line["id"] for line in page["messages"]] + names
        assert len(seen) >= 500
        assert names[: len(seen)] == seen
