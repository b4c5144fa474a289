"""What every trial shares: a seed that is printed, progress, a table at its end, a clean Ctrl-C.

A trial is a program: `python -m tests.trials.NAME`. It tries for minutes or hours what a test tries
for seconds, and exits with 0 where everything held, 1 where something did not, 2 where it was
called wrongly, and 130 where it was interrupted (with the table of what was tried until then).
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PROGRESS_SECONDS = 10
_INTERRUPTED = 130


@dataclass
class Trial:
    """One run of a trial: its chance, its scratch folder, and what did not hold."""

    name: str
    seed: int
    folder: Path
    faults: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)
    _said_at: float = 0.0

    def chance(self, *parts: object) -> random.Random:
        """Chance that depends on the trial's seed and on `parts` alone."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, parts))}")

    def fault(self, sentence: str) -> None:
        """Note what did not hold, and say it at once."""
        self.faults.append(sentence)
        print(f"  FAULT: {sentence}", file=sys.stderr, flush=True)

    def progress(self, sentence: str) -> None:
        """Say how far it is, every ten seconds at most."""
        now = time.monotonic()
        if now - self._said_at >= _PROGRESS_SECONDS:
            self._said_at = now
            print(f"  {self.seconds:5.0f} s  {sentence}", file=sys.stderr, flush=True)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began_at


def table(rows: Sequence[Sequence[object]]) -> str:
    """Rows as a Markdown table; the first has the headings."""
    heading, *others = [[str(cell) for cell in row] for row in rows]
    lines = [heading, ["---"] * len(heading), *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run(
    name: str,
    body: Callable[[Trial, argparse.Namespace], None],
    report: Callable[[], Sequence[Sequence[object]]],
    options: Callable[[argparse.ArgumentParser], None],
) -> int:
    """Run a trial from the command line. Returns the exit code.

    `report` gives the rows of the table, also after an interruption.
    """
    parser = argparse.ArgumentParser(prog=f"python -m tests.trials.{name}")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options(parser)
    arguments = parser.parse_args()
    print(f"{name}: --seed {arguments.seed}", file=sys.stderr, flush=True)
    with scratch(name) as folder:
        trial = Trial(name, arguments.seed, folder)
        code = 0
        try:
            body(trial, arguments)
        except KeyboardInterrupt:
            code = _INTERRUPTED
        except Exception as error:  # What was tried until then is a result, too.
            traceback.print_exc()
            trial.fault(f"the trial itself ended: {type(error).__name__}: {error}")
        print(table(report()))
        print(f"\n{name}: {trial.seconds:.0f} s, --seed {trial.seed}, {len(trial.faults)} faults")
        for sentence in trial.faults:
            print(f"- {sentence}")
        return code or int(bool(trial.faults))


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A folder of the trial's own, gone at its end."""
    folder = Path(tempfile.mkdtemp(prefix=f"trial-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
