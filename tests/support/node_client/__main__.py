"""Write the generated files of the Node package into its folder."""

import shutil
import tempfile
from pathlib import Path

from tests.support.node_client import GENERATED, PACKAGE, STAMP, generate, source_hash

with tempfile.TemporaryDirectory() as name:
    generate(Path(name))
    for part in GENERATED:
        shutil.rmtree(PACKAGE / part, ignore_errors=True)
        shutil.copytree(Path(name) / part, PACKAGE / part)
STAMP.write_text(source_hash() + "\n")
