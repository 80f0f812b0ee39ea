-- What was seen of the parts around the gateway, and the gateway's own pulse.

CREATE TABLE observation (
    component TEXT NOT NULL,
    source TEXT NOT NULL, -- gateway: its own probes; else a monitor
    at INTEGER NOT NULL,
    until INTEGER NOT NULL, -- it says nothing of the time from then on
    up INTEGER NOT NULL,
    reason TEXT NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    PRIMARY KEY (component, source, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE maintenance (
    number INTEGER PRIMARY KEY,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    component TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    declared_at INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL
) STRICT;

-- Runs of the gateway without a pause; `heartbeat` keeps the last beat alone.
CREATE TABLE alive (
    instance TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (instance, since)
) STRICT, WITHOUT ROWID;
