-- What is known of stored bytes, by their digest: of what they were made, whether they are safe, what waits to be done.
CREATE TABLE stored_files (
    sha256          TEXT PRIMARY KEY NOT NULL,
    original_sha256 TEXT,
    media_type      TEXT NOT NULL,
    pages           INTEGER,
    notice          TEXT,
    scan            TEXT NOT NULL,
    signature       TEXT,
    tries           INTEGER NOT NULL,
    next_at         TIMESTAMP,
    scanned_at      TIMESTAMP,
    is_to_read      BOOLEAN NOT NULL,
    at              TIMESTAMP NOT NULL
);
CREATE INDEX stored_files_due ON stored_files (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX stored_files_to_read ON stored_files (next_at) WHERE is_to_read;
CREATE INDEX stored_files_scan ON stored_files (scan) WHERE scan <> 'clean' AND scan <> 'unscanned';

-- Files that were there before anybody looked into them.
INSERT INTO stored_files (sha256, media_type, scan, tries, next_at, is_to_read, at)
SELECT sha256, min(media_type), 'unscanned', 0, min(at), min(media_type) IN ('application/pdf', 'text/plain'), min(at)
FROM attachments GROUP BY sha256;

-- The words of attachments in their search form, by the attachment.
CREATE VIRTUAL TABLE file_search USING fts5 (words, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0');

-- Uploads in parts (tus 1.0): what was announced and how much of it has come. The parts lie in the storage.
CREATE TABLE uploads (
    id          INTEGER PRIMARY KEY NOT NULL,
    owner       TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    name        TEXT NOT NULL,
    declared    TEXT,
    size        BIGINT NOT NULL,
    received    BIGINT NOT NULL,
    sha256      TEXT,
    media_type  TEXT,
    kept_size   BIGINT,
    expires_at  TIMESTAMP NOT NULL,
    at          TIMESTAMP NOT NULL
);
CREATE INDEX uploads_expiry ON uploads (expires_at);
CREATE TABLE upload_parts (
    upload_id BIGINT NOT NULL REFERENCES uploads (id),
    start     BIGINT NOT NULL,
    size      BIGINT NOT NULL,
    part      TEXT NOT NULL,
    PRIMARY KEY (upload_id, start)
);
