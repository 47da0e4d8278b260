-- What a mail is besides an item: from whom (a keyed digest) and by which Message-ID, to answer it and to stop robots.
CREATE TABLE mails (
    item_id     INTEGER PRIMARY KEY NOT NULL REFERENCES intake_items (id),
    sender_hash TEXT NOT NULL,
    message_id  TEXT,
    case_id     BIGINT REFERENCES cases (id),
    at          TIMESTAMP NOT NULL
);
CREATE INDEX mails_sender ON mails (sender_hash, at);
CREATE INDEX mails_case ON mails (case_id, at) WHERE case_id IS NOT NULL;

-- How far each mailbox was read, who reads it now, and what keeps it from being read.
CREATE TABLE mailboxes (
    name          TEXT PRIMARY KEY NOT NULL,
    uid_validity  BIGINT NOT NULL,
    last_uid      BIGINT NOT NULL,
    lease_owner   TEXT,
    lease_until   TIMESTAMP,
    read_at       TIMESTAMP,
    failing_since TIMESTAMP,
    error         TEXT
);
