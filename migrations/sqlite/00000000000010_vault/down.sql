DROP TABLE idempotency_keys;
CREATE TABLE idempotency_keys (
    actor       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status      INTEGER NOT NULL,
    reply       TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
DROP INDEX citizens_identifier_index;
DROP INDEX citizens_mobile_index;
DROP INDEX citizens_phone_index;
DROP INDEX citizens_email_index;
ALTER TABLE citizens DROP COLUMN identifier_index;
ALTER TABLE citizens DROP COLUMN mobile_index;
ALTER TABLE citizens DROP COLUMN phone_index;
ALTER TABLE citizens DROP COLUMN email_index;
CREATE UNIQUE INDEX citizens_identifier ON citizens (identifier);
CREATE INDEX citizens_mobile ON citizens (mobile);
CREATE INDEX citizens_email ON citizens (email);
DROP TABLE data_keys;
