-- When each case is due next if nothing comes: one row a case, written with what it follows from.

CREATE TABLE timer (
    case_id TEXT PRIMARY KEY,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX timer_by_due ON timer (due);
