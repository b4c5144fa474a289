"""The test picture and its sound: bars, clock, flash, strip, and a beep."""
