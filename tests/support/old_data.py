"""What earlier versions left behind (`fixtures/data`)."""

import tarfile
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures" / "data"
RELEASES = sorted(FIXTURES.glob("*.tar.xz"))


def unpack(kept: Path, folder: Path) -> None:
    """As `extractall` does, whose safe way the first releases of Python 3.11 do not have."""
    with tarfile.open(kept) as tar:
        for member in tar.getmembers():
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None
            path.write_bytes(content.read())
