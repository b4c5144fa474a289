"""A thousand players in another process: each keeps a connection and a cookie, and polls.

`python -m benchmarks.audience_peer HOST PORT PATH PLAYERS` connects and prints a line. For each
line on its input, all players poll once, and it prints a line when all have their answer.
"""

import asyncio
import sys


async def _main(host: str, port: int, path: str, players: int) -> None:
    ends = [await asyncio.open_connection(host, port) for _ in range(players)]
    print("here", flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        for number, (_, writer) in enumerate(ends):
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n"
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36\r\n"
                f"Accept: */*\r\nCookie: live_emulator_viewer=player{number}\r\n\r\n".encode()
            )
        for reader, _ in ends:
            await _read_answer(reader)
        print("polled", flush=True)


async def _read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(head.decode())
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    await reader.readexactly(length)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
