"""Data that earlier versions wrote (`fixtures/data`)."""

import tarfile
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures" / "data"
RELEASES = sorted(FIXTURES.glob("*.tar.xz"))


def unpack(kept: Path, folder: Path) -> None:
    """Unpack safely, as `extractall(filter="data")` does, which the first releases of 3.11 lack."""
    with tarfile.open(kept) as tar:
        for member in tar.getmembers():
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            content = tar.extractfile(member)
            assert content is not None
            path.write_bytes(content.read())
