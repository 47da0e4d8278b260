-- The account of a body's own system, through which it works on its referrals; one a body, whatever keys it has.
-- position is that of the last entry of its feed.
CREATE TABLE exchange_systems (
    office_id BIGINT PRIMARY KEY REFERENCES offices (id),
    user_id   BIGINT NOT NULL REFERENCES users (id),
    position  BIGINT NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    read_at   TIMESTAMP
);

-- What a body's own system is told. An entry gets its position when it is read for the first time: then its transaction is
-- over, so that none can appear before one that was read.
CREATE TABLE exchange_feed (
    id          BIGINT PRIMARY KEY,
    office_id   BIGINT NOT NULL REFERENCES offices (id),
    referral_id BIGINT NOT NULL REFERENCES referrals (id),
    case_id     BIGINT NOT NULL REFERENCES cases (id),
    event       TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    position    BIGINT
);
CREATE UNIQUE INDEX exchange_feed_position ON exchange_feed (office_id, position) WHERE position IS NOT NULL;
CREATE INDEX exchange_feed_new ON exchange_feed (office_id, id) WHERE position IS NULL;
CREATE INDEX exchange_feed_case ON exchange_feed (case_id);

-- A body's own number and state of a referral.
CREATE TABLE exchange_numbers (
    referral_id BIGINT PRIMARY KEY REFERENCES referrals (id),
    reference   TEXT,
    status      TEXT,
    digest      TEXT,
    noted_at    TIMESTAMP NOT NULL
);

-- Answers that came from a body's own system, by its own number of the answer.
CREATE TABLE exchange_answers (
    referral_id BIGINT NOT NULL REFERENCES referrals (id),
    reference   TEXT NOT NULL,
    answer_id   BIGINT NOT NULL REFERENCES answers (id),
    digest      TEXT NOT NULL,
    at          TIMESTAMP NOT NULL,
    PRIMARY KEY (referral_id, reference)
);

-- What is told to subscribers: written with its event, sent later. The body names nobody and holds nobody's words.
CREATE TABLE webhook_deliveries (
    id          BIGINT PRIMARY KEY,
    webhook     TEXT NOT NULL,
    event       TEXT NOT NULL,
    event_id    BIGINT,
    case_id     BIGINT,
    body        TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    INTEGER NOT NULL,
    response    INTEGER,
    error       TEXT,
    next_at     TIMESTAMP,
    lease_until TIMESTAMP,
    created_at  TIMESTAMP NOT NULL,
    settled_at  TIMESTAMP
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_list ON webhook_deliveries (webhook, id);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (webhook, id) WHERE state = 'failed';
CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at) WHERE settled_at IS NOT NULL;

-- Every try at a delivery.
CREATE TABLE webhook_tries (
    id          BIGINT PRIMARY KEY,
    delivery_id BIGINT NOT NULL REFERENCES webhook_deliveries (id),
    at          TIMESTAMP NOT NULL,
    response    INTEGER,
    error       TEXT,
    duration_ms BIGINT NOT NULL
);
CREATE INDEX webhook_tries_delivery ON webhook_tries (delivery_id, id);

-- How subscribers answer: failures in a row, and until when none is tried (the circuit breaker).
CREATE TABLE webhook_standings (
    webhook      TEXT PRIMARY KEY,
    failures     INTEGER NOT NULL,
    open_until   TIMESTAMP,
    error        TEXT,
    failed_at    TIMESTAMP,
    succeeded_at TIMESTAMP
);

-- Cases that came in by Open311, and whether their filer lets everybody see them.
CREATE TABLE open311_requests (
    case_id      BIGINT PRIMARY KEY REFERENCES cases (id),
    gateway_id   BIGINT NOT NULL REFERENCES gateways (id),
    service_code TEXT NOT NULL,
    is_public    BOOLEAN NOT NULL,
    token        TEXT,
    media_url    TEXT,
    requested_at TIMESTAMP NOT NULL
);
CREATE INDEX open311_requests_public ON open311_requests (requested_at, case_id) WHERE is_public;
CREATE UNIQUE INDEX open311_requests_token ON open311_requests (token) WHERE token IS NOT NULL;
CREATE INDEX open311_requests_own ON open311_requests (gateway_id, requested_at, case_id);

-- Updates that came in by Open311, by the sender's own id of each.
CREATE TABLE open311_updates (
    case_id    BIGINT NOT NULL REFERENCES cases (id),
    update_id  TEXT NOT NULL,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    at         TIMESTAMP NOT NULL,
    PRIMARY KEY (case_id, update_id)
);
