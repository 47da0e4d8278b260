-- The keys under which identities are sealed; each is wrapped by a master key that is never in the database.
CREATE TABLE data_keys (
    id         INTEGER PRIMARY KEY NOT NULL,
    purpose    TEXT NOT NULL,
    state      TEXT NOT NULL,
    wrapped    TEXT,
    created_at TIMESTAMP NOT NULL,
    retired_at TIMESTAMP
);
CREATE UNIQUE INDEX data_keys_active ON data_keys (purpose) WHERE state = 'active';

-- Identifier, name, mobile, phone, email, address and postal_code hold sealed values from now on. They are looked up by
-- keyed digests; one record for each identifier is now guaranteed by the digest. The table is made anew, since SQLite
-- cannot drop the old guarantee.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE citizens_before AS SELECT * FROM citizens;
DROP TABLE citizens;
CREATE TABLE citizens (
    id                INTEGER PRIMARY KEY NOT NULL,
    kind              TEXT NOT NULL,
    identifier        TEXT,
    name              TEXT,
    mobile            TEXT,
    phone             TEXT,
    email             TEXT,
    address           TEXT,
    postal_code       TEXT,
    preferred_channel TEXT,
    language          TEXT NOT NULL,
    created_at        TIMESTAMP NOT NULL,
    updated_at        TIMESTAMP NOT NULL,
    identifier_index  TEXT,
    mobile_index      TEXT,
    phone_index       TEXT,
    email_index       TEXT
);
INSERT INTO citizens SELECT *, NULL, NULL, NULL, NULL FROM citizens_before;
DROP TABLE citizens_before;
CREATE UNIQUE INDEX citizens_identifier_index ON citizens (identifier_index) WHERE identifier_index IS NOT NULL;
CREATE INDEX citizens_mobile_index ON citizens (mobile_index) WHERE mobile_index IS NOT NULL;
CREATE INDEX citizens_phone_index ON citizens (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX citizens_email_index ON citizens (email_index) WHERE email_index IS NOT NULL;

-- A kept reply holds identities: it is sealed, and found by a keyed digest of its actor and key. The replies that were kept
-- in clear are forgotten.
DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    id          TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reply       TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
