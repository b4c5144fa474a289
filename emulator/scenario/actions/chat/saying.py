"""`chat.say`, `chat.script`: single lines, and a whole conversation with its times."""

import re
from collections.abc import Awaitable, Iterator, Mapping
from typing import ClassVar

from emulator.core import quantities
from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action, AsyncTicks, Ticks
from emulator.scenario.actions.chat.refusals import count_refusal
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Line, StreamRef, Text, UserRef
from emulator.world.chat import messages

_SCRIPT_LINE = re.compile(r"(?P<at>\S+)\s+(?P<author>[A-Za-z0-9_.-]{1,50}):\s(?P<says>.+)")
_SCRIPT_LINES_MAX = 100_000


class ChatSay(Action):
    """Post one line; with `real` over a real socket.

    A refusal by the room is the step's refusal: `refused: slow_mode` expects one.
    """

    name: ClassVar[str] = "chat.say"
    example: ClassVar[str] = "chat.say: {stream: launch, by: bob, says: Hello!}"

    stream: StreamRef
    by: UserRef
    says: Line
    real: bool = False

    def run(self, context: RunContext) -> Awaitable[None] | None:
        stream = context.stream(self.stream)
        says = context.run.fill(self.says)
        if self.real:
            from emulator.scenario.actions.chat.over_sockets import say

            return say(context, stream.id, context.user(self.by).username, says)
        try:
            messages.post(context.world, stream.id, context.user(self.by), says)
        except Refused as refused:
            count_refusal(context.run, stream.id, refused)
            raise
        return None


class ChatScript(Action):
    """Post the lines of a file, each at its time: `12s bob: Hello!`; with `real` over real sockets.

    Refused lines are counted.
    """

    name: ClassVar[str] = "chat.script"
    example: ClassVar[str] = "chat.script: {stream: launch, file: lines.txt}"

    stream: StreamRef
    file: Text
    real: bool = False

    def files(self) -> tuple[str, ...]:
        return (self.file,)

    def problems_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:
        try:
            list(script(texts[self.file]))
        except ValueError as error:
            yield f"{self.file}, {error}."

    def users_in_files(self, texts: Mapping[str, str]) -> Iterator[str]:
        yield from dict.fromkeys(author for _, author, _ in script(texts[self.file]))

    def run(self, context: RunContext) -> Ticks | AsyncTicks:
        if self.real:
            from emulator.scenario.actions.chat.over_sockets import script_over_sockets

            lines = list(script(context.run.scenario.files[self.file]))
            return script_over_sockets(context, context.stream(self.stream).id, lines)
        return self._posted(context)

    def _posted(self, context: RunContext) -> Ticks:
        passed_ms = 0
        for at_ms, author, says in script(context.run.scenario.files[self.file]):
            if at_ms > passed_ms:
                yield at_ms - passed_ms
                passed_ms = at_ms
            stream = context.stream(self.stream)
            try:
                messages.post(context.world, stream.id, context.user(author), says)
            except Refused as refused:
                count_refusal(context.run, stream.id, refused)


def script(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each line of a script: its time, author and text.

    Refuses (`ValueError`) with the line.
    """
    before_ms = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _SCRIPT_LINE.fullmatch(line.rstrip())
        if match is None or number > _SCRIPT_LINES_MAX:
            raise ValueError(f"line {number}: write a line like `12s bob: Hello!`")
        try:
            at_ms = quantities.duration_ms(match["at"])
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
        if at_ms < before_ms:
            raise ValueError(f"line {number}: its time is before that of the line above")
        before_ms = at_ms
        yield at_ms, match["author"], match["says"]
