-- How often a job was begun and not ended: one that stops the process is not begun for ever.
ALTER TABLE video_jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;

-- How much media a stream's recording holds, once that is whole; NULL before, and without media.
ALTER TABLE streams ADD COLUMN media_ms INTEGER;
