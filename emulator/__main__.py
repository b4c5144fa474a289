"""`python -m emulator` is the command `live-emulator`."""

import sys

from emulator.cli import main

if __name__ == "__main__":
    sys.exit(main())
