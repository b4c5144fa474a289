"""`chat.flood`: many lines by many people, posted by the same function as a person's line."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import Field, WithJsonSchema

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action, AsyncTicks, Ticks
from emulator.scenario.actions.chat.refusals import count_refusal
from emulator.scenario.clients.cast import ensure_user
from emulator.scenario.engine.run import Run, RunContext
from emulator.scenario.generators import lines
from emulator.scenario.generators.arrivals import Arrivals, ticks_of
from emulator.scenario.generators.lines import POOLS, Pool, Spice
from emulator.scenario.generators.names import username
from emulator.scenario.language.values.kinds import Line, Name, Rate, Share, StreamRef
from emulator.world.chat import messages, settings
from emulator.world.chat.messages import Said
from emulator.world.live.streams import Stream
from emulator.world.people import accounts, follows
from emulator.world.people.accounts import User

# The blocked word of a flood's lines in a room without blocked words.
_BLOCKED_WORD = "blockedword"
# The form of `lines` that `arguments` accepts.
_LINES_SCHEMA = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "examples": ["hype", ["questions", "Hello, {author}!"]],
}


class ChatFlood(Action):
    """Let many people talk for some time.

    Lines come at random, or `even`; refused ones are counted.

    With `real` each of them speaks over their own socket, which needs a clock that runs. `lines` is
    a pool, or a list of pools and lines, with `{author}`, `{n}` and `{word}` in them. `repeat`,
    `links` and `blocked_words` are shares of the lines; `followers` is a share of the authors, who
    are named `fan_1` and so on with `names: fan`, and have people's names with `names: people`.
    """

    name: ClassVar[str] = "chat.flood"
    example: ClassVar[str] = (
        "{for: 10s, chat.flood: {stream: launch, rate: 20/s, authors: 50, lines: hype}}"
    )
    must_last: ClassVar[bool] = True
    may_last: ClassVar[bool] = True
    is_joined: ClassVar[bool] = True

    stream: StreamRef
    rate: Rate
    authors: Annotated[int, Field(ge=1, le=100_000)] = 50
    names: Name = "fan"
    lines: Annotated[
        list[Line], Field(min_length=1, max_length=10_000), WithJsonSchema(_LINES_SCHEMA)
    ] = Field(default_factory=lambda: ["hype"])
    arrivals: Arrivals = "poisson"
    repeat: Share = 0.0
    links: Share = 0.0
    blocked_words: Share = 0.0
    followers: Share = 0.0
    real: bool = False

    @classmethod
    def arguments(cls, plain: Any) -> Any:
        if isinstance(plain, dict) and isinstance(plain.get("lines"), str):
            return {**plain, "lines": [plain["lines"]]}
        return plain

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            from emulator.scenario.actions.chat.over_sockets import talk

            return talk(context, context.stream(self.stream).id, self._spoken(context))
        return self._posted(context)

    def _spoken(self, context: RunContext) -> Iterator[tuple[int, list[tuple[str, str]]]]:
        """Yield the lines for sockets: how long to wait, then the lines with their authors."""
        for wait_ms, said in self._lines(context, context.stream(self.stream)):
            yield wait_ms, [(author.username, text) for _, author, text in said]

    def _posted(self, context: RunContext) -> Ticks:
        stream = context.stream(self.stream)
        for wait_ms, said in self._lines(context, stream):
            yield wait_ms
            context.run.lines += said

    @classmethod
    def finish_joined(cls, run: Run) -> None:
        """Post the lines of all floods in one batch. Refused lines are counted."""
        said, run.lines = run.lines, []
        outcomes = messages.post_many(run.world, said)
        for (stream_id, _, _), outcome in zip(said, outcomes, strict=True):
            if isinstance(outcome, Refused):
                count_refusal(run, stream_id, outcome)

    def _lines(self, context: RunContext, stream: Stream) -> Iterator[tuple[int, list[Said]]]:
        """Yield how long to wait, and the lines to post then."""
        authors = self._authors(context, stream)
        blocked = settings.of(context.world, stream.pk).blocked_words or (_BLOCKED_WORD,)
        spice = Spice(self.repeat, self.links, self.blocked_words, blocked)
        chance = context.chance("lines")
        say = lines.speaker(self._pool(), spice, chance)
        draw, count, stream_id = chance.random, len(authors), stream.id
        waits = ticks_of(self.rate, context.for_ms, self.arrivals, context.chance("arrivals"))
        for wait_ms, coming in waits:
            chosen = [authors[int(draw() * count)] for _ in range(coming)]
            yield wait_ms, [(stream_id, author, say(author.username)) for author in chosen]

    def _pool(self) -> list[str]:
        """Return the lines; the name of a pool is replaced by its lines."""
        names: list[str] = []
        for line in self.lines:
            pool: Pool | None = next((name for name in POOLS if name == line), None)
            names.extend(lines.pool_of(pool) if pool else [line])
        return names

    def _authors(self, context: RunContext, stream: Stream) -> list[User]:
        """Return the authors' accounts; missing ones are made."""
        world = context.world
        owner = accounts.by_pk(world, stream.user_pk)
        following = round(self.authors * self.followers)
        speakers = []
        with world.change():
            for number in range(1, self.authors + 1):
                user = ensure_user(world, username(self.names, number))
                if number <= following and not follows.is_following(world, user, owner):
                    follows.follow(world, user, owner)
                speakers.append(user)
        return speakers
