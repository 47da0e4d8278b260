DROP TABLE spent;
ALTER TABLE refresh_tokens DROP COLUMN is_vouched;
