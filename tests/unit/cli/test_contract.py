"""`contract`: the table, the comparison with a document, the replay of a capture."""

import json
from pathlib import Path

import pytest

from emulator.cli import main
from emulator.web.api.table import OPERATIONS
from emulator.web.openapi import tested
from emulator.web.openapi.routes import document


def test_contract_command_table_has_a_row_for_each_operation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["contract", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["method"], row["path"]) for row in rows] == [
        (operation.method, operation.path) for operation in OPERATIONS
    ]
    assert main(["contract"]) == 0
    shown = capsys.readouterr().out
    assert f"{len(OPERATIONS)} operations: " in shown
    # The names of the tests are shown on request only: they would be most of the output.
    assert "tests/" not in shown
    assert main(["contract", "-v"]) == 0
    assert "tests/flows/" in capsys.readouterr().out


def test_contract_command_table_names_existing_tests() -> None:
    payload = tested.tested_by()
    root = Path(__file__).parents[3]
    missing = {file for files in payload.values() for file in files if not (root / file).exists()}
    assert missing == set()
    assert payload["POST /streams"]


def test_contract_command_compares_another_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(document("documented")), "utf-8")
    assert main(["contract", "--diff", str(path)]) == 0
    assert capsys.readouterr().out == "No differences.\n"

    other = json.loads(path.read_text("utf-8"))
    del other["paths"]["/auth/me"]
    path.write_text(json.dumps(other), "utf-8")
    assert main(["contract", "--diff", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"operation": "GET /auth/me", "kind": "missing there", "message": "the whole operation"}
    ]


@pytest.mark.parametrize("content", ["", "{}", "no"])
def test_contract_command_reports_an_invalid_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, "utf-8")
    assert main(["contract", "--diff", str(path)]) == 2
    assert main(["contract", "--check", str(path)]) == 2
    assert main(["contract", "--check", str(tmp_path / "none")]) == 2
    assert "other.json" in capsys.readouterr().err


def test_contract_command_replays_recorded_requests_with_translated_ids(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stream_id = "6f1e9c52-8d0b-4f6e-9a57-3c2f1f0a7d11"
    lines = [
        {
            "method": "POST",
            "path": "/api/v1/streams/",
            "key": "me",
            "body": {"title": "Recorded"},
            "status": 201,
            "response": {"id": stream_id},
        },
        {
            "method": "GET",
            "path": f"/api/v1/streams/id/{stream_id}",
            "status": 200,
            "response": {"id": stream_id, "title": 7},
        },
    ]
    path = tmp_path / "capture.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")

    assert main(["contract", "--check", str(path), "--json"]) == 1
    _, read = json.loads(capsys.readouterr().out)
    assert "$.title is number there, string here" in read["differences"]
    assert not any(line.startswith("status") for line in read["differences"])
