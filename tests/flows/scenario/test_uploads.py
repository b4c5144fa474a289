"""Uploads: a film in the scenario's folder becomes a VOD, also where time jumps."""

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from emulator.settings import Settings
from tests.flows.scenario.test_recordings import played
from tests.support.encoders import film

SCENARIO = """
scenario: Uploads
world:
  users: [{name: ada, tenant: acme}, {name: bob}]
  streams: [{name: show, owner: bob, title: A show}]
timeline:
  - vod.upload: {vod: film, owner: ada, title: A film, description: By hand, file: talk.mp4}
  - expect: {vod.film.status: ready}
    within: 30s
  # What somebody has left can be uploaded again, by who belongs to an organisation.
  - publish.start: show
  - wait: 1m
  - publish.stop: show
  - {expect: {vod.show.status: ready}, within: 30s}
  - vod.upload: {vod: again, owner: ada, title: Again, of: show}
  - {vod.upload: {vod: never, owner: bob, title: Never, of: show}, refused: forbidden}
  - {vod.upload: {vod: never2, owner: bob, title: Never, file: talk.mp4}, refused: forbidden}
  - {expect: {vod.again.status: ready}, within: 30s}
expect:
  vod.film.title: A film
  vod.film.duration: {about: 4s, give: 100ms}
  vod.again.duration: {about: 1m, give: 1s}
  events.vod.uploaded: 2
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.changed(allow_folder=str(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(film(form="mp4"), tmp_path / "talk.mp4")
    return tmp_path


async def test_scenario_uploads_uploaded_film_is_a_vod_and_the_run_is_repeatable(
    client: httpx.AsyncClient, emulator: Emulator, folder: Path
) -> None:
    order: dict[str, Any] = {"text": SCENARIO, "folder": str(folder)}

    report, again = [await played(client, emulator, **order) for _ in range(2)]

    missed = [expectation for expectation in report["expectations"] if not expectation["met"]]
    wrong = [step for step in report["steps"] if not step["ok"]]
    assert (report["outcome"], missed, wrong) == ("passed", [], [])
    assert again["log_hash"] == report["log_hash"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.mp4", "There is no file none.mp4 in the scenario's folder"),
        ("../talk.mp4", "Name a file in the scenario's folder"),
        ("way-out/talk.mp4", "is outside the scenario's folder"),
    ],
)
async def test_scenario_uploads_missing_film_is_reported_before_the_run(
    client: httpx.AsyncClient, folder: Path, name: str, message: str
) -> None:
    (folder / "inside").mkdir()
    (folder / "inside/way-out").symlink_to(folder, target_is_directory=True)
    if name.startswith("way-out") and not (folder / "inside/way-out").exists():
        pytest.skip("this system makes no symbolic links, and does not say so (Wine)")
    text = SCENARIO.replace("file: talk.mp4", f"file: {name}")

    answer = await client.post(
        "/_emulator/scenarios", json={"text": text, "folder": str(folder / "inside")}
    )

    assert answer.status_code == 422
    assert answer.text.count(message) >= 1, answer.text


async def test_scenario_uploads_cannot_name_another_folder(
    client: httpx.AsyncClient, folder: Path
) -> None:
    answers = [
        await client.post(
            "/_emulator/scenarios", json={"text": SCENARIO, "folder": name, "folder_key": "guess"}
        )
        for name in ("/", str(folder.parent), "/nothing/here")
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.json()["message"] for answer in answers}) == 1
    assert "--allow-folder" in answers[0].text


async def test_scenario_uploads_scenario_without_a_folder_has_no_films(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/_emulator/scenarios", json={"text": SCENARIO})

    assert answer.status_code == 422
    assert "was sent without a folder, so talk.mp4 is missing" in answer.text
