-- Since when a gateway key is agreed to by a second person, and so works.
ALTER TABLE gateways ADD COLUMN agreed_at TIMESTAMP;
UPDATE gateways SET agreed_at = created_at;
