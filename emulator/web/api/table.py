"""The platform's operations: one list. Imported late, because pydantic costs a start 80 ms."""

from emulator.web.api.audience.table import OPERATIONS as AUDIENCE
from emulator.web.api.chat import bans, messages, moderators, settings
from emulator.web.api.library.table import OPERATIONS as LIBRARY
from emulator.web.api.live import categories, ranking, schedules, search, streams, tags
from emulator.web.api.people.table import OPERATIONS as PEOPLE
from emulator.web.api.video.table import OPERATIONS as VIDEO
from emulator.web.http.router import Router

OPERATIONS = [
    *streams.OPERATIONS,
    *categories.OPERATIONS,
    *tags.OPERATIONS,
    *ranking.OPERATIONS,
    *search.OPERATIONS,
    *schedules.OPERATIONS,
    *LIBRARY,
    *PEOPLE,
    *messages.OPERATIONS,
    *settings.OPERATIONS,
    *bans.OPERATIONS,
    *moderators.OPERATIONS,
    *AUDIENCE,
    *VIDEO,
]

ROUTER = Router(OPERATIONS)
