-- Calls as the exchanges report them; the caller's number is sealed and goes with the last case that it is tied to.
CREATE TABLE phone_calls (
    id          INTEGER PRIMARY KEY NOT NULL,
    gateway_id  BIGINT REFERENCES gateways (id),
    external_id TEXT,
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    direction   TEXT NOT NULL,
    number      TEXT,
    number_hash TEXT,
    line        TEXT,
    queue       TEXT,
    agent_name  TEXT,
    agent_at    TIMESTAMP,
    user_id     BIGINT REFERENCES users (id),
    state       TEXT NOT NULL,
    cause       TEXT,
    province    TEXT,
    rung_at     TIMESTAMP,
    answered_at TIMESTAMP,
    ended_at    TIMESTAMP,
    waited      INTEGER,
    length      INTEGER,
    created_at  TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX phone_calls_known ON phone_calls (gateway_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX phone_calls_created ON phone_calls (created_at);

-- Events that were taken, so that a repeated one changes nothing.
CREATE TABLE phone_events (
    call_id BIGINT NOT NULL REFERENCES phone_calls (id),
    mark    TEXT NOT NULL,
    at      TIMESTAMP NOT NULL,
    PRIMARY KEY (call_id, mark)
);

-- Who sits at which extension.
CREATE TABLE phone_seats (
    user_id   INTEGER PRIMARY KEY NOT NULL REFERENCES users (id),
    office_id BIGINT NOT NULL REFERENCES offices (id),
    extension TEXT NOT NULL,
    since     TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX phone_seats_extension ON phone_seats (office_id, extension);

-- What is shown to an agent, in one order without gaps: the numbers are given under a lock of the agent's row.
CREATE TABLE phone_streams (
    user_id INTEGER PRIMARY KEY NOT NULL REFERENCES users (id),
    last    BIGINT NOT NULL
);
CREATE TABLE phone_pops (
    user_id BIGINT NOT NULL REFERENCES users (id),
    seq     BIGINT NOT NULL,
    call_id BIGINT NOT NULL REFERENCES phone_calls (id),
    kind    TEXT NOT NULL,
    at      TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX phone_pops_call ON phone_pops (call_id);

-- The cases that were registered or spoken of in a call.
CREATE TABLE phone_case_calls (
    case_id BIGINT NOT NULL REFERENCES cases (id),
    call_id BIGINT NOT NULL REFERENCES phone_calls (id),
    at      TIMESTAMP NOT NULL,
    PRIMARY KEY (case_id, call_id)
);
CREATE INDEX phone_case_calls_call ON phone_case_calls (call_id);

-- Who is to be rung back: callers whom nobody answered, and citizens to whom it was promised.
CREATE TABLE phone_callbacks (
    id          INTEGER PRIMARY KEY NOT NULL,
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    origin      TEXT NOT NULL,
    call_id     BIGINT REFERENCES phone_calls (id),
    case_id     BIGINT REFERENCES cases (id),
    number      TEXT,
    number_hash TEXT,
    note        TEXT,
    calls       INTEGER NOT NULL,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    due_at      TIMESTAMP NOT NULL,
    next_at     TIMESTAMP NOT NULL,
    taken_by    BIGINT REFERENCES users (id),
    taken_until TIMESTAMP,
    created_by  BIGINT REFERENCES users (id),
    created_at  TIMESTAMP NOT NULL,
    settled_at  TIMESTAMP
);
CREATE INDEX phone_callbacks_open ON phone_callbacks (due_at, id) WHERE settled_at IS NULL;
CREATE INDEX phone_callbacks_number ON phone_callbacks (number_hash) WHERE settled_at IS NULL;
CREATE INDEX phone_callbacks_case ON phone_callbacks (case_id) WHERE case_id IS NOT NULL;
