-- Searches bound when a public stream began, or was made if it has not begun.
CREATE INDEX streams_by_began ON streams (coalesce(started_at_ms, created_at_ms))
    WHERE visibility = 'public';
