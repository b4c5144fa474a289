"""Answers of a moment ago are let go of with that moment."""

from types import SimpleNamespace
from typing import cast

from starlette.responses import Response
from starlette.types import Scope

from emulator.core.clock import ManualClock
from emulator.platform.platform import Platform
from emulator.platform.request_log import UnreadRequest
from emulator.web.http.reuse import REUSE_MS, Candidate, Reuse
from emulator.world.people import accounts
from emulator.world.world import World


def keep(reuse: Reuse, world: World, path: str) -> None:
    platform = cast(Platform, SimpleNamespace(world=world))
    entry = cast(UnreadRequest, None)
    candidate = Candidate(platform, entry, None, world.store.version, world.now_ms)
    scope: Scope = {"state": {"reusable": candidate}}
    reuse.keep((path,), scope, Response(b"answer"))


def test_reuse_finds_what_is_fresh_and_drops_what_is_not(world: World, clock: ManualClock) -> None:
    # Given the answers of one instant, each of which may be given again,
    reuse = Reuse()
    for number in range(100):
        keep(reuse, world, f"/{number}")
    assert all(reuse.find((f"/{number}",)) for number in range(100))

    # when their time is over, then a few further answers push all of them out;
    clock.advance(REUSE_MS)
    for number in range(40):
        keep(reuse, world, f"/later/{number}")
    assert len(reuse) == 40
    assert reuse.find(("/later/0",))

    # and so it is when something is written.
    accounts.make(world, "ada")
    for number in range(20):
        keep(reuse, world, f"/last/{number}")
    assert len(reuse) == 20
