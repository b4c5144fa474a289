"""Schemathesis reads the OpenAPI documents, sends all kinds of requests, and finds nothing."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.web.admin.table import OPERATIONS as ADMIN
from emulator.web.api.table import OPERATIONS as PLATFORM
from emulator.web.http.operation import FORM, Operation
from emulator.web.openapi.document import documented_path
from tests.support.commands import finished
from tests.support.docs import PROJECT
from tests.support.live_server import Walk, platform
from tests.support.slow import IS_SLOW, slow

# One example finds what is broken for all requests, and one value beyond a bound shows whether an
# operation checks its fields; `make slow` tries thirty, and goes beyond every bound.
EXAMPLES = "30" if IS_SLOW else "1"
SECONDS = 36_000 if IS_SLOW else 900
# `coverage` goes up to every bound of every field (in `make slow` also beyond: two thirds of about
# 8,000 requests). `fuzzing` sends valid and invalid values.
PHASES = "examples,coverage,fuzzing,stateful"


@pytest.fixture
def walk() -> Iterator[Walk]:
    with platform(
        session_creations_per_minute=0, chat_lines_per_minute=0, chat_repeats_max=0
    ) as walk:
        yield walk


def configuration(operations: list[Operation]) -> str:
    """Settings for what a schema cannot say: operations that also check values which fit it (a past
    time, a file that is no image), and operations that are unavailable for now, with a sentence.
    """
    # The router answers all other methods alike, so one stands for all. An endless event stream is
    # read up to its first event; the default would be ten seconds.
    lines = ["max-stream-events = 1", "[phases.coverage]", 'unexpected-methods = ["TRACE"]']
    lines += [] if IS_SLOW else ["[phases.coverage.generation]", 'mode = "positive"']
    # Schemathesis compares each request with every entry, so operations with equal settings share
    # one.
    names: dict[tuple[str, ...], list[str]] = {}
    for operation in operations:
        name = f"{operation.method} {documented_path(operation)}"
        names.setdefault(options(operation), []).append(name)
    for entry, included in names.items():
        lines += ["[[operations]]", f"include-name = {json.dumps(included)}", *entry]
    return "\n".join(lines) + "\n"


def options(operation: Operation) -> tuple[str, ...]:
    """The settings of an operation, line by line."""
    accepted = ["2xx", "401", "403", "404", "409", "413", "429"]
    accepted += ["422"] if judges_more(operation) else []
    accepted += ["400"] if "bad_request" in operation.refuses else []
    checks = {"positive_data_acceptance": accepted}
    if "unavailable" in operation.refuses:
        checks["not_a_server_error"] = ["2xx", "3xx", "4xx", "503"]
    lines = [f"checks.{name}.expected-statuses = {statuses}" for name, statuses in checks.items()]
    if operation.upload and operation.upload.media_type != FORM:
        lines.append("enabled = false")  # Schemathesis can only write forms and JSON.
    return tuple(lines)


def judges_more(operation: Operation) -> bool:
    """Whether it refuses values that fit the schema: by a function, or by the verb."""
    if operation.upload or {"invalid", "unsupported"} & set(operation.refuses):
        return True
    models = [kind_class for kind_class in (operation.body, operation.query) if kind_class]
    for model in models:
        model.model_rebuild()  # The function may not be imported yet.
    return any("'type': 'function-" in str(model.__pydantic_core_schema__) for model in models)


@pytest.mark.parametrize(
    ("document", "operations", "phases"),
    [
        ("/api/v1/openapi.json", PLATFORM, PHASES),
        pytest.param(
            *("/v1/openapi.json", PLATFORM, PHASES),
            marks=slow("the same functions; tests/flows/test_every_endpoint.py asks them by both"),
        ),
        ("/_emulator/openapi.json", ADMIN, PHASES),
    ],
    ids=["documented", "client", "admin"],
)
def test_openapi_fuzz_responses_match_the_document_for_any_valid_request(
    walk: Walk, tmp_path: Path, document: str, operations: list[Operation], phases: str
) -> None:
    (tmp_path / "schemathesis.toml").write_text(configuration(operations), "utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += [walk.ready["http"] + document, "--header", "Authorization: Bearer ak_demo"]
    command += [
        "--checks",
        "all",
        "--phases",
        phases,
        "--max-examples",
        EXAMPLES,
        "--seed",
        "1",
        "--warnings",
        "off",
        "--generation-database",
        "none",
    ]
    # Hypothesis takes seconds for its tables of all characters: it finds them in this suite's
    # folder.
    environment = os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(PROJECT / ".hypothesis")}
    process = finished(command, cwd=tmp_path, env=environment, timeout=SECONDS)
    assert process.returncode == 0, process.stdout[-6000:] + process.stderr[-2000:]
