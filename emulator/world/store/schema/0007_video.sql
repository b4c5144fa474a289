-- Video calls, and videos that people upload.

CREATE TABLE video_sessions (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    host_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    session_name TEXT NOT NULL,
    participants_max INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'created',
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER
);
CREATE INDEX video_sessions_by_host ON video_sessions (host_row, status);

-- A row a stay: who comes back has another one. The seat is held until `expires_at_ms`.
CREATE TABLE session_participants (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session_row INTEGER NOT NULL REFERENCES video_sessions ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    has_audio INTEGER NOT NULL DEFAULT 0,
    has_video INTEGER NOT NULL DEFAULT 0,
    has_screen INTEGER NOT NULL DEFAULT 0,
    expires_at_ms INTEGER NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    left_at_ms INTEGER
);
CREATE INDEX session_participants_by_session ON session_participants (session_row, left_at_ms);
CREATE INDEX session_participants_by_user ON session_participants (user_row, session_row);
CREATE INDEX session_participants_seated ON session_participants (expires_at_ms)
    WHERE left_at_ms IS NULL;

-- `uid` names what the video shows: media of its own (see `video_media`), or a recording's.
CREATE TABLE videos (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT,
    visibility TEXT NOT NULL DEFAULT 'public',
    status TEXT NOT NULL DEFAULT 'processing',
    failure TEXT,
    original_name TEXT NOT NULL DEFAULT '',
    form TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    file_bytes INTEGER NOT NULL DEFAULT 0,
    poster_ms INTEGER,
    tags TEXT NOT NULL DEFAULT '[]',
    view_count INTEGER NOT NULL DEFAULT 0,
    anonymous_count INTEGER NOT NULL DEFAULT 0,
    completed_count INTEGER NOT NULL DEFAULT 0,
    watch_ms INTEGER NOT NULL DEFAULT 0,
    like_count INTEGER NOT NULL DEFAULT 0,
    norm REAL NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL
);
CREATE INDEX videos_by_uid ON videos (uid);
CREATE INDEX videos_by_user ON videos (user_row, created_at_ms);
CREATE INDEX videos_public ON videos (visibility, status, created_at_ms);
CREATE INDEX videos_popular ON videos (visibility, status, view_count);
INSERT INTO totals SELECT 'videos', count(*) FROM videos
    WHERE visibility = 'public' AND status = 'ready';
CREATE TRIGGER videos_counted AFTER INSERT ON videos BEGIN
    UPDATE totals SET count = count + (new.visibility = 'public' AND new.status = 'ready') WHERE kind = 'videos';
END;
CREATE TRIGGER videos_uncounted AFTER DELETE ON videos BEGIN
    UPDATE totals SET count = count - (old.visibility = 'public' AND old.status = 'ready') WHERE kind = 'videos';
END;
CREATE TRIGGER videos_recounted AFTER UPDATE OF visibility, status ON videos BEGIN
    UPDATE totals SET count = count - (old.visibility = 'public' AND old.status = 'ready') + (new.visibility = 'public' AND new.status = 'ready')
        WHERE kind = 'videos';
END;

-- A video's own media, a row each time it was made. The first is what was uploaded; the last is
-- shown. Addresses of the others stay good as long as the video is there.
CREATE TABLE video_media (
    row INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    is_source INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX video_media_by_video ON video_media (video_row);

-- The tags of `videos.tags` (JSON, in their order), to find videos by.
CREATE TABLE video_tags (
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    name TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (video_row, name)
) WITHOUT ROWID;
CREATE INDEX video_tags_by_name ON video_tags (name);

-- What is searched. `video_search` is kept by `videos.py` and loses what is deleted by itself.
CREATE VIRTUAL TABLE video_search USING fts5 (
    title, description, tags, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
CREATE TABLE video_stems (
    stem TEXT NOT NULL,
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    weight REAL NOT NULL,
    PRIMARY KEY (stem, video_row)
) WITHOUT ROWID;
CREATE INDEX video_stems_by_video ON video_stems (video_row);
CREATE TRIGGER videos_lost AFTER DELETE ON videos BEGIN
    DELETE FROM video_search WHERE rowid = old.row;
END;

-- Who watched (signed in), how long, and how far views got in whole seconds.
CREATE TABLE video_viewers (
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    last_at_ms INTEGER NOT NULL,
    PRIMARY KEY (video_row, user_row)
) WITHOUT ROWID;
CREATE INDEX video_viewers_by_user ON video_viewers (user_row, last_at_ms);
CREATE TABLE video_stays (
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    seconds INTEGER NOT NULL,
    views INTEGER NOT NULL,
    PRIMARY KEY (video_row, seconds)
) WITHOUT ROWID;

CREATE TABLE video_likes (
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (video_row, user_row)
) WITHOUT ROWID;
CREATE INDEX video_likes_by_user ON video_likes (user_row, created_at_ms);
-- A like goes with its user, too.
CREATE TRIGGER video_likes_put AFTER INSERT ON video_likes BEGIN
    UPDATE videos SET like_count = like_count + 1 WHERE row = new.video_row;
END;
CREATE TRIGGER video_likes_taken AFTER DELETE ON video_likes BEGIN
    UPDATE videos SET like_count = like_count - 1 WHERE row = old.video_row;
END;

-- `place` and its like are JSON, as the client gave it.
CREATE TABLE annotations (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    from_ms INTEGER NOT NULL,
    length_ms INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    kind TEXT NOT NULL,
    place TEXT,
    code_snippet TEXT,
    language TEXT
);
CREATE INDEX annotations_by_video ON annotations (video_row, from_ms);

CREATE TABLE albums (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    user_row INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT,
    visibility TEXT NOT NULL DEFAULT 'public',
    created_at_ms INTEGER NOT NULL
);
CREATE INDEX albums_by_user ON albums (user_row, created_at_ms);
CREATE INDEX albums_public ON albums (visibility, created_at_ms);

-- Positions count from 0; a video that is deleted leaves a hole, which counts for nothing.
CREATE TABLE album_videos (
    album_row INTEGER NOT NULL REFERENCES albums ON DELETE CASCADE,
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (album_row, video_row)
) WITHOUT ROWID;
CREATE INDEX album_videos_by_position ON album_videos (album_row, position);
CREATE INDEX album_videos_by_video ON album_videos (video_row);

-- What is done with a video in a thread. `options` is JSON; `media_uid` is where the result goes.
CREATE TABLE video_jobs (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    batch_id TEXT,
    video_row INTEGER NOT NULL REFERENCES videos ON DELETE CASCADE,
    kind TEXT NOT NULL,
    media_uid TEXT NOT NULL,
    options TEXT NOT NULL DEFAULT '{}',
    status TEXT NOT NULL DEFAULT 'queued',
    progress_percent INTEGER NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT 'queued',
    error TEXT,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    completed_at_ms INTEGER
);
CREATE INDEX video_jobs_by_video ON video_jobs (video_row, row);
CREATE INDEX video_jobs_by_status ON video_jobs (status, row);
