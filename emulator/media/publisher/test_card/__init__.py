"""What the test picture shows and sounds like: bars, clock, flash, strip, and a beep."""
