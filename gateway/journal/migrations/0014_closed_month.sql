-- Figures of the yearly report that are frozen, a row a month: what changes later is a correction.

CREATE TABLE closed_month (
    month TEXT PRIMARY KEY, -- YYYY-MM, of the first receipt in Europe/Paris
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    closed_at INTEGER NOT NULL,
    who TEXT NOT NULL,
    figures TEXT NOT NULL -- [table, key, measure, count] each
) STRICT, WITHOUT ROWID;
