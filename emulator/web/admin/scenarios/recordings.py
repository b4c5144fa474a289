"""`/_emulator/scenarios/recordings`: record the events of a world as a scenario."""

from typing import TypedDict

from pydantic import Field

from emulator.scenario.record.recording import record
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.validation_messages import explained
from emulator.world.store.events import last_seq

_NAME = explained(r"^[A-Za-z0-9_-]{1,64}$", "letters, digits, dashes and underscores")


class RecordingQuery(Request):
    """`after` and `since_ms` are from the start of the recording; `name` is for the scenario."""

    after: int = Field(ge=0, le=CURSOR_MAX)
    since_ms: int = Field(ge=0, le=CURSOR_MAX)
    name: str = Field("recorded", pattern=_NAME)


class RecordingPoint(TypedDict):
    after: int
    now_ms: int


class RecordingShape(TypedDict):
    """`files` are those that the scenario's `text` names; `exact` is the event log itself."""

    text: str
    files: dict[str, str]
    exact: str
    events: int


@endpoint("POST", "/scenarios/recordings")
def start_scenario_recording(call: Call) -> RecordingPoint:
    """Read the end of this world's journal, to record the events after it."""
    return {"after": last_seq(call.world.store), "now_ms": call.world.now_ms}


@endpoint("GET", "/scenarios/recordings")
def get_scenario_recording(call: Call, query: RecordingQuery) -> RecordingShape:
    """Read the events after a point of this world's journal, as a scenario."""
    recording = record(call.world, query.after, query.name, query.since_ms)
    return {
        "text": recording.text,
        "files": recording.files,
        "exact": recording.exact,
        "events": recording.events,
    }
