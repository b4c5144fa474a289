-- Up to when it is written down who a stream's simulated viewers are: their countries and devices.
ALTER TABLE audience RENAME COLUMN told_at_ms TO traits_at_ms;
