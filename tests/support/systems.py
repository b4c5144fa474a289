"""Skip marks for systems that lack something, with the reason."""

import sys

import pytest

IS_WINDOWS = sys.platform == "win32"
file_modes = pytest.mark.skipif(IS_WINDOWS, reason="Windows knows no file modes")
posix_folders = pytest.mark.skipif(IS_WINDOWS, reason="it moves the cache folder as Linux does")
