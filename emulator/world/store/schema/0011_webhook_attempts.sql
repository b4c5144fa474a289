-- Each attempt of a delivery, over all its replays, and what came of it. `signature` is empty where
-- nothing was sent.

CREATE TABLE webhook_attempts (
    delivery_row INTEGER NOT NULL REFERENCES webhook_deliveries ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    status INTEGER,
    outcome TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (delivery_row, number)
) WITHOUT ROWID;
