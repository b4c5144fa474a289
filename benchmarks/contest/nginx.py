"""nginx-rtmp to compare with: Debian's module, HLS on the disk, one worker, free ports."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contest.process import Missing, Process, await_port, free_ports, running

_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
# The configuration of the module's own guide, with short fragments. `wait_key` and gzip have their
# defaults.
_CONFIGURATION = """
load_module {module};
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
{user}
events {{ worker_connections 1024; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{rtmp_port};
    chunk_size 4096;
    application live {{
      live on;
      hls on;
      hls_path {folder}/hls;
      hls_fragment {fragment_seconds}s;
    }}
  }}
}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{http_port};
    location /hls {{
      types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
      root {folder};
      add_header Cache-Control no-cache;
    }}
  }}
}}
"""


class Nginx:
    """A running nginx."""

    name = "nginx-rtmp"

    def __init__(self, process: Process, version: str, rtmp_port: int, http_port: int) -> None:
        self.process = process
        self.version = version
        self._rtmp_port = rtmp_port
        self._http_port = http_port
        self._keys = 0

    def address(self) -> tuple[str, str]:
        """An address for one more publisher, and its key."""
        self._keys += 1
        return f"rtmp://127.0.0.1:{self._rtmp_port}/live", f"key{self._keys}"

    def playlist(self, key: str) -> str:
        return f"http://127.0.0.1:{self._http_port}/hls/{key}.m3u8"


@contextmanager
def serving(folder: Path, fragment_seconds: int = 1) -> Iterator[Nginx]:
    """A new nginx with all its files in `folder`. Raises `Missing` where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not _MODULE.exists():
        raise Missing("nginx-rtmp is missing: apt-get install nginx-light libnginx-mod-rtmp.")
    output = subprocess.run([program, "-v"], capture_output=True, text=True, check=True)
    match = re.search(r"nginx/(\S+)", output.stderr)
    rtmp_port, http_port = free_ports(2)
    (folder / "hls").mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            module=_MODULE,
            folder=folder,
            # As root its worker would run as the user nobody, which may not write here.
            user="user root;" if os.getuid() == 0 else "",
            rtmp_port=rtmp_port,
            http_port=http_port,
            fragment_seconds=fragment_seconds,
        ),
        "utf-8",
    )
    log = folder / "nginx.log"
    command = [program, "-c", str(configuration), "-e", str(folder / "nginx-error.log")]
    with running(command, log) as process:
        await_port(process, rtmp_port, log)
        yield Nginx(process, match[1] if match else "?", rtmp_port, http_port)
