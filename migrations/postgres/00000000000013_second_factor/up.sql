-- One-time codes (RFC 6238): the secret is sealed; it counts from its confirmation on, and a step is taken once.
CREATE TABLE second_factors (
    id           BIGINT PRIMARY KEY,
    user_id      BIGINT NOT NULL UNIQUE REFERENCES users (id),
    secret       TEXT NOT NULL,
    begun_at     TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    last_step    BIGINT NOT NULL
);

-- What helps who lost the device: keyed digests, each good for one use.
CREATE TABLE recovery_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    user_id   BIGINT NOT NULL REFERENCES users (id),
    made_at   TIMESTAMP NOT NULL,
    used_at   TIMESTAMP
);
CREATE INDEX recovery_codes_user ON recovery_codes (user_id);
