-- The hash of a password that a change of an account sets with its approval; never shown, gone when it is decided.
ALTER TABLE changes ADD COLUMN secret TEXT;
