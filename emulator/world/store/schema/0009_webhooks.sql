-- Who is told of what happens, and what was told. `kinds` is empty for all of them.

CREATE TABLE webhook_targets (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    kinds TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
);

CREATE TABLE webhook_deliveries (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    target_row INTEGER NOT NULL REFERENCES webhook_targets ON DELETE CASCADE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    attempted_at_ms INTEGER,
    due_at_ms INTEGER,
    status INTEGER,
    outcome TEXT
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (target_row, state, due_at_ms);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (state);
