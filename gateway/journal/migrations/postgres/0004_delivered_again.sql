-- oldest: 3
-- When the very same message (id and bytes) was delivered again; nothing else is written of that. A
-- worker of an older program absorbs it without this row.

CREATE TABLE delivered_again (
    message_id text COLLATE "C" NOT NULL,
    received_at bigint NOT NULL,
    PRIMARY KEY (message_id, received_at)
);
CREATE INDEX delivered_again_at ON delivered_again (received_at);
