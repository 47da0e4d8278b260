-- How far messages got at their providers: what is asked again, and when nobody waits any more.
CREATE TABLE sms_sendings (
    message_id BIGINT PRIMARY KEY REFERENCES messages (id),
    gateway    TEXT NOT NULL,
    carrier_id TEXT,
    sent_at    TIMESTAMP NOT NULL,
    checks     INTEGER NOT NULL,
    next_at    TIMESTAMP
);
CREATE INDEX sms_sendings_due ON sms_sendings (next_at) WHERE next_at IS NOT NULL;

-- What gateways complain of, and whose calls were turned away.
CREATE TABLE sms_standings (
    gateway    TEXT PRIMARY KEY,
    alarm      TEXT,
    alarm_at   TIMESTAMP,
    refused    BIGINT NOT NULL,
    refused_at TIMESTAMP
);

-- Answers to what citizens send, without a case or beside one; the number is sealed and goes with the answer.
CREATE TABLE sms_replies (
    id          BIGINT PRIMARY KEY,
    case_id     BIGINT REFERENCES cases (id),
    phone       TEXT,
    phone_hash  TEXT NOT NULL,
    template    TEXT NOT NULL,
    language    TEXT NOT NULL,
    facts       TEXT,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    error       TEXT,
    next_at     TIMESTAMP,
    lease_until TIMESTAMP,
    created_at  TIMESTAMP NOT NULL,
    settled_at  TIMESTAMP
);
CREATE INDEX sms_replies_due ON sms_replies (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX sms_replies_phone ON sms_replies (phone_hash, created_at);
CREATE INDEX sms_replies_case ON sms_replies (case_id) WHERE case_id IS NOT NULL;

-- What is being spoken of with a number: who it is, whether a case is taken back, the missing parts of a message.
CREATE TABLE sms_dialogues (
    id         BIGINT PRIMARY KEY,
    phone_hash TEXT NOT NULL,
    kind       TEXT NOT NULL,
    case_id    BIGINT REFERENCES cases (id),
    reference  TEXT,
    total      INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    language   TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX sms_dialogues_phone ON sms_dialogues (phone_hash, kind);
CREATE INDEX sms_dialogues_expiry ON sms_dialogues (expires_at);

-- The items that a dialogue holds back, in the order of their parts.
CREATE TABLE sms_dialogue_items (
    item_id     BIGINT PRIMARY KEY REFERENCES intake_items (id),
    dialogue_id BIGINT NOT NULL REFERENCES sms_dialogues (id),
    part        INTEGER NOT NULL
);
CREATE INDEX sms_dialogue_items_dialogue ON sms_dialogue_items (dialogue_id, part);

-- Numbers that want no more SMS.
CREATE TABLE sms_stops (
    phone_hash TEXT PRIMARY KEY,
    at         TIMESTAMP NOT NULL
);
