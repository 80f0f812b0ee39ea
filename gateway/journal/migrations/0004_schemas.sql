-- Which schemas a message was held against, and since when which set is in force.

ALTER TABLE decision ADD COLUMN schemas TEXT NOT NULL DEFAULT ''; -- empty: none, or not known then

CREATE TABLE schema_set (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL, -- official packages in force, the last one first, or `profile`
    since INTEGER NOT NULL,
    who TEXT NOT NULL
) STRICT;
