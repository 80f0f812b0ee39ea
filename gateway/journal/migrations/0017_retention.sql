-- What was erased after its period, by whom and why: one row a run and class, which each
-- transaction of the run adds to.

CREATE TABLE erasure (
    number INTEGER NOT NULL, -- of the run
    kind TEXT NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    until INTEGER NOT NULL, -- its last transaction so far
    before INTEGER NOT NULL, -- at rest since then, or longer
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (number, kind)
) STRICT, WITHOUT ROWID;

-- The same bytes may belong to several messages: they go when none of them needs them.
CREATE INDEX message_by_digest ON message (digest);
