-- When the very same message (id and bytes) was delivered again; nothing else is written of that.

CREATE TABLE delivered_again (
    message_id TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, received_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivered_again_at ON delivered_again (received_at);
