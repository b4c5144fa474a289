"""What happens to accounts and between people. `user_id` is whose account it happens to."""

from typing import Literal

from emulator.core.events import Event
from emulator.core.values import dataclass

LoginMeans = Literal["password", "registration", "github", "google", "magic_link"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMade(Event):
    user_id: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeleted(Event):
    """Everything that the account owned is gone with it."""

    user_id: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUpdated(Event):
    user_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedIn(Event):
    user_id: str
    means: LoginMeans


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsClosed(Event):
    """Tokens of the account work no more: those of one session, or of all."""

    user_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorTurnedOn(Event):
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSent(Event):
    """A mail lies in the outbox. What it says is not for the journal."""

    user_id: str
    mail_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFollowed(Event):
    follow_id: str
    follower_id: str
    followed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUnfollowed(Event):
    follower_id: str
    followed_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMade(Event):
    user_id: str
    schedule_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChanged(Event):
    user_id: str
    schedule_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRemoved(Event):
    user_id: str
    schedule_id: str
