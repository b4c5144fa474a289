"""`python -m benchmarks [names]`: run all benchmarks or the named ones, and write RESULTS.md."""

import importlib
import sys
from pathlib import Path

from benchmarks import table

_OWN = {"__init__", "__main__", "table"}


def names() -> list[str]:
    """The names of all scripts here that measure a section."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    return [name for name in stems if name not in _OWN and not name.endswith("_peer")]


def main(arguments: list[str]) -> int:
    known = names()
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    is_fine = True
    for name in arguments or known:
        print(f"# {name}", flush=True)
        section: table.Section = importlib.import_module(f"benchmarks.{name}").measure()
        print(section.markdown(), flush=True)
        table.write([section])
        is_fine = is_fine and section.holds
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
