"""Events of accounts and between people. `user_id` is the account that the event is about."""

from typing import Literal

from emulator.core.events import Event

LoginMeans = Literal["password", "registration", "github", "google", "magic_link"]


class AccountMade(Event, frozen=True, kw_only=True):
    user_id: str
    username: str


class AccountDeleted(Event, frozen=True, kw_only=True):
    """An account was deleted, with everything that it owned."""

    user_id: str
    username: str


class ProfileUpdated(Event, frozen=True, kw_only=True):
    user_id: str
    changed: tuple[str, ...]


class UserLoggedIn(Event, frozen=True, kw_only=True):
    user_id: str
    means: LoginMeans


class SessionsClosed(Event, frozen=True, kw_only=True):
    """Tokens of an account were revoked: those of one session, or of all its sessions."""

    user_id: str
    reason: str


class PasswordChanged(Event, frozen=True, kw_only=True):
    user_id: str


class EmailVerified(Event, frozen=True, kw_only=True):
    user_id: str


class SecondFactorTurnedOn(Event, frozen=True, kw_only=True):
    user_id: str


class MailSent(Event, frozen=True, kw_only=True):
    """A mail was put into the outbox. Its text is not written to the journal."""

    user_id: str
    mail_id: str
    kind: str


class UserFollowed(Event, frozen=True, kw_only=True):
    follow_id: str
    follower_id: str
    followed_id: str


class UserUnfollowed(Event, frozen=True, kw_only=True):
    follower_id: str
    followed_id: str


class ScheduleMade(Event, frozen=True, kw_only=True):
    user_id: str
    schedule_id: str


class ScheduleChanged(Event, frozen=True, kw_only=True):
    user_id: str
    schedule_id: str
    changed: tuple[str, ...]


class ScheduleRemoved(Event, frozen=True, kw_only=True):
    user_id: str
    schedule_id: str
