ALTER TABLE gateways DROP COLUMN agreed_at;
