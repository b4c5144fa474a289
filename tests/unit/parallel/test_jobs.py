"""Jobs over real processes: each is done once, whatever happens to a worker."""

import io
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from emulator.cli.lib.jobs import collect
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.places import Place
from emulator.core.errors import Refused
from emulator.parallel.folder import ResultFolder
from emulator.parallel.jobs import Done, ExecutorLost, run
from emulator.parallel.processes import ProcessWorkers
from emulator.parallel.work import Job, Work
from tests.support.jobs import counting


def work(folder: Path) -> Work:
    return Work(counting, json.dumps({"folder": str(folder)}).encode())


def jobs(count: int, **orders: Any) -> list[Job]:
    return [Job(f"job-{n}", {"number": n, **orders.get(f"job_{n}", {})}) for n in range(count)]


def by_key(done: Iterator[Done]) -> dict[str, Done]:
    return {entry.job.key: entry for entry in done}


def test_jobs_are_each_done_once_and_one_failure_is_its_own(
    tmp_path: Path,
) -> None:
    orders = jobs(40, job_3={"raises": "no luck"}, job_5={"dies": "once"}, job_7={"dies": "always"})

    with ProcessWorkers(2) as executor:
        done = by_key(run(work(tmp_path), orders, executor, workers=lambda: 2))

    assert len(done) == 40
    assert done["job-3"].error == "ValueError: no luck"
    assert done["job-7"].is_lost
    assert "signal 9 (SIGKILL)" in done["job-7"].error
    fine = [entry for key, entry in done.items() if key not in ("job-3", "job-7")]
    assert {entry.result["number"] for entry in fine} == {*range(40)} - {3, 7}


def test_jobs_reuse_the_performer_of_their_process_and_close_it_at_the_end(tmp_path: Path) -> None:
    with ProcessWorkers(1) as executor:
        done = by_key(run(work(tmp_path), jobs(3), executor, workers=lambda: 1))

    results = [entry.result for entry in done.values()]
    assert sorted(result["done"] for result in results) == [1, 2, 3]
    assert (tmp_path / f"closed-{results[0]['pid']}").exists()


def test_jobs_that_hang_are_stopped_and_cleaned_up(tmp_path: Path) -> None:
    class Hangs(threading.Event):
        def is_set(self) -> bool:
            return (tmp_path / "hangs").exists()

    executor = ProcessWorkers(1)
    orders = jobs(1, job_0={"hangs": True})
    done = list(run(work(tmp_path), orders, executor, workers=lambda: 1, stop=Hangs()))
    executor.shutdown(cancel_futures=True)

    assert done == []
    assert (tmp_path / "cleaned-up").exists()
    pid = int((tmp_path / "hangs").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_jobs_are_lost_where_no_process_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process cannot start in a folder that does not exist.
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with ProcessWorkers(1) as executor:
        [done] = run(work(tmp_path), jobs(1), executor, workers=lambda: 1)

    assert done.is_lost
    assert "no process can be started (No such file or directory)" in done.error


def test_jobs_run_over_any_executor(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        done = by_key(run(work(tmp_path), jobs(20), executor, workers=lambda: 3))

    assert sorted(entry.result["number"] for entry in done.values()) == [*range(20)]


def test_jobs_refuse_a_worker_of_another_version(tmp_path: Path) -> None:
    class Old(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            prepare, digest, setup, _, order = args
            return super().submit(fn, prepare, digest, setup, "0.0.1", order, **kwargs)

    with Old(1) as executor, pytest.raises(Refused, match="Install the same version on both"):
        list(run(work(tmp_path), jobs(1), executor, workers=lambda: 1))


def test_jobs_lost_by_an_executor_keep_the_results_so_far(tmp_path: Path) -> None:
    class Vanishing(ThreadPoolExecutor):
        count = 0

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
            self.count += 1
            future = super().submit(fn, *args, **kwargs)
            if self.count > 9:
                future = Future()
                future.cancel()
                future.set_running_or_notify_cancel()
            return future

    found: list[Done] = []
    with (
        Vanishing(1) as executor,
        ResultFolder(tmp_path / "out", "sweep", {}, is_resumed=False) as folder,
    ):
        ending = collect(
            work(tmp_path),
            jobs(50),
            Place(executor, lambda: 1),
            found.append,
            line=LiveLine(io.StringIO()),
            stop=threading.Event(),
            folder=folder,
        )
        keys = [key for key, _ in folder.results()]

    assert "cancelled" in ending.problem
    assert 0 < len(found) < 10
    assert keys == [done.job.key for done in found]


def test_jobs_say_that_their_executor_is_gone(tmp_path: Path) -> None:
    executor: Executor = ProcessWorkers(1)
    executor.shutdown()

    with pytest.raises(ExecutorLost, match="The executor accepts no more jobs"):
        list(run(work(tmp_path), jobs(1), executor, workers=lambda: 1))


def test_result_folder_continues_after_the_last_complete_line(tmp_path: Path) -> None:
    identity = {"scenario": "a", "parameters": {}}
    with ResultFolder(tmp_path, "sweep", identity, is_resumed=False) as folder:
        folder.add("one", {"n": 1})
        folder.add("two", {"n": 2})
    results = tmp_path / "results.jsonl"
    results.write_bytes(results.read_bytes() + b'{"key": "three", "res')

    with ResultFolder(tmp_path, "sweep", identity, is_resumed=True) as folder:
        assert folder.keys == {"one", "two"}
        folder.add("four", {"n": 4})
        assert [key for key, _ in folder.results()] == ["one", "two", "four"]


def test_result_folder_refuses_results_of_another_run(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no results to continue from"):
        ResultFolder(tmp_path, "sweep", {}, is_resumed=True)
    with ResultFolder(tmp_path, "sweep", {"scenario": "a"}, is_resumed=False):
        pass

    with pytest.raises(Refused, match="scenario differs"):
        ResultFolder(tmp_path, "sweep", {"scenario": "b"}, is_resumed=True)
    with pytest.raises(Refused, match="kind differs"):
        ResultFolder(tmp_path, "exploration", {"scenario": "a"}, is_resumed=True)
