"""node-media-server 4 to compare with. It only relays and makes no HLS, so it does less work.

npm install --prefix benchmarks/peers node-media-server@4
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contest.process import Missing, Process, await_port, free_ports, running

_MODULES = Path(__file__).parent.parent / "peers/node_modules"
_START = """
const NodeMediaServer = require("node-media-server");
new NodeMediaServer(JSON.parse(process.argv[1])).run();
"""


class NodeMediaServer:
    """A running node-media-server."""

    name = "node-media-server (relay only)"

    def __init__(self, process: Process, version: str, rtmp_port: int) -> None:
        self.process = process
        self.version = version
        self._rtmp_port = rtmp_port
        self._keys = 0

    def address(self) -> tuple[str, str]:
        """An address for one more publisher, and its key."""
        self._keys += 1
        return f"rtmp://127.0.0.1:{self._rtmp_port}/live", f"key{self._keys}"


@contextmanager
def serving(folder: Path) -> Iterator[NodeMediaServer]:
    """A new one with its state in `folder`. Raises `Missing` where it is not installed."""
    node = shutil.which("node")
    package = _MODULES / "node-media-server/package.json"
    if node is None or not package.exists():
        raise Missing(
            "node-media-server is not here: "
            "npm install --prefix benchmarks/peers node-media-server@4"
        )
    rtmp_port, http_port = free_ports(2)
    configuration = {
        "bind": "127.0.0.1",
        "auth": {"play": False, "publish": False},
        "webadmin": {"enable": False},
        "rtmp": {"port": rtmp_port},
        "http": {"port": http_port},
        "store": {"path": str(folder / "store")},
    }
    log = folder / "node-media-server.log"
    command = [node, "-e", _START, json.dumps(configuration)]
    with running(command, log, {"NODE_PATH": str(_MODULES)}) as process:
        await_port(process, rtmp_port, log)
        version = json.loads(package.read_text("utf-8"))["version"]
        yield NodeMediaServer(process, version, rtmp_port)
