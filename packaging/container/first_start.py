"""Start the emulator once and stop it: it keeps the image of its seed beside its bytecode."""

import asyncio

from emulator import Emulator
from emulator.settings import Settings


async def main() -> None:
    async with Emulator(Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)):
        pass


asyncio.run(main())
