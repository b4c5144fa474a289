import httpx

from tests.support.rest import USER_CARD, Caller, check_error
from tests.support.tables import table

USER = USER_CARD | {
    "email",
    "bio",
    "role",
    "following_count",
    "socials",
    "email_verified",
    "mfa_enabled",
    "tenant_id",
    "created_at",
}


@table(
    "body",
    [
        {"email": "urbantech@example.com", "password": "demo123456"},
        {"username": "urbantech", "password": "demo123456"},
    ],
)
async def test_auth_login_gives_a_working_token(call: Caller, body: dict[str, str]) -> None:
    answer = await call("POST", "/auth/login", json=body)

    session = answer.json()
    assert answer.status_code == 200
    assert session.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "user"}
    assert (session["token_type"], session["expires_in"]) == ("bearer", 1800)
    assert session["user"].keys() == USER
    me = await call("GET", "/auth/me", session["access_token"])
    assert {name: me.json()[name] for name in USER} == session["user"]
    assert (me.json()["username"], me.json()["follower_count"]) == ("urbantech", 12847)


async def test_auth_wrong_login_is_401(call: Caller) -> None:
    body = {"email": "urbantech@example.com", "password": "wrong"}

    answer = await call("POST", "/auth/login", json=body)

    assert check_error(answer, 401)["detail"] == "Incorrect email or password"


@table("key", ["ak_demo", "ak_demo_rustacean", "ak_auto_newcomer"])
async def test_auth_api_keys_name_their_accounts(call: Caller, key: str) -> None:
    me = (await call("GET", "/auth/me", key)).json()

    assert me["username"] == key.removeprefix("ak_demo_").removeprefix("ak_auto_").removeprefix(
        "ak_"
    )


@table("key", [None, "ak_wrong", "a.b.c", "ak_demo x"])
async def test_auth_unknown_key_is_401(call: Caller, key: str | None) -> None:
    check_error(await call("GET", "/auth/me", key), 401)


async def test_info_names_the_listening_addresses(client: httpx.AsyncClient) -> None:
    info = (await client.get("/_emulator/info")).json()
    health = await client.get("/_emulator/health")

    assert info["api_key"] == "ak_demo"
    assert info["http"] == str(client.base_url).rstrip("/")
    assert health.status_code == 200
    assert health.json()["status"] == "ok"
