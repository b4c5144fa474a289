"""Signing in over HTTP in every way, staying signed in, and being refused."""

import base64
import json
from typing import Any

import httpx
import jwt
import pytest

from emulator.core.clock import ManualClock
from emulator.server import Emulator
from emulator.world.auth import totp
from tests.support.rest import Caller, check_error
from tests.support.tables import table

pytestmark = pytest.mark.parametrize("client", ["in process"], indirect=True)

PASSWORD = "demo123456"
EMAIL = "urbantech@example.com"
MINUTE_MS = 60_000


@pytest.fixture
def stopped(emulator: Emulator) -> ManualClock:
    """The world's clock, which only the test moves from now on."""
    world = emulator.platform.world
    world.clock = clock = ManualClock(world.now_ms)
    return clock


async def log_in(call: Caller, password: str = PASSWORD, **more: str) -> httpx.Response:
    body = {"email": EMAIL, "password": password, **more}
    return await call("POST", "/auth/login", json=body)


async def session(call: Caller) -> dict[str, Any]:
    answer = await log_in(call)
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


async def refresh(call: Caller, token: str) -> httpx.Response:
    return await call("POST", "/auth/refresh", json={"refresh_token": token})


async def status_of(call: Caller, credential: str) -> int:
    return (await call("GET", "/auth/me", credential)).status_code


async def mail(client: httpx.AsyncClient, kind: str) -> dict[str, Any]:
    """The newest mail of a kind."""
    answer = await client.get("/_emulator/outbox", params={"kind": kind, "to": EMAIL})
    values: dict[str, Any] = answer.json()["mails"][0]
    return values


async def test_auth_access_token_lasts_its_declared_time_on_the_world_clock(
    call: Caller, stopped: ManualClock
) -> None:
    token = (await session(call))["access_token"]

    stopped.advance(29 * MINUTE_MS)
    assert await status_of(call, token) == 200
    stopped.advance(MINUTE_MS + 1000)

    answer = await call("GET", "/auth/me", token)
    assert check_error(answer, 401)["detail"] == "Token has expired"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_auth_foreign_token_is_refused(call: Caller) -> None:
    real = (await session(call))["access_token"]
    claims = jwt.decode(real, options={"verify_signature": False})
    head, body, signature = real.split(".")
    forged = {
        "no algorithm": jwt.encode(claims, "", algorithm="none"),
        "no signature": f"{head}.{body}.",
        "another key": jwt.encode(claims, "k" * 32, algorithm="HS256"),
        "another algorithm": jwt.encode(claims, "k" * 64, algorithm="HS512"),
        "another user": f"{head}.{encoded(claims | {'username': 'admin'})}.{signature}",
        "a longer life": f"{head}.{encoded(claims | {'exp': 2**40})}.{signature}",
        "a refresh token": (await session(call))["refresh_token"],
    }
    for what, token in forged.items():
        assert await status_of(call, token) == 401, what
    assert await status_of(call, real) == 200


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_auth_reused_refresh_token_ends_its_whole_family(call: Caller) -> None:
    # Given a session that was refreshed twice, and another one of the same user,
    first, other = await session(call), await session(call)
    second = (await refresh(call, first["refresh_token"])).json()
    third = (await refresh(call, second["refresh_token"])).json()
    assert await status_of(call, third["access_token"]) == 200

    # when an old refresh token is used again,
    check_error(await refresh(call, first["refresh_token"]), 401)

    # then no token of that session works any more, and the other session does.
    for tokens in (first, second, third):
        assert await status_of(call, tokens["access_token"]) == 401
        check_error(await refresh(call, tokens["refresh_token"]), 401)
    assert await status_of(call, other["access_token"]) == 200
    assert (await refresh(call, other["refresh_token"])).status_code == 200
    check_error(await refresh(call, "unknown"), 401)


async def test_auth_refresh_token_expires_a_month_after_its_last_use(
    call: Caller, stopped: ManualClock
) -> None:
    token = (await session(call))["refresh_token"]
    stopped.advance(29 * 24 * 60 * MINUTE_MS)
    again = (await refresh(call, token)).json()["refresh_token"]
    stopped.advance(30 * 24 * 60 * MINUTE_MS)
    check_error(await refresh(call, again), 401)


