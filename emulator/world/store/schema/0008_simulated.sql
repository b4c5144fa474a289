-- A simulated stream is live without a publisher: players are shown the built-in picture.
ALTER TABLE streams ADD COLUMN is_simulated INTEGER NOT NULL DEFAULT 0;
