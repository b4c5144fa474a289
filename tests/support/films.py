"""Films that encoders write for tests, each once per checkout."""

import hashlib
import subprocess
import tempfile
from pathlib import Path

from tests.support.docs import PROJECT

FILMS = PROJECT / ".pytest_cache" / "films"


def encoded(command: list[str], form: str) -> Path:
    """The output file of an ffmpeg command, which lacks only the file's name. Do not change the
    file.

    The file is shared with the other workers and later runs; `make clean` removes it.
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
