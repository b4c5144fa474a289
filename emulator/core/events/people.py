"""What happens to accounts."""

from dataclasses import dataclass

from emulator.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMade(Event):
    user_id: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedIn(Event):
    user_id: str
