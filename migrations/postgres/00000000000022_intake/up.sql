-- Everything that came in by any channel, what became of it, and what it said, sealed.
CREATE TABLE intake_items (
    id            BIGINT PRIMARY KEY,
    form          TEXT NOT NULL,
    channel       TEXT NOT NULL,
    gateway       TEXT,
    gateway_id    BIGINT REFERENCES gateways (id),
    user_id       BIGINT REFERENCES users (id),
    office_id     BIGINT NOT NULL REFERENCES offices (id),
    state         TEXT NOT NULL,
    reason        TEXT,
    fields        TEXT,
    external_id   TEXT,
    identity_hash TEXT,
    content_hash  TEXT NOT NULL,
    content       TEXT,
    raw           TEXT,
    raw_type      TEXT,
    case_id       BIGINT REFERENCES cases (id),
    message_id    BIGINT,
    attempts      INTEGER NOT NULL,
    received_at   TIMESTAMP NOT NULL,
    at            TIMESTAMP NOT NULL,
    settled_at    TIMESTAMP
);
-- One delivery is one item, however often and from wherever it comes.
CREATE UNIQUE INDEX intake_items_identity ON intake_items (identity_hash) WHERE identity_hash IS NOT NULL;
CREATE INDEX intake_items_content ON intake_items (content_hash, at);
CREATE INDEX intake_items_case ON intake_items (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX intake_items_aside ON intake_items (state, channel, id) WHERE state <> 'registered' AND state <> 'joined';

-- The communication log: each step of each item.
CREATE TABLE intake_steps (
    id      BIGINT PRIMARY KEY,
    item_id BIGINT NOT NULL REFERENCES intake_items (id),
    step    TEXT NOT NULL,
    detail  TEXT,
    user_id BIGINT,
    at      TIMESTAMP NOT NULL
);
CREATE INDEX intake_steps_item ON intake_steps (item_id, id);

-- Files that came with an item, and its raw bytes where they are too many for the row.
CREATE TABLE intake_files (
    id            BIGINT PRIMARY KEY,
    item_id       BIGINT NOT NULL REFERENCES intake_items (id),
    role          TEXT NOT NULL,
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    size          BIGINT NOT NULL,
    sha256        TEXT NOT NULL,
    attachment_id BIGINT
);
CREATE INDEX intake_files_item ON intake_files (item_id);
CREATE INDEX intake_files_sha256 ON intake_files (sha256);
