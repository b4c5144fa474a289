"""Films that encoders write for tests, each once a checkout."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

from tests.support.docs import PROJECT

FILMS = PROJECT / ".pytest_cache" / "films"


def encoded(command: list[str], form: str) -> Path:
    """What this command of an ffmpeg, which lacks only the file's name, writes. It is read alone.

    The file is kept for the other workers and for later runs; `make clean` removes it.
    """
    digest = hashlib.sha256("\0".join(command).encode()).hexdigest()[:32]
    path = FILMS / f"{digest}.{form}"
    if not path.exists():
        FILMS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FILMS) as folder:
            written = Path(folder) / path.name
            subprocess.run([*command, str(written)], check=True, timeout=120)
            written.replace(path)
    return path
