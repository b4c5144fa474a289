"""Faults of access for a client of the API: tokens that expire early, and tighter limits."""

from typing import Any

import httpx
import pytest

from emulator.web.http.injected_faults import HEADER
from tests.support.rest import Caller, create

LOGIN = {"email": "urbantech@example.com", "password": "demo123456"}


async def sign_in(call: Caller) -> dict[str, Any]:
    answer = await call("POST", "/auth/login", json=LOGIN)
    assert answer.status_code == 200, answer.text
    values: dict[str, Any] = answer.json()
    return values


async def test_access_faults_token_expires_early_and_a_refreshed_one_is_valid(
    http: httpx.AsyncClient, call: Caller
) -> None:
    session = await sign_in(call)
    before = session["access_token"]
    assert (await call("GET", "/auth/me", before)).status_code == 200
    await http.post("/_emulator/faults", json={"auth.expire": {}})

    expired = await call("GET", "/auth/me", before)
    assert expired.status_code == 401
    assert expired.json()["message"] == "Token has expired"
    assert expired.headers[HEADER].endswith("auth.expire")

    body = {"refresh_token": session["refresh_token"]}
    after = (await call("POST", "/auth/refresh", json=body)).json()["access_token"]
    assert (await call("GET", "/auth/me", after)).status_code == 200
    assert (await call("GET", "/auth/me", "ak_demo")).status_code == 200


@pytest.mark.parametrize("what", ["api", "stream_creation"])
async def test_access_faults_tightened_limit_applies_early_and_ends_with_its_fault(
    http: httpx.AsyncClient, call: Caller, what: str
) -> None:
    fault = {"limit.tighten": {"what": what, "user": "demo", "per_minute": 2}}
    await http.post("/_emulator/faults", json=fault)
    for _ in range(2):
        answer = await call("POST", "/streams/", "ak_demo", json={})
        assert answer.status_code == 422
    refused = await call("POST", "/streams/", "ak_demo", json={"title": "One too many"})
    assert refused.status_code == 429
    assert refused.headers["X-RateLimit-Limit"] == "2"
    assert refused.headers["Retry-After"]
    assert refused.headers[HEADER].endswith("limit.tighten")
    assert (await call("GET", "/auth/me", "ak_demo")).status_code == (429 if what == "api" else 200)
    assert (await call("GET", "/auth/me", "ak_demo_viewer")).status_code == 200

    await http.delete("/_emulator/faults")
    await create(call)
