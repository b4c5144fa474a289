-- Who watched: a stream's figures so far, each change of how many watch, and who they were.

-- `watch_ms` is the sum over all viewers up to `changed_at_ms`. Of `viewers`, who watch now,
-- `simulated` are not real.
CREATE TABLE audience (
    stream_row INTEGER PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    viewers INTEGER NOT NULL DEFAULT 0,
    simulated INTEGER NOT NULL DEFAULT 0,
    peak INTEGER NOT NULL DEFAULT 0,
    views INTEGER NOT NULL DEFAULT 0,
    uniques INTEGER NOT NULL DEFAULT 0,
    signed_in INTEGER NOT NULL DEFAULT 0,
    watch_ms INTEGER NOT NULL DEFAULT 0,
    changed_at_ms INTEGER NOT NULL
);
CREATE INDEX audience_simulated ON audience (simulated) WHERE simulated > 0;

CREATE TABLE audience_points (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    viewers INTEGER NOT NULL
);
CREATE INDEX audience_points_by_time ON audience_points (stream_row, at_ms);

-- Real viewers, one row each however often they come back.
CREATE TABLE audience_sessions (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    session TEXT NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    UNIQUE (stream_row, session)
);

-- Simulated viewers who watch now, those first who came first.
CREATE TABLE audience_cohorts (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    joined_at_ms INTEGER NOT NULL,
    viewers INTEGER NOT NULL
);
CREATE INDEX audience_cohorts_by_stream ON audience_cohorts (stream_row, row);

-- How many watched for so many whole minutes, of those who have left.
CREATE TABLE audience_stays (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    minutes INTEGER NOT NULL,
    viewers INTEGER NOT NULL,
    PRIMARY KEY (stream_row, minutes)
) WITHOUT ROWID;

CREATE TABLE audience_countries (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    country TEXT NOT NULL,
    viewers INTEGER NOT NULL,
    PRIMARY KEY (stream_row, country)
) WITHOUT ROWID;

-- Arrivals by the hour, for figures by the day. An hour begins at `hour_at_ms`.
CREATE TABLE audience_hours (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    hour_at_ms INTEGER NOT NULL,
    views INTEGER NOT NULL,
    uniques INTEGER NOT NULL
);
CREATE INDEX audience_hours_by_time ON audience_hours (stream_row, hour_at_ms);
