-- What people were told of troubles, and are still to be told: one text of the notices, one row.

CREATE TABLE notices (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    revision INTEGER NOT NULL, -- grows with each change, so that no worker writes over another one
    content TEXT NOT NULL
) STRICT;
