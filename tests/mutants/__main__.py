"""`make mutants`: check that tests fail when a line of an important module is changed.

Draws a sample of mutants by a seed, runs the tests of each mutant's module in their own process
until one fails, and prints a table. Mutants that behave like the original code are listed in
`equivalent.txt` with the reason. The exit code is 1 where fewer mutants than the goal were killed.
"""

import argparse
import contextlib
import importlib.abc
import importlib.machinery
import io
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutants.operators import Mutant, mutated
from tests.mutants.sample import SEED, UNITS, sample, source_of

GOAL = 0.95
TESTS = Path(__file__).parents[1]
# A mutant whose tests take this many times as long as usual counts as killed.
PATIENCE = 4


def main() -> int:
    options = _options()
    drawn = sample(options.per_module, options.seed, options.module)
    equivalent = _equivalent()
    _import_libraries()
    counts = {module: [0, 0, 0] for module in dict.fromkeys(mutant.module for mutant in drawn)}
    began_s = time.monotonic()
    bounds_s = {module: 10 + PATIENCE * _seconds(module) for module in counts}
    for mutant in drawn:
        if options.seconds and time.monotonic() - began_s > options.seconds:
            break
        text = mutated(source_of(mutant.module).read_text("utf-8"), mutant)[1]
        count = counts[mutant.module]
        if f"{mutant.module}: {text}" in equivalent:
            count[2] += 1
            continue
        is_killed = _fails(mutant.module, mutant, bounds_s[mutant.module])
        count[0 if is_killed else 1] += 1
        if not is_killed:
            print(f"survived  {mutant.module}:{mutant.line}  {mutant.kind}  {text}", flush=True)
    return _report(counts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--per-module", type=int, default=8)
    parser.add_argument("--seed", default=SEED, help="seed of the sample")
    parser.add_argument("--module", action="append", choices=list(UNITS))
    parser.add_argument("--seconds", type=float, help="start no further mutant after this time")
    return parser.parse_args()


def _equivalent() -> set[str]:
    lines = (Path(__file__).with_name("equivalent.txt")).read_text("utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def _import_libraries() -> None:
    """Import the libraries that each mutant's process needs: no pytest plugin, no code of ours."""
    import aiortc  # noqa: F401
    import httpx  # noqa: F401
    import pytest  # noqa: F401
    import starlette.applications  # noqa: F401

    if any(name.partition(".")[0] == "emulator" for name in sys.modules):
        raise SystemExit("The emulator was imported before its mutants.")


def _seconds(module: str) -> float:
    """Seconds that the tests of a module take without a change; they must pass."""
    began_s = time.monotonic()
    if _fails(module, None, 600):
        raise SystemExit(f"The tests of {module} fail without a mutant: {UNITS[module]}")
    return time.monotonic() - began_s


def _fails(module: str, mutant: Mutant | None, seconds_max: float) -> bool:
    """Whether a test of the module fails or does not end."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        os.setsid()
        os._exit(_run_tests(module, mutant))
    deadline_s = time.monotonic() + seconds_max
    while time.monotonic() < deadline_s:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) != 0
        time.sleep(0.05)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


def _run_tests(module: str, mutant: Mutant | None) -> int:
    import pytest

    if mutant is not None:
        sys.meta_path.insert(0, _Finder(mutant))
    tests = [str(TESTS / name) for name in UNITS[module]]
    arguments = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return int(pytest.main([*arguments, *tests]))


class _Finder(importlib.abc.MetaPathFinder):
    """An import finder that returns the mutant in place of its module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != f"emulator.{self._mutant.module}":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._mutant)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        path = Path(self.get_filename(fullname))
        tree, _ = mutated(path.read_text("utf-8"), self._mutant)
        return compile(tree, str(path), "exec")


def _report(counts: dict[str, list[int]]) -> int:
    print("\n| module | killed | survived | equivalent |\n|---|---|---|---|")
    for module, (killed, survived, same) in counts.items():
        print(f"| {module} | {killed} | {survived} | {same} |")
    killed, survived, same = (sum(column) for column in zip(*counts.values(), strict=True))
    share = killed / max(1, killed + survived)
    print(f"| all | {killed} | {survived} | {same} |")
    print(f"\nKilled {killed} of {killed + survived} mutants that are not equivalent: {share:.1%}.")
    return 0 if share >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
