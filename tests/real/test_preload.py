"""Modules that take long to import are loaded before a client has to wait for them."""

import subprocess
import sys

# A separate emulator in which a stream goes live.
SCENARIO = """
import asyncio, json, sys, urllib.request
from emulator import Emulator

def post(address, body):
    head = {"Authorization": "Bearer ak_demo", "Content-Type": "application/json"}
    asked = urllib.request.Request(address, json.dumps(body).encode(), head, method="POST")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)

async def main():
    async with Emulator() as emulator, asyncio.timeout(60):
        http = emulator.ready["http"]
        stream = await asyncio.to_thread(post, f"{http}/api/v1/streams/", {"title": "A"})
        print("aiortc" in sys.modules)
        publish = f"{http}/_emulator/streams/{stream['id']}/publish"
        await asyncio.to_thread(post, publish, {"seconds": 20, "size": "320x180"})
        while "emulator.media.webrtc.sdp.answer" not in sys.modules:
            await asyncio.sleep(0.05)
        print("aiortc" in sys.modules)

asyncio.run(main())
"""


def test_preload_has_aiortc_ready_for_the_first_webrtc_viewer() -> None:
    ran = subprocess.run([sys.executable, "-c", SCENARIO], capture_output=True, text=True)

    assert ran.stdout.split() == ["False", "True"], ran.stderr
