"""Fuzz one target for a while, in its own process: `python -m tests.fuzz.loop --help`.

Atheris is guided by coverage of the emulator's code. Where it is not installed, Hypothesis changes
and joins the files of the corpus, without knowing which code they reach. An input that makes the
target fail is kept as a file (one for each place in the code), and the loop continues.
"""

import argparse
import hashlib
import json
import re
import resource
import sys
import time
import traceback
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
CRASHES = Path(__file__).with_name("crashes")
# An input that takes longer counts as a crash: libFuzzer ends the process and keeps the input.
SECONDS_MAX = 60
_MEGABYTES_MAX = 2_048


class Loop:
    """The loop over one target's inputs. It rewrites `report` when an important figure changes."""

    def __init__(self, name: str, report: Path) -> None:
        from tests.fuzz.targets import TARGETS

        self._name = name
        self._target = TARGETS[name]
        self._report = report
        self._places: set[str] = set()
        self._slowest_s = 0.0
        self._inputs = 0
        self.write()

    def run(self, data: bytes) -> None:
        self._inputs += 1
        began_s = time.perf_counter()
        try:
            self._target(data)
        except Exception as error:
            self._keep(data, error)
        took_s = time.perf_counter() - began_s
        if took_s > self._slowest_s:
            self._slowest_s = took_s
            self.write()
        elif self._inputs % 1_000 == 0:
            self.write()

    def write(self) -> None:
        figures = {
            "inputs": self._inputs,
            "crashes": len(self._places),
            "slowest_ms": round(self._slowest_s * 1_000, 1),
            "memory_mb": _peak_kilobytes() // 1_024,
        }
        self._report.write_text(json.dumps(figures), "utf-8")

    def _keep(self, data: bytes, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}"
        if place in self._places:
            return
        self._places.add(place)
        path = CRASHES / self._name / hashlib.sha256(data).hexdigest()[:16]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        traceback.print_exception(error)
        print(f"crash {path}: {place}", file=sys.stderr, flush=True)
        self.write()


def _peak_kilobytes() -> int:
    """The peak memory of this program. `ru_maxrss` would include the peak of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.loop", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--inputs", type=int, default=-1, help="maximum number of inputs")
    parser.add_argument("--grown", type=Path, required=True, help="folder of the grown corpus")
    parser.add_argument("--report", type=Path, required=True)
    options = parser.parse_args()
    options.grown.mkdir(parents=True, exist_ok=True)
    try:
        import atheris
    except ImportError:
        _by_hypothesis(options)
        return
    with atheris.instrument_imports(include=["emulator"], enable_loader_override=False):
        loop = Loop(options.target, options.report)
    corpora = [folder for folder in (CORPUS, CRASHES) if (folder / options.target).is_dir()]
    arguments = [
        sys.argv[0],
        f"-max_total_time={options.seconds}",
        f"-runs={options.inputs}",
        f"-timeout={SECONDS_MAX}",
        f"-rss_limit_mb={_MEGABYTES_MAX}",
        "-max_len=8192",
        f"-artifact_prefix={options.grown.parent}/{options.target}-",
        "-print_final_stats=1",
        str(options.grown),
        *(str(folder / options.target) for folder in corpora),
    ]
    atheris.Setup(arguments, loop.run)
    atheris.Fuzz()  # This call does not return: it ends the process.


def _by_hypothesis(options: argparse.Namespace) -> None:
    import hypothesis
    from hypothesis import strategies as st

    loop = Loop(options.target, options.report)
    known = [path.read_bytes() for path in sorted((CORPUS / options.target).glob("*"))]
    changed = st.builds(
        lambda text, at, cut, new: text[: at % (len(text) + 1)] + new + text[at + cut :],
        st.sampled_from(known or [b""]),
        st.integers(0, 4_096),
        st.integers(0, 8),
        st.binary(max_size=8),
    )
    rounds = st.lists(st.one_of(changed, st.binary(max_size=512)), min_size=1, max_size=3)
    ends_s = time.monotonic() + options.seconds
    left = options.inputs

    @hypothesis.settings(max_examples=1_000, deadline=None, database=None)
    @hypothesis.given(rounds.map(b"".join))
    def once(data: bytes) -> None:
        nonlocal left
        if time.monotonic() < ends_s and left:
            left -= 1
            loop.run(data)

    while time.monotonic() < ends_s and left:
        once()
    loop.write()


if __name__ == "__main__":
    main()
