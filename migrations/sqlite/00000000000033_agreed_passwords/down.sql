ALTER TABLE changes DROP COLUMN secret;
