"""World: one test's own platform: asked as an app asks it, and looked into as only a test can."""

import itertools
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from emulator.core.errors import Refused
from emulator.pytest_plugin.asking import Answer, ask
from emulator.pytest_plugin.platform import LiveEmulator
from emulator.pytest_plugin.steering import Clock, Faults
from emulator.pytest_plugin.streams import Stream
from emulator.web.platform import Platform
from emulator.world.people import accounts
from emulator.world.store import events
from emulator.world.world import World as Facts

T = TypeVar("T")

_numbers = itertools.count(1)
_EVENTS_MAX = 100_000
_PATIENCE_SECONDS = 30.0
_BETWEEN_LOOKS_SECONDS = 0.02


class World:
    """`name` chooses it in `X-Emulator-World`, and stands behind the `@` of its API keys."""

    def __init__(self, emulator: LiveEmulator, platform: Platform) -> None:
        self.emulator = emulator
        self.platform = platform
        self.name = platform.world.name
        self._begin()

    @classmethod
    def make(cls, emulator: LiveEmulator, seed: str) -> "World":
        name = f"test-{next(_numbers)}"
        worlds = emulator.emulator.platform.worlds
        return cls(emulator, emulator.call(lambda: worlds.make(name, seed)))

    def drop(self) -> None:
        self.emulator.wait(self.platform.worlds.drop(self.name))

    def reset(self) -> None:
        """Back to its seed."""
        self.emulator.wait(self.platform.worlds.reset(self.platform))
        self._begin()

    # For the app under test.

    @property
    def url(self) -> str:
        """The platform's address; the API key chooses this world."""
        return self.emulator.url

    @property
    def api_key(self) -> str:
        """The key of the account `demo`."""
        return self.key_of("demo")

    def key_of(self, username: str) -> str:
        """An account's API key. An account that is not there is made."""
        own = "ak_demo" if username == "demo" else f"ak_demo_{username}"

        def make(facts: Facts) -> None:
            try:
                accounts.by_username(facts, username)
            except Refused:
                accounts.make(facts, username, api_key=own)

        self.call(make)
        return f"{own}@{self.name}"

    @property
    def headers(self) -> dict[str, str]:
        """What a request without a key carries to mean this world."""
        return {"X-Emulator-World": self.name}

    @property
    def environment(self) -> dict[str, str]:
        """What an app under test finds this world by: the `LIVE_EMULATOR_*` variables."""
        return self.emulator.environment | {"LIVE_EMULATOR_API_KEY": self.api_key}

    # For the test.

    def ask(
        self, method: str, path: str, body: object = None, *, user: str | None = "demo"
    ) -> Answer:
        """One call of the documented API as a user, or as nobody. `path` may be a whole address."""
        url = path if "://" in path else f"{self.url}/api/v1{path}"
        headers = dict(self.headers)
        if user is not None:
            headers["Authorization"] = f"Bearer {self.key_of(user)}"
        return ask(method, url, headers, body)

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """One call of `/_emulator/` in this world. Raises `AssertionError` where it is refused."""
        answer = ask(method, f"{self.emulator.admin_url}/{path}", self._admin_headers(), body)
        assert answer.status < 400, f"{method} {path}: {answer.text}"
        return answer.json if answer.body else None

    def create_stream(self, title: str = "A stream", owner: str = "demo", **wishes: Any) -> Stream:
        """A new stream, offline, as the API makes it."""
        answer = self.ask("POST", "/streams/", {"title": title, **wishes}, user=owner)
        assert answer.status == 201, answer.text
        return Stream(self, answer.json, owner)

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What happened since the seed, the oldest first: `kind` and the event's own values."""
        found = self.call(
            lambda facts: events.read(facts.store, after=self._seeded, count=_EVENTS_MAX, kind=kind)
        )
        return [{"kind": each.kind, "at_ms": each.at_ms, **each.values} for each in found]

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of this world, the oldest first."""
        page = self.admin("GET", f"requests?limit=1000&world={self.name}")
        found: list[dict[str, Any]] = page["requests"]
        return found

    def call(self, verb: Callable[[Facts], T]) -> T:
        """Run a verb of the world, such as `lambda world: streams.live(world)`."""
        return self.emulator.call(lambda: verb(self.platform.world))

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What `look` gives once it gives something true. Fails, saying `what`, if never."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, f"waited in vain until {what}"
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        return found

    @cached_property
    def clock(self) -> Clock:
        return Clock(self.emulator, self.platform)

    @cached_property
    def faults(self) -> Faults:
        return Faults(self.emulator, self.platform)

    def _begin(self) -> None:
        self._seeded = self.call(lambda facts: events.last_seq(facts.store))

    def _admin_headers(self) -> dict[str, str]:
        token = self.emulator.emulator.settings.admin_token
        return self.headers | ({"Authorization": f"Bearer {token}"} if token else {})
