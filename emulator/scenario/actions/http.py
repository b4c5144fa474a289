"""`http.request`: call the platform's API as a user does, and check the answer."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.facts import conditions
from emulator.scenario.language.errors import ended
from emulator.scenario.language.values.kinds import Name, UserRef

Path = Annotated[str, Field(pattern=r"^/\S*$", max_length=2_000)]


class HttpRequest(Action):
    """Call the API as a user; check its `status` and `json`, and `save` values by name.

    Paths in the answer are dotted: `json: {streams.0.title: Launch}`. `$name` is a saved value.
    """

    name: ClassVar[str] = "http.request"
    example: ClassVar[str] = (
        "http.request: {as: bob, path: /api/v1/streams/?status=live, status: 200, json:"
        " {total: {at_least: 1}}, save: {live: total}}"
    )
    before: ClassVar[tuple[str, ...]] = ("publish.start: launch",)

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: Path
    as_: Annotated[UserRef | None, Field(alias="as")] = None
    body: Any = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    json_: Annotated[dict[str, Any], Field(alias="json", default_factory=dict)]
    save: dict[Name, str] = Field(default_factory=dict)

    def problems(self) -> Iterator[tuple[tuple[int | str, ...], str, str]]:
        for place, raw in self.json_.items():
            try:
                conditions.parse("any", raw)
            except ValueError as error:
                yield ("json", place), "condition", ended(f"{place}: {error}")

    async def run(self, context: RunContext) -> None:
        request = context.run.server.request
        if request is None:
            raise Refused("unavailable", "This run has no server to send a request to.")
        fill = context.run.fill
        user = context.user(self.as_).username if self.as_ else None
        answer = await request(self.method, fill(self.path), user, fill(self.body))
        if self.status is not None and answer.status != self.status:
            payload = answer.body.get("message") if isinstance(answer.body, dict) else answer.body
            shown = " ".join(str(payload).split())[:200]
            raise Refused(
                "invalid", f"The API answered {answer.status}, not {self.status}: {shown}"
            )
        for place, raw in self.json_.items():
            value = _at(answer.body, place)
            condition = conditions.parse("any", fill(raw))
            if not condition.holds(value):
                shown = conditions.shown("any", value)[:200]
                raise Refused("invalid", f"{place} is {shown}, but should be {condition.text}.")
        for name, place in self.save.items():
            context.run.saved[name] = _at(answer.body, place)


def _at(body: Any, place: str) -> Any:
    """Return the value at a dotted path; None where there is none."""
    result = body
    for part in place.split(".") if place else ():
        if isinstance(result, dict):
            result = result.get(part)
        elif isinstance(result, list) and part.isdecimal() and int(part) < len(result):
            result = result[int(part)]
        else:
            return None
    return result
