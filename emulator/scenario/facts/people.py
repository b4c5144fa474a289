"""Facts of accounts: `user.NAME.followers` and the like."""

from collections.abc import Callable
from typing import Any

from emulator.scenario.engine.run import Run, find_user
from emulator.scenario.facts.fact import Fact, Noun
from emulator.world.people.accounts import User


def _of(read: Callable[[User], Any]) -> Callable[[Run, str], Any]:
    return lambda run, name: read(find_user(run, name))


def _notifications(run: Run, name: str) -> int:
    return run.world.store.number(
        "SELECT count(*) FROM notifications WHERE user_row = ?", find_user(run, name).pk
    )


USER = Noun(
    "user",
    {
        "followers": Fact(
            "number", "how many users follow this user", _of(lambda u: u.follower_count)
        ),
        "following": Fact(
            "number", "how many users this user follows", _of(lambda u: u.following_count)
        ),
        "is_live": Fact(
            "truth", "whether a public stream of this user is live", _of(lambda u: u.is_live)
        ),
        "notifications": Fact("number", "notifications of this user", _notifications),
    },
)
NOUNS = {"user": USER}