async def test_auth_sign_out_ends_that_session_only(call: Caller) -> None:
    mine, other = await session(call), await session(call)

    assert (await call("POST", "/auth/logout", mine["access_token"])).status_code == 204

    assert await status_of(call, mine["access_token"]) == 401
    check_error(await refresh(call, mine["refresh_token"]), 401)
    assert await status_of(call, other["access_token"]) == 200


@pytest.mark.both_prefixes
async def test_auth_second_factor_is_required_once_verified(
    call: Caller, stopped: ManualClock
) -> None:
    def code() -> str:
        return totp.code_at(setup["secret"], stopped.now_ms() // totp.STEP_MS)

    token = (await session(call))["access_token"]
    setup = (await call("POST", "/auth/mfa/setup", token)).json()
    assert setup["qr_code_url"].startswith("data:image/png;base64,")
    assert len(setup["backup_codes"]) == 10
    assert ("qrCodeUrl" in setup) == (call.prefix == "/v1")
    assert (await log_in(call)).status_code == 200, "the second factor is on before it was verified"

    check_error(await call("POST", "/auth/mfa/verify", token, json={"code": "000000"}), 400)
    answer = await call("POST", "/auth/mfa/verify", token, json={"code": code()})
    assert answer.json() == {"verified": True}

    assert check_error(await log_in(call), 403)["detail"] == "mfa_required"
    check_error(await log_in(call, code="000000"), 401)
    check_error(await log_in(call, code=code()), 401)
    stopped.advance(totp.STEP_MS)
    assert (await log_in(call, code=code())).status_code == 200
    backup = setup["backup_codes"][0]
    assert (await log_in(call, code=backup)).status_code == 200
    check_error(await log_in(call, code=backup), 401)


async def test_auth_magic_link_works_once_within_fifteen_minutes(
    client: httpx.AsyncClient, call: Caller, stopped: ManualClock
) -> None:
    async def asked() -> str:
        answer = await call("POST", "/auth/magic-link", json={"email": EMAIL})
        assert answer.status_code == 200
        token: str = (await mail(client, "magic_link"))["token"]
        return token

    async def follow(token: str) -> httpx.Response:
        return await call("POST", "/auth/magic-link/verify", json={"token": token})

    token = await asked()
    answer = await follow(token)
    assert answer.json()["user"]["username"] == "urbantech"
    assert await status_of(call, answer.json()["access_token"]) == 200
    check_error(await follow(token), 401)

    late = await asked()
    stopped.advance(15 * MINUTE_MS)
    check_error(await follow(late), 401)
    check_error(await follow("x"), 401)


async def test_auth_responses_do_not_reveal_registered_addresses(
    client: httpx.AsyncClient, call: Caller
) -> None:
    for path in ("/auth/magic-link", "/auth/forgot-password", "/auth/resend-verification"):
        known = await call("POST", path, json={"email": EMAIL})
        unknown = await call("POST", path, json={"email": "nobody@example.com"})
        assert known.json() == unknown.json()
        assert known.status_code == unknown.status_code == 200
    payload = (await client.get("/_emulator/outbox")).json()
    assert {item["to"] for item in payload["mails"]} == {EMAIL}


async def test_auth_new_password_signs_out_everywhere_and_works(
    client: httpx.AsyncClient, call: Caller
) -> None:
    before = await session(call)
    headers = {"Origin": "http://localhost:3000"}
    await call("POST", "/auth/forgot-password", json={"email": EMAIL}, headers=headers)
    letter = await mail(client, "reset_password")
    assert letter["link"].startswith("http://localhost:3000/")
    assert letter["link"] in letter["text"]
    wish = {"token": letter["token"], "new_password": "another12345"}

    short = await call("POST", "/auth/reset-password", json=wish | {"new_password": "short"})
    check_error(short, 422)
    answer = await call("POST", "/auth/reset-password", json=wish)

    assert answer.status_code == 200
    check_error(await call("POST", "/auth/reset-password", json=wish), 400)
    assert await status_of(call, before["access_token"]) == 401
    check_error(await refresh(call, before["refresh_token"]), 401)
    check_error(await log_in(call), 401)
    assert (await log_in(call, "another12345")).status_code == 200
    assert await status_of(call, "ak_demo_urbantech") == 200, (
        "the API key was ended with the sessions"
    )


async def test_auth_registration_is_verified_by_mail(
    client: httpx.AsyncClient, call: Caller
) -> None:
    wish = {"email": "new@example.com", "username": "newcomer", "password": "secret-enough"}
    answer = await call("POST", "/auth/register", json=wish)
    assert answer.status_code == 201, answer.text
    payload = answer.json()
    assert payload["user"]["email_verified"] is False
    check_error(await call("POST", "/auth/register", json=wish), 409)
    other_case = wish | {"email": "NEW@example.com", "username": "another"}
    check_error(await call("POST", "/auth/register", json=other_case), 409)

    await call("POST", "/auth/resend-verification", json={"email": wish["email"]})
    mails = (await client.get("/_emulator/outbox", params={"to": wish["email"]})).json()
    assert [item["kind"] for item in mails["mails"]] == ["verify_email"] * 2
    token = {"token": mails["mails"][0]["token"]}
    assert (await call("POST", "/auth/verify-email", json=token)).status_code == 200
    check_error(await call("POST", "/auth/verify-email", json=token), 400)

    me = (await call("GET", "/auth/me", payload["access_token"])).json()
    assert me["email_verified"] is True


@table(
    "wrong",
    [
        {"email": "no address"},
        {"password": "short"},
        {"username": "with space"},
        {"username": "x" * 51},
        {"email": None},
        {"password": 12345678},
    ],
)
async def test_auth_invalid_registration_is_422_and_names_the_field(
    call: Caller, wrong: dict[str, Any]
) -> None:
    wish = {"email": "new@example.com", "username": "newcomer", "password": "secret-enough"}
    body = check_error(await call("POST", "/auth/register", json=wish | wrong), 422)
    [mistake] = body["detail"]
    assert mistake["loc"] == ["body", *wrong]
    assert mistake["message"]


@table("provider", ["github", "google"])
async def test_auth_provider_signs_in_the_user_of_its_code(call: Caller, provider: str) -> None:
    async def come_back(code: str) -> httpx.Response:
        body = {"code": code, "redirect_uri": "http://localhost:3000/callback"}
        return await call("POST", f"/auth/{provider}/callback", json=body)

    known = (await come_back("test-urbantech")).json()
    assert (known["user"]["username"], known["user"]["email"]) == ("urbantech", EMAIL)
    result = (await come_back(f"test-via-{provider}")).json()
    assert result["user"]["username"] == f"via-{provider}"
    assert await status_of(call, result["access_token"]) == 200
    for code in ("urbantech", "test-", "test-a b", "x" * 90):
        check_error(await come_back(code), 400)


async def test_auth_outbox_pages_and_empties_and_its_links_still_work(
    client: httpx.AsyncClient, call: Caller
) -> None:
    for _ in range(3):
        await call("POST", "/auth/magic-link", json={"email": EMAIL})
    first = (await client.get("/_emulator/outbox?per_page=2")).json()
    assert (first["total"], first["has_more"], len(first["mails"])) == (3, True, 2)
    last = (await client.get("/_emulator/outbox?per_page=2&page=2")).json()
    assert (last["has_more"], len(last["mails"])) == (False, 1)
    token = first["mails"][0]["token"]

    mail = first["mails"][0]
    assert (await client.get(f"/_emulator/outbox/{mail['id']}")).json() == mail
    assert (await client.delete("/_emulator/outbox")).status_code == 204
    check_error(await client.get(f"/_emulator/outbox/{mail['id']}"), 404)

    assert (await client.get("/_emulator/outbox")).json()["mails"] == []
    answer = await call("POST", "/auth/magic-link/verify", json={"token": token})
    assert answer.status_code == 200
    check_error(await client.get("/_emulator/outbox?kind=postcard"), 422)
