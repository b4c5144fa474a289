"""`people.*`: accounts, follows and notifications."""

from typing import Annotated, ClassVar

from pydantic import Field

from emulator.scenario.actions.action import Action, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.generators.arrivals import Arrivals, ticks_of
from emulator.scenario.generators.names import username
from emulator.scenario.language.values.kinds import Count, Name, Noun, Text, UserRef
from emulator.world.auth import tokens
from emulator.world.people import accounts, follows


class PeopleRegister(Action):
    """Make an account. Its API key is `ak_demo_` and its name."""

    name: ClassVar[str] = "people.register"
    example: ClassVar[str] = "people.register: {user: dora, display_name: Dora}"
    makes: ClassVar[dict[str, Noun]] = {"user": "user"}
    shorthand: ClassVar[str] = "user"

    user: Name
    display_name: Text | None = None
    bio: Text | None = None
    followers: Count = 0

    def run(self, context: RunContext) -> None:
        user = accounts.make(
            context.world,
            self.user,
            api_key=f"ak_demo_{self.user}",
            display_name=self.display_name,
            bio=self.bio,
            followers_base=self.followers,
        )
        context.run.users[self.user] = user.id


class PeopleFollow(Action):
    """Let one user follow another."""

    name: ClassVar[str] = "people.follow"
    example: ClassVar[str] = "people.follow: {user: bob, follows: ada}"

    user: UserRef
    follows: UserRef

    def run(self, context: RunContext) -> None:
        follows.follow(context.world, context.user(self.user), context.user(self.follows))


class PeopleUnfollow(Action):
    """Let one user unfollow another."""

    name: ClassVar[str] = "people.unfollow"
    example: ClassVar[str] = "people.unfollow: {user: bob, follows: ada}"
    before: ClassVar[tuple[str, ...]] = ("people.follow: {user: bob, follows: ada}",)

    user: UserRef
    follows: UserRef

    def run(self, context: RunContext) -> None:
        follows.unfollow(context.world, context.user(self.user), context.user(self.follows))


class PeopleBurst(Action):
    """Let many new accounts follow a user, spread over `for`."""

    name: ClassVar[str] = "people.burst"
    example: ClassVar[str] = "{for: 10s, people.burst: {follows: ada, count: 20}}"
    may_last: ClassVar[bool] = True
    must_last: ClassVar[bool] = True

    follows: UserRef
    count: Annotated[int, Field(ge=1, le=100_000)]
    names: Name = "follower"
    arrivals: Arrivals = "poisson"

    def run(self, context: RunContext) -> Ticks:
        followed = context.user(self.follows)
        rate, done = self.count * 1000 / context.for_ms, 0
        for wait_ms, coming in ticks_of(
            rate, context.for_ms, self.arrivals, context.chance("arrivals")
        ):
            yield wait_ms
            done = self._follow(context, followed, done, min(self.count, done + coming))
        # At random, some may not have come by the end: all of them come now.
        self._follow(context, followed, done, self.count)

    def _follow(self, context: RunContext, followed: accounts.User, done: int, until: int) -> int:
        with context.world.change():
            for number in range(done + 1, until + 1):
                follower = accounts.make(context.world, username(self.names, number))
                follows.follow(context.world, follower, followed)
        return max(done, until)


class PeopleSignOut(Action):
    """Close all sessions of a user: their tokens become invalid."""

    name: ClassVar[str] = "people.sign_out"
    example: ClassVar[str] = "people.sign_out: bob"
    shorthand: ClassVar[str] = "user"

    user: UserRef

    def run(self, context: RunContext) -> None:
        tokens.close_all(context.world, context.user(self.user), "signed out by a scenario")
