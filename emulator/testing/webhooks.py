"""Webhooks: a receiver of a world's webhooks, in its own thread: receive, wait, verify."""

import hmac
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from emulator.testing.twins import twin, waits
from emulator.webhooks.webhooks import sign

if TYPE_CHECKING:
    from emulator.testing.own_world import OwnWorld

SECRET = "live-webhooks-secret"
_SIGNATURE = "webhook-signature"
_BODY_BYTES_MAX = 16 * 2**20
_KEPT_MAX = 10_000


@dataclass(frozen=True)
class Delivery:
    """One webhook request. `headers` have names in lower case, `content` is the body as sent.

    `id` is the same in every attempt of one delivery.
    """

    kind: str
    id: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def data(self) -> Any:
        """The event's object, as the REST API shows it."""
        return self.body["data"]


class Webhooks:
    """Receives the webhook of every event in the world from now on, and answers 200.

    It runs in a thread, so that it also answers while a test blocks its own event loop.
    """

    def __init__(self, world: "OwnWorld") -> None:
        self._world = world
        self._received: list[Delivery] = []
        self._waited_for: set[int] = set()
        self._answers: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _receiver(self._receive))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="live-webhooks", daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self.secret = SECRET
        world.admin("POST", "webhooks", {"url": self.url, "secret": SECRET})

    @property
    def received(self) -> list[Delivery]:
        """The first 10,000 requests, oldest first, with those that repeat a delivery."""
        return list(self._received)

    @waits
    def wait(
        self,
        kind: str | None = None,
        *,
        where: Callable[[Delivery], bool] = lambda _: True,
        patience_seconds: float | None = None,
    ) -> Delivery:
        """Wait for a delivery of this kind, and return it. Each `wait` returns another delivery.

        Fails after 30 s, or `patience_seconds`, and says what has come instead.
        """

        def look() -> Delivery | None:
            for number, delivery in enumerate(self.received):
                is_wanted = kind in (None, delivery.kind) and where(delivery)
                if is_wanted and number not in self._waited_for:
                    self._waited_for.add(number)
                    return delivery
            return None

        try:
            return self._world.until(
                look, f"a webhook {kind or ''} has come", patience_seconds=patience_seconds
            )
        except AssertionError as failure:
            kinds = ", ".join(delivery.kind for delivery in self._received) or "nothing"
            raise AssertionError(f"{failure} What has come: {kinds}.") from None

    wait_async = twin(wait)

    def verify(self, delivery: Delivery) -> None:
        """Fail if a delivery does not have the right signature."""
        header = delivery.headers.get(_SIGNATURE, "")
        time = header.partition("time=")[2].partition(",")[0]
        assert time.isdigit(), f"no signature: {header!r}"
        expected = sign(self.secret, int(time), delivery.content)
        assert hmac.compare_digest(header, expected), f"a wrong signature: {header!r}"

    def sign(self, content: bytes) -> dict[str, str]:
        """The headers of a valid delivery of `content`, to post one to the app under test."""
        at_seconds = self._world.clock.now_ms // 1000
        return {
            "Content-Type": "application/json",
            "Webhook-Signature": sign(self.secret, at_seconds, content),
        }

    def answer_with(self, *statuses: int) -> None:
        """Answer the next deliveries with these statuses, in this order; then with 200 again."""
        self._answers = list(statuses)

    def send_to(self, url: str, events: Sequence[str] = (), secret: str = SECRET) -> None:
        """Also send the world's webhooks to the app under test; without `events`, all of them."""
        wanted = {"events": list(events)} if events else {}
        self._world.admin("POST", "webhooks", {"url": url, "secret": secret, **wanted})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _receive(self, headers: Mapping[str, str], content: bytes) -> int:
        if len(self._received) < _KEPT_MAX:
            self._received.append(
                Delivery(
                    kind=headers.get("webhook-event", ""),
                    id=headers.get("webhook-id", ""),
                    headers=headers,
                    content=content,
                )
            )
        return self._answers.pop(0) if self._answers else 200


def _receiver(
    receive: Callable[[Mapping[str, str], bytes], int],
) -> type[BaseHTTPRequestHandler]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # The standard library's name for it.
            length = min(int(self.headers.get("content-length", 0)), _BODY_BYTES_MAX)
            content = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receive(headers, content))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing: the world's delivery log has it."""

    return Receiver
