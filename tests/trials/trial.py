"""The common frame of trials: a printed seed, progress, a table at the end, a clean Ctrl-C.

A trial is a program: `python -m tests.trials.NAME`. It does for minutes or hours what a test does
for seconds. The exit code is 0 where everything held, 1 where something did not, 2 after a usage
error, and 130 after an interruption (with the table of the results until then).
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
    """One run of a trial: its random seed, its scratch folder, and its faults."""

    name: str
    seed: int
    folder: Path
    faults: list[str] = field(default_factory=list)
    began_at: float = field(default_factory=time.monotonic)
    _said_at: float = 0.0

    def chance(self, *parts: object) -> random.Random:
        """A random generator that depends only on the trial's seed and on `parts`."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, parts))}")

    def fault(self, sentence: str) -> None:
        """Note a fault, and print it at once."""
        self.faults.append(sentence)
        print(f"  FAULT: {sentence}", file=sys.stderr, flush=True)

    def progress(self, sentence: str) -> None:
        """Print the progress, at most every ten seconds."""
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
        except Exception as error:  # The results until then are worth printing.
            traceback.print_exc()
            trial.fault(f"the trial itself ended: {type(error).__name__}: {error}")
        print(table(report()))
        print(f"\n{name}: {trial.seconds:.0f} s, --seed {trial.seed}, {len(trial.faults)} faults")
        for sentence in trial.faults:
            print(f"- {sentence}")
        return code or int(bool(trial.faults))


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A temporary folder for the trial, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"trial-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
