"""An app on the platform: a page with the live streams. It needs only Python.

PLATFORM_URL and PLATFORM_KEY name the platform; PORT is the page's port.
"""

import html
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PLATFORM = os.environ.get("PLATFORM_URL", "http://127.0.0.1:8787")
KEY = os.environ.get("PLATFORM_KEY", "ak_demo")


def live_streams() -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{PLATFORM}/api/v1/streams/?status_filter=live", headers={"Authorization": f"Bearer {KEY}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        streams: list[dict[str, Any]] = json.load(answer)["streams"]
    return streams


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        titles = "".join(f"<li>{html.escape(stream['title'])}</li>" for stream in live_streams())
        page = f"<!doctype html><title>Live now</title><h1>Live now</h1><ul>{titles}</ul>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


if __name__ == "__main__":
    # On all addresses, so that the container's published port reaches it.
    server = ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Page)
    print(f"The page is at http://localhost:{server.server_port}/", flush=True)
    server.serve_forever()
