"""Publishers of a scenario: simulated ones on the virtual clock, real ones where time passes."""
