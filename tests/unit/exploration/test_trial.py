"""Runs whose command cannot be started: on a worker that lacks the folder or the program."""

from pathlib import Path
from platform import node

import pytest

from emulator.core.errors import Refused
from emulator.exploration.trial import Setup, trials
from emulator.settings import Settings

ORDER = {"plan": [], "limit_ms": 60_000}


def setup(command: str, folder: Path, machine: str = "") -> bytes:
    return Setup([command], str(folder), machine or node(), Settings(), [], is_own=True).pack()


def test_trial_is_refused_by_a_worker_that_lacks_the_folder(tmp_path: Path) -> None:
    worker = trials(setup("true", tmp_path / "app", "laptop"))

    with pytest.raises(Refused) as refusal:
        worker.perform(ORDER)
    worker.close()
    assert refusal.value.message == (
        f"There is no folder {tmp_path / 'app'} on {node()}; the command runs in it on each "
        "worker: share the folder, or copy it there."
    )


def test_trial_is_refused_by_a_worker_that_lacks_the_program(tmp_path: Path) -> None:
    local, remote = trials(setup("./none", tmp_path)), trials(setup("./none", tmp_path, "laptop"))

    with pytest.raises(Refused, match=r"^\./none cannot be started: No such file"):
        local.perform(ORDER)
    with pytest.raises(Refused, match=f"^./none cannot be started on {node()}: No such file"):
        remote.perform(ORDER)
    local.close()
    remote.close()


def test_trial_runs_in_the_folder_of_its_setup(tmp_path: Path) -> None:
    (tmp_path / "app").touch()
    command = ["test", "-e", "app"]
    packed = Setup(command, str(tmp_path), node(), Settings(), [], is_own=True).pack()
    worker = trials(packed)

    assert worker.perform(ORDER)["result"] == "passed"
    worker.close()
