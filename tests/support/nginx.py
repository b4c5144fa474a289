"""nginx with its RTMP module: a foreign server that records the streams it receives."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.live_server import until
from tests.support.required_programs import lacking, need

_MODULES = (
    Path("/usr/lib/nginx/modules/ngx_rtmp_module.so"),
    Path("/usr/lib64/nginx/modules/ngx_rtmp_module.so"),
)
_CONFIGURATION = """
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{port};
    application live {{ live on; record all; record_path {folder}; record_suffix .flv; }}
    application closed {{ live on; deny publish all; }}
  }}
}}
"""


@contextmanager
def nginx_rtmp(folder: Path) -> Iterator[str]:
    """Start nginx. Gives its address without an application: `live` records into `KEY.flv` in
    `folder`, `closed` refuses.

    Skips the test where nginx or the module is missing.
    """
    program = need("nginx")
    module = next((path for path in _MODULES if path.exists()), None)
    if module is None:
        lacking("nginx's RTMP module is not installed")
    with socket.create_server(("127.0.0.1", 0)) as plug:
        port = plug.getsockname()[1]
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(module=module, folder=folder, port=port))
    command = [program, "-p", str(folder), "-c", str(configuration)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: _answers(port) or process.poll() is not None, "nginx listens")
            assert process.poll() is None, process.communicate()[1]
            yield f"rtmp://127.0.0.1:{port}"
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
