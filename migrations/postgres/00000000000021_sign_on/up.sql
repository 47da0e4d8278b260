-- A session whose sign-on provider saw a second factor needs no second one here.
ALTER TABLE refresh_tokens ADD COLUMN is_vouched BOOLEAN NOT NULL DEFAULT FALSE;

-- What is good once and was used: keyed digests, kept until they would have run out anyway.
CREATE TABLE spent (
    digest     TEXT NOT NULL PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);
