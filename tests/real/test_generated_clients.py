"""Clients that real generators make from the OpenAPI documents compile and work."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.support.generators import Node, python_client
from tests.support.slow import slow


@pytest.fixture
async def base(tmp_path: Path) -> AsyncIterator[str]:
    """The address of the documented API; its document and the others are in `tmp_path`."""
    settings = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)
    async with Emulator(settings) as emulator, httpx.AsyncClient() as client:
        http = emulator.ready["http"]
        for name, path in (
            ("documented", "/openapi.json"),
            ("client", "/v1/openapi.json"),
            ("admin", "/_emulator/openapi.json"),
        ):
            document = await client.get(f"{http}{path}")
            (tmp_path / f"{name}.json").write_bytes(document.content)
        yield json.loads((tmp_path / "documented.json").read_text("utf-8"))["servers"][0]["url"]


async def test_generated_python_client_is_typed_and_works(base: str, tmp_path: Path) -> None:
    payload = json.loads(await python_client(tmp_path / "documented.json", base))

    assert payload["key"].startswith("live_")
    assert payload["description"] == "Changed"
    assert payload["own"] == [True] + [False] * 6
    assert payload["me"] == "demo"


async def test_generated_typescript_types_compile_strictly_and_fit(
    base: str, tmp_path: Path
) -> None:
    node = Node(tmp_path)
    outputs = {
        name: {"root": f"{name}.json", "x-openapi-ts": {"output": f"{name}.ts"}}
        for name in ("documented", "client", "admin")
    }
    (tmp_path / "redocly.yaml").write_text(json.dumps({"apis": outputs}), "utf-8")
    await node.generate("openapi-typescript")

    payload = json.loads(await node.use("fetch", base))

    assert payload.pop("key").startswith("live_")
    assert payload == {"tags": ["a"], "first": True, "username": "generated", "refused": 404}


@slow(
    "the names of operations are compared in tests/unit/web/openapi, and types are generated here"
)
async def test_generated_sdk_functions_are_named_after_operations(
    base: str, tmp_path: Path
) -> None:
    node = Node(tmp_path)
    await node.generate("openapi-ts", "-i", "documented.json", "-o", "sdk")

    payload = json.loads(await node.use("sdk", base))

    assert payload == {"title": "From a generated SDK", "status": "ended"}
