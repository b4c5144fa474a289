"""The operations of people: one list."""

from emulator.web.api.people import (
    accounts,
    follows,
    links,
    notifications,
    oneself,
    profiles,
    schedules,
    second_factor,
)

OPERATIONS = [
    *accounts.OPERATIONS,
    *oneself.OPERATIONS,
    *links.OPERATIONS,
    *second_factor.OPERATIONS,
    *profiles.OPERATIONS,
    *follows.OPERATIONS,
    *schedules.OPERATIONS,
    *notifications.OPERATIONS,
]
