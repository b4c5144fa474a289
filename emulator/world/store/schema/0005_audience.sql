-- Who watched: a stream's figures so far, each change of how many watch, and who they were.

-- `watch_ms` is the sum over all viewers up to `changed_at_ms`. Of `viewers`, who watch now,
-- `simulated` are not real. Of these, counts are written up to `folded_at_ms`, and who they are up
-- to `told_at_ms`; what came after is made again from their orders.
CREATE TABLE audience (
    stream_row INTEGER PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    viewers INTEGER NOT NULL DEFAULT 0,
    simulated INTEGER NOT NULL DEFAULT 0,
    peak INTEGER NOT NULL DEFAULT 0,
    views INTEGER NOT NULL DEFAULT 0,
    uniques INTEGER NOT NULL DEFAULT 0,
    signed_in INTEGER NOT NULL DEFAULT 0,
    watch_ms INTEGER NOT NULL DEFAULT 0,
    changed_at_ms INTEGER NOT NULL,
    folded_at_ms INTEGER,
    told_at_ms INTEGER
);

CREATE TABLE audience_points (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    viewers INTEGER NOT NULL
);
CREATE INDEX audience_points_by_time ON audience_points (stream_row, at_ms);

-- Real viewers, one row each however often they come back. Who is there has not left.
CREATE TABLE audience_sessions (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    session TEXT NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    left_at_ms INTEGER,
    UNIQUE (stream_row, session)
);
CREATE INDEX audience_sessions_here ON audience_sessions (stream_row) WHERE left_at_ms IS NULL;

-- What became of the simulated viewers of a live stream, in order: a crowd is made of it alone.
CREATE TABLE audience_orders (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX audience_orders_by_stream ON audience_orders (stream_row, row);

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

-- `kind` is device or referrer.
CREATE TABLE audience_traits (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    viewers INTEGER NOT NULL,
    PRIMARY KEY (stream_row, kind, name)
) WITHOUT ROWID;

-- Arrivals by the quarter of an hour, for figures by the day: no time zone divides one.
CREATE TABLE audience_quarters (
    row INTEGER PRIMARY KEY,
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    quarter_at_ms INTEGER NOT NULL,
    views INTEGER NOT NULL,
    uniques INTEGER NOT NULL
);
CREATE INDEX audience_quarters_by_time ON audience_quarters (stream_row, quarter_at_ms);

-- A chat in numbers: who said how much, and how much was said in each minute of the stream, of all
-- messages up to `counted_row`. Minutes count from `base_at_ms`: its start, or its making before that.
CREATE TABLE talk (
    stream_row INTEGER PRIMARY KEY REFERENCES streams ON DELETE CASCADE,
    counted_row INTEGER NOT NULL,
    base_at_ms INTEGER NOT NULL
);
CREATE INDEX talk_by_count ON talk (counted_row);

CREATE TABLE talk_authors (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    messages INTEGER NOT NULL,
    PRIMARY KEY (stream_row, user_row)
) WITHOUT ROWID;
CREATE INDEX talk_authors_by_user ON talk_authors (user_row);

CREATE TABLE talk_minutes (
    stream_row INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (stream_row, minute)
) WITHOUT ROWID;

-- The row of a message that is removed may be used again, if it was the last one.
CREATE TRIGGER talk_forgets AFTER DELETE ON messages BEGIN
    UPDATE talk SET counted_row = (SELECT coalesce(max(row), 0) FROM messages)
    WHERE counted_row > (SELECT coalesce(max(row), 0) FROM messages);
END;
