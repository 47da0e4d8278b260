-- One communication with a citizen or an office, in or out, with its delivery state.
CREATE TABLE messages (
    id           INTEGER PRIMARY KEY NOT NULL,
    case_id      BIGINT NOT NULL REFERENCES cases (id),
    event_id     BIGINT NOT NULL,
    direction    TEXT NOT NULL,
    audience     TEXT NOT NULL,
    citizen_id   BIGINT,
    office_id    BIGINT,
    channel      TEXT NOT NULL,
    template     TEXT,
    language     TEXT NOT NULL,
    facts        TEXT NOT NULL,
    address      TEXT,
    subject      TEXT,
    body         TEXT,
    state        TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    carrier_id   TEXT,
    error        TEXT,
    fallback_of  BIGINT,
    created_at   TIMESTAMP NOT NULL,
    settled_at   TIMESTAMP
);
CREATE INDEX messages_case ON messages (case_id);
CREATE INDEX messages_dead ON messages (id) WHERE state = 'failed';
CREATE INDEX messages_carrier ON messages (carrier_id) WHERE carrier_id IS NOT NULL;

-- What is still to be sent; a row goes when its message is settled.
CREATE TABLE outbox (
    message_id  INTEGER PRIMARY KEY NOT NULL,
    next_at     TIMESTAMP NOT NULL,
    lease_owner TEXT,
    lease_until TIMESTAMP
);
CREATE INDEX outbox_next ON outbox (next_at);

-- Every attempt to deliver a message.
CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    at         TIMESTAMP NOT NULL,
    state      TEXT NOT NULL,
    detail     TEXT
);
CREATE INDEX deliveries_message ON deliveries (message_id);
