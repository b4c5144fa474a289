"""Schemathesis, which reads the documents and tries everything they allow, finds nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.table import OPERATIONS as PLATFORM
from emulator.web.rest.operation import Operation
from tests.support.walk import Walk, platform

# Enough to find what is broken for all; a longer search by hand: LIVE_EMULATOR_TESTS_EXAMPLES=200.
EXAMPLES = os.environ.get("LIVE_EMULATOR_TESTS_EXAMPLES", "5")
SECONDS = 300


@pytest.fixture
def walk() -> Iterator[Walk]:
    with platform(
        session_creations_per_minute=0, chat_lines_per_minute=0, chat_repeats_max=0
    ) as walk:
        yield walk


def configuration(operations: list[Operation]) -> str:
    """What a schema cannot say: which operations also judge values that fit it (a time that is
    past, a span outside a video), and which are unavailable for now, with a sentence.
    """
    lines = []
    for operation in operations:
        checks = []
        if "invalid" in operation.refuses or "unsupported" in operation.refuses:
            statuses = '["2xx", "401", "403", "404", "409", "413", "422", "429"]'
            checks.append(f"positive_data_acceptance.expected-statuses = {statuses}")
        if "unavailable" in operation.refuses:
            checks.append("not_a_server_error.expected-statuses = [503]")
        if checks:
            lines += ["[[operations]]", f'include-name = "{operation.method} {operation.path}"']
            lines += [f"checks.{check}" for check in checks]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("document", "operations"),
    [
        ("/api/v1/openapi.json", PLATFORM),
        ("/v1/openapi.json", PLATFORM),
        ("/_emulator/openapi.json", ADMIN),
    ],
    ids=["documented", "client", "admin"],
)
def test_nothing_that_a_document_allows_is_answered_otherwise_than_it_says(
    walk: Walk, tmp_path: Path, document: str, operations: list[Operation]
) -> None:
    (tmp_path / "schemathesis.toml").write_text(configuration(operations), "utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += [walk.ready["http"] + document, "--header", "Authorization: Bearer ak_demo"]
    command += ["--checks", "all", "--max-examples", EXAMPLES, "--seed", "1", "--warnings", "off"]
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert told.returncode == 0, told.stdout[-6000:] + told.stderr[-2000:]
