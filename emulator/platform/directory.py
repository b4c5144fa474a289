"""Directory: finds the world that a name, a stream key, a CDN uid or a host belongs to."""

import re
from collections.abc import Callable, Iterator, Mapping

from emulator.core.errors import Refused
from emulator.media.ingest.authorizer import PacketSink, PublishRequest
from emulator.platform.media_uids import Names, has_address
from emulator.platform.platform import Platform
from emulator.platform.shared import State
from emulator.world.store.journal import Store
from emulator.world.world import DEFAULT

_HOST = re.compile(r"([a-z0-9-]+)\.localhost(?::\d+)?")


class Directory:
    """Looks through all worlds. It is also the `PacketAuthorizer` of every world's publishers.

    `names_at_rest` has the names in each compressed store, so that a search wakes none of them.
    """

    def __init__(
        self,
        platforms: Mapping[str, Platform],
        state: State,
        names_at_rest: Mapping[Store, Names],
    ) -> None:
        self._platforms = platforms
        self._state = state
        self._names_at_rest = names_at_rest

    def by_name(self, name: str) -> Platform:
        """The world of this name. Refuses (`not_found`) an unknown one."""
        platform = self._platforms.get(name)
        if platform is None:
            raise Refused(
                "not_found", f"There is no world {name[:63]}. POST /_emulator/worlds makes one."
            )
        return platform

    def by_host(self, host: str) -> Platform:
        """The world that a host chooses: `NAME.localhost` that one, any other host the default.

        Refuses (`not_found`) the name of no world.
        """
        match = _HOST.fullmatch(host)
        return self.by_name(match[1]) if match else self._platforms[DEFAULT]

    def by_key(self, key: str) -> Platform | None:
        """The world that has a stream with this key; None if there is none."""
        from emulator.world.live import streams  # Late, as below.

        if not key:
            return None
        return next((one for one in self.named(key) if streams.by_key(one.world, key)), None)

    def by_uid(self, uid: str, chosen: Platform) -> Platform:
        """The world that has an address with this uid: `chosen` if it has one, or if none has."""
        if len(self._platforms) == 1 or has_address(chosen.world.store, uid):
            return chosen
        platforms = self.named(uid)
        return next((one for one in platforms if has_address(one.world.store, uid)), chosen)

    def named(self, name: str) -> Iterator[Platform]:
        """The worlds that may have a stream with this key, or media with this uid."""
        for platform in list(self._platforms.values()):
            names = self._names_at_rest.get(platform.world.store)
            if names is None or name in names:
                yield platform

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> PacketSink:
        """Authorize a publisher in the world that its key belongs to."""
        # Late: a start has no publisher.
        from emulator.media.broadcast.broadcasts import Broadcasts

        if self._state.is_stopping:
            raise Refused("unavailable", "The emulator stops.")
        platform = self.by_key(publish_request.key) or self._platforms[DEFAULT]
        return platform.service(Broadcasts).authorize(publish_request, drop)

    def is_media_needed(self, uid: str) -> bool:
        """Whether any world or snapshot shows what has this uid."""
        platforms = self._platforms.values()
        return any(platform.is_in_a_snapshot(uid) for platform in platforms) or any(
            has_address(platform.world.store, uid) for platform in self.named(uid)
        )
