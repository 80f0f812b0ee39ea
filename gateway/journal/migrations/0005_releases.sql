-- The life of a release of the tables: made by one person, approved by another, in force from an
-- instant on.

CREATE TABLE table_release (
    name TEXT PRIMARY KEY, -- one name, one digest, for ever
    digest TEXT NOT NULL,
    base TEXT NOT NULL, -- the release it was made from
    author TEXT NOT NULL,
    released_at INTEGER NOT NULL,
    approver TEXT,
    approved_at INTEGER
) STRICT;

-- In force is the activation with the latest `since` of those that have begun and are not cancelled.
-- One that began at once has begun whatever the clock says later: a clock that is set back must not
-- bring back what was rolled back.
ALTER TABLE release ADD COLUMN at_once INTEGER NOT NULL DEFAULT 1;
ALTER TABLE release ADD COLUMN kind TEXT NOT NULL DEFAULT 'activated'; -- baseline, rolled-back
ALTER TABLE release ADD COLUMN asked_by TEXT NOT NULL DEFAULT 'gateway';
ALTER TABLE release ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE release ADD COLUMN confirmed_by TEXT; -- of a roll-back, by a second person
ALTER TABLE release ADD COLUMN cancelled_by TEXT; -- of one that had not begun

UPDATE release SET kind = 'baseline'; -- nothing else could be in force before
