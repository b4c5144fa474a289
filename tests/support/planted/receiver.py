"""The webhook receiver of an app: a server that records the ids of the deliveries."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_SECONDS = 30


class Receiver:
    """A webhook receiver. `ids` has the ids of all deliveries in the order of arrival."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._news:
                    receiver.ids.append(self.headers["Webhook-Id"])
                    receiver._news.notify_all()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Print nothing: nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int) -> None:
        """Wait until this many different deliveries have come."""
        with self._news:
            is_there = self._news.wait_for(lambda: len(set(self.ids)) >= count, PATIENCE_SECONDS)
        if not is_there:
            raise SystemExit(f"FAILED: {len(self.ids)} deliveries came instead of {count}")
