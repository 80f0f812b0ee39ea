-- oldest: 7
-- What people were told of troubles, and are still to be told: one text of the notices, one row. A
-- worker of an older program remembers by itself what it told, and tells it beside the others.

CREATE TABLE notices (
    number bigint PRIMARY KEY CHECK (number = 1),
    revision bigint NOT NULL, -- grows with each change, so that no worker writes over another one
    content text NOT NULL
);
