-- Filings by the web that are not sent yet: sealed, known by a secret, thrown away after their time.
CREATE TABLE drafts (
    id            BIGINT PRIMARY KEY,
    secret_hash   TEXT NOT NULL,
    content       TEXT,
    version       INTEGER NOT NULL,
    tracking_code TEXT,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL
);
CREATE INDEX drafts_expiry ON drafts (expires_at);

-- One-time codes for a telephone, and what a proved one opens until its time is over. The number goes with the row.
CREATE TABLE phone_proofs (
    id         BIGINT PRIMARY KEY,
    phone      TEXT NOT NULL,
    phone_hash TEXT NOT NULL,
    identifier TEXT,
    code_hash  TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    proved_at  TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX phone_proofs_phone ON phone_proofs (phone_hash);
CREATE INDEX phone_proofs_expiry ON phone_proofs (expires_at);

-- Since when the mobile of a record is one that nobody but its own filing told: it proves nothing of what was before.
CREATE TABLE phone_claims (
    citizen_id BIGINT PRIMARY KEY REFERENCES citizens (id) ON DELETE CASCADE,
    since      TIMESTAMP NOT NULL
);

-- Tickets of a counter's queue; numbers run from 1 for each desk and day.
CREATE TABLE queue_tickets (
    id         BIGINT PRIMARY KEY,
    office_id  BIGINT NOT NULL REFERENCES offices (id),
    desk       TEXT NOT NULL,
    desk_key   TEXT NOT NULL,
    day        TEXT NOT NULL,
    number     INTEGER NOT NULL,
    state      TEXT NOT NULL,
    taken_at   TIMESTAMP NOT NULL,
    called_at  TIMESTAMP,
    called_by  BIGINT REFERENCES users (id),
    settled_at TIMESTAMP,
    case_id    BIGINT REFERENCES cases (id)
);
CREATE UNIQUE INDEX queue_tickets_number ON queue_tickets (office_id, desk_key, day, number);

-- Public meetings of an official: slots of so many minutes with so many places.
CREATE TABLE meetings (
    id           BIGINT PRIMARY KEY,
    office_id    BIGINT NOT NULL REFERENCES offices (id),
    official     TEXT NOT NULL,
    place        TEXT NOT NULL,
    starts_at    TIMESTAMP NOT NULL,
    slot_minutes INTEGER NOT NULL,
    slots        INTEGER NOT NULL,
    capacity     INTEGER NOT NULL,
    books_until  TIMESTAMP NOT NULL,
    is_public    BOOLEAN NOT NULL,
    cancelled_at TIMESTAMP,
    reason       TEXT,
    made_by      BIGINT NOT NULL REFERENCES users (id),
    made_at      TIMESTAMP NOT NULL
);
CREATE INDEX meetings_start ON meetings (starts_at, id);

-- Places in a slot, each for a case.
CREATE TABLE appointments (
    id           BIGINT PRIMARY KEY,
    meeting_id   BIGINT NOT NULL REFERENCES meetings (id),
    case_id      BIGINT NOT NULL REFERENCES cases (id),
    slot         INTEGER NOT NULL,
    booked_by    TEXT NOT NULL,
    booked_at    TIMESTAMP NOT NULL,
    attended     BOOLEAN,
    cancelled_at TIMESTAMP,
    reason       TEXT
);
CREATE INDEX appointments_meeting ON appointments (meeting_id, slot);
CREATE INDEX appointments_case ON appointments (case_id);

-- Referrals that an official ordered at a meeting.
CREATE TABLE meeting_orders (
    referral_id    BIGINT PRIMARY KEY REFERENCES referrals (id),
    appointment_id BIGINT NOT NULL REFERENCES appointments (id),
    given_by       BIGINT NOT NULL REFERENCES users (id),
    given_at       TIMESTAMP NOT NULL
);
CREATE INDEX meeting_orders_appointment ON meeting_orders (appointment_id);

-- Stacks of paper forms of a people's desk, with the totals that were declared.
CREATE TABLE desk_sheets (
    id        BIGINT PRIMARY KEY,
    office_id BIGINT NOT NULL REFERENCES offices (id),
    channel   TEXT NOT NULL,
    desk      TEXT NOT NULL,
    day       TEXT NOT NULL,
    total     INTEGER NOT NULL,
    recounted TEXT,
    made_by   BIGINT NOT NULL REFERENCES users (id),
    made_at   TIMESTAMP NOT NULL,
    closed_by BIGINT REFERENCES users (id),
    closed_at TIMESTAMP
);
CREATE INDEX desk_sheets_office ON desk_sheets (office_id, id);
CREATE TABLE desk_sheet_counts (
    sheet_id BIGINT NOT NULL REFERENCES desk_sheets (id),
    kind     TEXT NOT NULL,
    declared INTEGER NOT NULL,
    PRIMARY KEY (sheet_id, kind)
);
CREATE TABLE desk_sheet_lines (
    sheet_id BIGINT NOT NULL REFERENCES desk_sheets (id),
    line     INTEGER NOT NULL,
    item_id  BIGINT NOT NULL REFERENCES intake_items (id),
    kind     TEXT NOT NULL,
    at       TIMESTAMP NOT NULL,
    PRIMARY KEY (sheet_id, line)
);
