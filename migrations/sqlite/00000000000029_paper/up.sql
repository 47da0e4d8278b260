-- Letters that are printed together, and to whom they were handed.
CREATE TABLE letter_batches (
    id             INTEGER PRIMARY KEY NOT NULL,
    office_id      BIGINT NOT NULL REFERENCES offices (id),
    made_by        BIGINT NOT NULL REFERENCES users (id),
    made_at        TIMESTAMP NOT NULL,
    handed_over_at TIMESTAMP,
    handed_over_by BIGINT REFERENCES users (id),
    handed_to      TEXT,
    reference      TEXT
);

-- What became of each printed letter.
CREATE TABLE paper_letters (
    message_id BIGINT PRIMARY KEY NOT NULL REFERENCES messages (id),
    batch_id   BIGINT NOT NULL REFERENCES letter_batches (id),
    settled_at TIMESTAMP,
    reason     TEXT
);
CREATE INDEX paper_letters_batch ON paper_letters (batch_id);
CREATE INDEX messages_letters ON messages (id) WHERE channel = 'letter';

-- That the pages of an item were read by machine, or why not.
CREATE TABLE item_readings (
    item_id BIGINT PRIMARY KEY NOT NULL REFERENCES intake_items (id),
    state   TEXT NOT NULL,
    reason  TEXT,
    pages   INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    at      TIMESTAMP NOT NULL
);

-- Pages of an item: the image lies in the storage, what was read of it is sealed.
CREATE TABLE item_pages (
    id         INTEGER PRIMARY KEY NOT NULL,
    item_id    BIGINT NOT NULL REFERENCES intake_items (id),
    number     INTEGER NOT NULL,
    sha256     TEXT NOT NULL,
    size       BIGINT NOT NULL,
    lines      TEXT,
    confidence INTEGER
);
CREATE UNIQUE INDEX item_pages_item ON item_pages (item_id, number);
CREATE INDEX item_pages_sha256 ON item_pages (sha256);
