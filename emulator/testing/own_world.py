"""OwnWorld: one test's world: call its API as an app does, and look into it as only a test can."""

import time
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from emulator.core.errors import Refused
from emulator.platform.platform import Platform
from emulator.platform.request_log import UNLOGGED
from emulator.testing.platform import LiveEmulator
from emulator.testing.twins import twin
from emulator.world.store import events
from emulator.world.world import World as Facts

# Imported with the first use: the first line of a test does not wait for what it may never need.
if TYPE_CHECKING:
    from emulator.testing.asking import ApiResponse
    from emulator.testing.steering import Clock, Faults

T = TypeVar("T")

_PATIENCE_SECONDS = 30.0
_BETWEEN_LOOKS_SECONDS = 0.02


class OwnWorld:
    """One test's world. `name` is its name in `X-Emulator-World` and after the `@` of its API keys.

    The functions in `when_dropped` are called before the world is dropped.
    """

    def __init__(self, emulator: LiveEmulator, platform: Platform) -> None:
        self.emulator = emulator
        self.platform = platform
        self.name = platform.world.name
        self.when_dropped: list[Callable[[], None]] = []
        self._is_dropped = False
        self._begin()

    def drop(self) -> None:
        """Remove the world and everything in it. A second call does nothing."""
        if self._is_dropped:
            return
        self._is_dropped = True
        for close in self.when_dropped:
            close()
        self.emulator.wait(self.emulator.emulator.worlds.drop(self.name))

    def reset(self) -> None:
        """Reset the world to its seed."""
        from emulator.platform import snapshots

        self.emulator.wait(snapshots.reset(self.platform))
        self._begin()

    reset_async = twin(reset)

    # For the app under test.

    @property
    def url(self) -> str:
        """The platform's base URL. It is the same for all worlds: the API key chooses this one."""
        return self.emulator.url

    @property
    def api_key(self) -> str:
        """The key of the account `demo`."""
        return self.key_of("demo")

    def key_of(self, username: str) -> str:
        """An account's API key. The account is made if it does not exist."""
        from emulator.world.people import accounts

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
        """The headers that choose this world for a request without a key."""
        return {"X-Emulator-World": self.name}

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for an app under test: `LIVE_EMULATOR_*`, for this world."""
        return self.emulator.environment | {"LIVE_EMULATOR_API_KEY": self.api_key}

    # For the test.

    def ask(
        self, method: str, path: str, body: object = None, *, user: str | None = "demo"
    ) -> "ApiResponse":
        """Call the documented API as an app does. `path` may be a whole URL.

        `user` is the account whose key is sent; None sends no key.
        """
        return self._ask(method, path, body, user, self.headers)

    def set_up(self, method: str, path: str, body: object = None, *, user: str) -> "ApiResponse":
        """Call the documented API, but not as an app: no fault strikes it, and no log has it."""
        return self._ask(method, path, body, user, {**self.headers, UNLOGGED: "1"})

    def _ask(
        self, method: str, path: str, body: object, user: str | None, headers: Mapping[str, str]
    ) -> "ApiResponse":
        from emulator.testing.asking import ask

        url = path if "://" in path else f"{self.emulator.local['http']}/api/v1{path}"
        key = {} if user is None else {"Authorization": f"Bearer {self.key_of(user)}"}
        return ask(method, url, {**headers, **key}, body)

    ask_async = twin(ask)

    def admin(self, method: str, path: str, body: object = None) -> Any:
        """Call the admin API (`/_emulator/`) in this world. Raises `AssertionError` if refused."""
        from emulator.testing.asking import ask

        url = f"{self.emulator.local['admin']}/{path}"
        answer = ask(method, url, self._admin_headers(), body)
        assert answer.status < 400, f"{method} {path}: {answer.text}"
        return answer.json if answer.body else None

    admin_async = twin(admin)

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The events since the seed, oldest first: each with its `kind` and the event's values."""
        journalled = self.call(
            lambda facts: events.read(
                facts.store, after=self._seeded, count=events.last_seq(facts.store), kind=kind
            )
        )
        return [{"kind": entry.kind, "at_ms": entry.at_ms, **entry.values} for entry in journalled]

    def requests(self) -> list[dict[str, Any]]:
        """The requests to this world, oldest first. Warns if older ones are not kept any more."""
        entries: list[dict[str, Any]] = []
        page: dict[str, Any] = {"has_more": True, "next_cursor": 0}
        while page["has_more"]:
            query = f"limit=1000&world={self.name}&after={page['next_cursor']}"
            page = self.admin("GET", f"requests?{query}")
            entries += page["requests"]
        if page["dropped"]:
            warnings.warn(
                f"The request log has dropped the first {page['dropped']} requests of this world:"
                " raise requests_kept_max or requests_bytes_max.",
                RuntimeWarning,
                stacklevel=2,
            )
        return entries

    events_async = twin(events)
    requests_async = twin(requests)

    def call(self, verb: Callable[[Facts], T]) -> T:
        """Call a function with the world itself, such as `lambda world: streams.live(world)`."""
        return self.emulator.call(lambda: verb(self.platform.world))

    def until(
        self, look: Callable[[], T | None], what: str, *, patience_seconds: float | None = None
    ) -> T:
        """Call `look` until it returns something true, and return that.

        Fails after 30 s, with `what` in the message.
        """
        patience_seconds = _PATIENCE_SECONDS if patience_seconds is None else patience_seconds
        deadline = time.monotonic() + patience_seconds
        while not (value := look()):
            if time.monotonic() >= deadline:
                waited = f"timed out after {patience_seconds:g} s waiting until {what}."
                raise AssertionError(f"{waited} {self.clock.describe()}")
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        return value

    until_async = twin(until)

    def until_due(
        self, look: Callable[[], T | None], what: str, patience_seconds: float | None = None
    ) -> T:
        """Like `until`, for a result that needs time to pass: fails at once while time stands."""
        if patience_seconds is None and self.clock.stands and not (value := look()):
            self.clock.settle()
            if not (value := look()):
                raise AssertionError(f"not yet: {what}. {self.clock.describe()}")
            return value
        return self.until(look, what, patience_seconds=patience_seconds)

    @cached_property
    def clock(self) -> "Clock":
        from emulator.testing.steering import Clock

        return Clock(self.emulator, self.platform)

    @cached_property
    def faults(self) -> "Faults":
        from emulator.testing.steering import Faults

        return Faults(self.emulator, self.platform)

    def _begin(self) -> None:
        self._seeded = self.call(lambda facts: events.last_seq(facts.store))

    def _admin_headers(self) -> dict[str, str]:
        token = self.emulator.emulator.settings.admin_token
        return self.headers | ({"Authorization": f"Bearer {token}"} if token else {})
