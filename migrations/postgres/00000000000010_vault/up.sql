-- The keys under which identities are sealed; each is wrapped by a master key that is never in the database.
CREATE TABLE data_keys (
    id         BIGINT PRIMARY KEY,
    purpose    TEXT NOT NULL,
    state      TEXT NOT NULL,
    wrapped    TEXT,
    created_at TIMESTAMP NOT NULL,
    retired_at TIMESTAMP
);
CREATE UNIQUE INDEX data_keys_active ON data_keys (purpose) WHERE state = 'active';

-- Identifier, name, mobile, phone, email, address and postal_code hold sealed values from now on. They are looked up by
-- keyed digests; one record for each identifier is now guaranteed by the digest.
DROP INDEX citizens_mobile;
DROP INDEX citizens_email;
ALTER TABLE citizens DROP CONSTRAINT citizens_identifier_key;
ALTER TABLE citizens ADD COLUMN identifier_index TEXT;
ALTER TABLE citizens ADD COLUMN mobile_index TEXT;
ALTER TABLE citizens ADD COLUMN phone_index TEXT;
ALTER TABLE citizens ADD COLUMN email_index TEXT;
CREATE UNIQUE INDEX citizens_identifier_index ON citizens (identifier_index) WHERE identifier_index IS NOT NULL;
CREATE INDEX citizens_mobile_index ON citizens (mobile_index) WHERE mobile_index IS NOT NULL;
CREATE INDEX citizens_phone_index ON citizens (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX citizens_email_index ON citizens (email_index) WHERE email_index IS NOT NULL;

-- A kept reply holds identities: it is sealed, and found by a keyed digest of its actor and key. The replies that were kept
-- in clear are forgotten.
DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    id          TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reply       TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
