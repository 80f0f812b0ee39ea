-- What became of what was handed over, as the far side tells it. What was called sent until now is
-- what the relay confirms: handed over.

UPDATE sending SET state = 'handed-over' WHERE state = 'sent';

ALTER TABLE sending ADD COLUMN status_due INTEGER; -- until when its first status is waited for

CREATE INDEX sending_by_silence ON sending (status_due) WHERE status_due IS NOT NULL;

CREATE TABLE delivery (
    message_id TEXT NOT NULL, -- of the outgoing message
    state TEXT NOT NULL,
    at INTEGER NOT NULL, -- as the far side says
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    reason TEXT NOT NULL, -- a code
    source TEXT NOT NULL, -- file that said so
    PRIMARY KEY (message_id, state)
) STRICT, WITHOUT ROWID;
