"""From a broadcaster's bytes to a picture, a recording and a seek bar. Knows no HTTP."""
