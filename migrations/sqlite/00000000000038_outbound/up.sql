-- By which gateway a message went out, and why one that could go waits: quiet_hours, or its turn at the gateway.
ALTER TABLE messages ADD COLUMN gateway TEXT;
ALTER TABLE outbox ADD COLUMN held TEXT;
