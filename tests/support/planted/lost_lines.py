"""Bug: a chat client that reconnects does not ask for the messages that it missed."""

import json
import sys
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.planted import app

LINES = [f"line {number}" for number in range(6)]
PATIENCE_SECONDS = 20
takes_history = "--sound" in sys.argv

stream = app.stream()
address = f"ws://{app.HOST}/api/v1/streams/{stream['id']}/chat/ws?token={app.KEY}"
lines: dict[str, str] = {}
is_connected = threading.Event()


def listen() -> None:
    while len(lines) < len(LINES):
        try:
            with connect(address) as socket:
                first = json.loads(socket.recv())
                if takes_history:
                    for line in first["data"]:
                        lines[line["id"]] = line["content"]
                is_connected.set()
                while True:
                    message = json.loads(socket.recv())
                    if message["type"] == "message":
                        lines[message["data"]["id"]] = message["data"]["content"]
        except (ConnectionClosed, OSError):
            time.sleep(0.3)


threading.Thread(target=listen, daemon=True).start()
is_connected.wait(PATIENCE_SECONDS)
for text in LINES:
    app.say(stream["id"], text)
    time.sleep(0.05)
deadline = time.monotonic() + 2
while len(lines) < len(LINES) and time.monotonic() < deadline:
    time.sleep(0.02)
app.check(set(LINES) <= set(lines.values()), "every line was shown")
