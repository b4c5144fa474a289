"""Steps: accounts, profiles, follows, notifications, schedules."""

import io

import segno

from emulator.world.auth import totp
from tests.support.tour import Known, Mail, Stop, step


def picture() -> bytes:
    bytes_io = io.BytesIO()
    segno.make("tess").save(bytes_io, kind="png")
    return bytes_io.getvalue()


def code(known: Known) -> dict[str, str]:
    """The code of an authenticator app at the tour's instant."""
    return {"code": totp.code_at(known["secret"], known["now_ms"] // totp.STEP_MS)}


_NEW = {"email": "new@example.com", "username": "newcomer", "password": "secret-enough"}
_AUTH = {"new": "access_token", "new_refresh": "refresh_token"}

STOPS: list[Stop] = [
    step("POST /auth/register", body=_NEW, keep=_AUTH),
    Mail(name="mailed"),
    step("POST /auth/verify-email", body={"token": "{mailed}"}),
    step("POST /auth/login", body=_NEW, keep=_AUTH),
    step("POST /auth/refresh", body={"refresh_token": "{new_refresh}"}, keep=_AUTH),
    step("GET /auth/me", "new"),
    step("POST /auth/mfa/setup", "new", keep={"secret": "secret"}),
    step("POST /auth/mfa/verify", "new", code),
    step("POST /auth/logout", "new"),
    step("POST /auth/github/callback", body={"code": "test-octo"}),
    step("POST /auth/google/callback", body={"code": "test-octo"}),
    step("POST /auth/resend-verification", body={"email": "tess@example.com"}),
    step("POST /auth/magic-link", body={"email": "tess@example.com"}),
    Mail(name="mailed"),
    step("POST /auth/magic-link/verify", body={"token": "{mailed}"}),
    step("POST /auth/forgot-password", body={"email": "tess@example.com"}),
    Mail(name="mailed"),
    step("POST /auth/reset-password", body={"token": "{mailed}", "new_password": "secret-enough"}),
    step("GET /streams/users/{username}/profile", "tess"),
    step("GET /streams/users/{username}/live"),
    step("GET /streams/me/profile", "tess"),
    step("PUT /streams/me/profile", "tess", {"bio": "On tour in {world}"}),
    step("POST /streams/me/profile/avatar", "tess", file=picture()),
    step("POST /streams/me/profile/banner", "tess", file=picture()),
    step("POST /streams/users/{username}/follow", "otto"),
    step("GET /streams/users/{username}/follow", "otto"),
    step("GET /streams/users/{username}/followers"),
    step("GET /streams/users/{username}/following", names={"username": "otto"}),
    step("GET /streams/users/{username}/following"),
    step(
        "GET /streams/notifications/follows",
        "tess",
        keep={"notification_id": "notifications.0.id"},
    ),
    step("GET /streams/notifications/follows/unread-count", "tess"),
    step("POST /streams/notifications/follows/{notification_id}/read", "tess"),
    step("POST /streams/notifications/follows/read-all", "tess"),
    step("DELETE /streams/users/{username}/follow", "otto"),
    step(
        "POST /streams/me/schedule",
        "tess",
        {"day_of_week": 2, "start_time": "10:00", "end_time": "12:00", "title": "In {world}"},
        keep={"schedule_id": "id"},
    ),
    step("PUT /streams/me/schedule/{schedule_id}", "tess", {"title": "Still in {world}"}),
    step("GET /streams/me/schedule", "tess"),
    step("GET /streams/users/{username}/schedule"),
    step("GET /streams/users/{username}/upcoming", query="?days=31"),
    step("DELETE /streams/me/schedule/{schedule_id}", "tess"),
    step("GET /users/me", "tess"),
    step("GET /users/me/export", "tess"),
]

LAST: list[Stop] = [step("DELETE /users/me", "tess")]
