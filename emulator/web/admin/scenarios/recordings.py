"""`/_emulator/scenarios/recordings`: what happened in a world, as a scenario."""

from typing import TypedDict

from pydantic import Field

from emulator.scenario.record.recording import record
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.store.events import last_seq


class RecordingQuery(Request):
    """`after` and `since_ms` are as a recording began; `name` is the scenario's."""

    after: int = Field(ge=0, le=CURSOR_MAX)
    since_ms: int = Field(ge=0, le=CURSOR_MAX)
    name: str = Field("recorded", pattern=r"^[A-Za-z0-9_-]{1,64}$")


class RecordingPoint(TypedDict):
    after: int
    now_ms: int


class RecordingShape(TypedDict):
    """`files` are what the scenario's `text` speaks of; `exact` is the event log itself."""

    text: str
    files: dict[str, str]
    exact: str
    events: int


@endpoint("POST", "/scenarios/recordings")
def start_scenario_recording(call: Call) -> RecordingPoint:
    """Where this world's journal stands, to record what comes behind."""
    return {"after": last_seq(call.world.store), "now_ms": call.world.now_ms}


@endpoint("GET", "/scenarios/recordings")
def get_scenario_recording(call: Call, query: RecordingQuery) -> RecordingShape:
    """What happened in this world behind a point of its journal, as a scenario."""
    recording = record(call.world, query.after, query.name, query.since_ms)
    return {
        "text": recording.text,
        "files": recording.files,
        "exact": recording.exact,
        "events": recording.events,
    }
