-- The journal. Times are microseconds since 1970 in UTC; lists and contents are compact JSON.
-- `instance` (of RINA) and `environment` stand on every row that belongs to a message or a case.
-- Personal data stand in body.bytes and evidence alone: both can be emptied, everything else stays.

CREATE TABLE message (
    position INTEGER PRIMARY KEY, -- order of recording, for those received at one time
    message_id TEXT NOT NULL UNIQUE,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    digest TEXT NOT NULL,
    case_id TEXT,
    buc TEXT,
    sed TEXT,
    sender TEXT,
    protected INTEGER NOT NULL,
    source TEXT NOT NULL,
    addressee TEXT,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL, -- of the latest decision
    same_as TEXT -- first message with this content
) STRICT;

CREATE INDEX message_by_receipt ON message (received_at, position);
CREATE INDEX message_by_case ON message (case_id, received_at, position)
    WHERE case_id IS NOT NULL;
CREATE INDEX message_by_state ON message (state, received_at, position);

-- Bytes received and bytes composed, by their SHA-256. NULL: erased; the digest stays.
CREATE TABLE body (
    digest TEXT PRIMARY KEY,
    bytes BLOB
) STRICT;

CREATE TABLE decision (
    message_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    decision TEXT, -- NULL: the content was known already
    cause TEXT,
    institution TEXT,
    content TEXT NOT NULL,
    state TEXT NOT NULL, -- that the message got by it
    candidates TEXT NOT NULL,
    missing TEXT NOT NULL,
    certainty TEXT,
    trace TEXT NOT NULL,
    rules TEXT NOT NULL,
    violations TEXT NOT NULL,
    release TEXT NOT NULL,
    reference_date TEXT NOT NULL, -- ISO day
    decided_at INTEGER NOT NULL,
    who TEXT NOT NULL,
    PRIMARY KEY (message_id, attempt)
) STRICT, WITHOUT ROWID;

-- What happened in a case, in order; the case is the fold of it, its revision the highest seq.
CREATE TABLE history (
    case_id TEXT NOT NULL,
    seq INTEGER NOT NULL, -- from 1, without gaps, given in the transaction that writes it
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX history_asked ON history (case_id, seq) WHERE kind = 'asked';

CREATE TABLE evidence (
    case_id TEXT NOT NULL,
    seq INTEGER NOT NULL, -- of the event in history that it belongs to
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

-- Our own cases abroad (H_BUC_01), and the case that each asks about.
CREATE TABLE own_case (
    own_case TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The outbox.
CREATE TABLE sending (
    message_id TEXT PRIMARY KEY, -- of the outgoing message
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    case_id TEXT NOT NULL,
    seq INTEGER NOT NULL, -- order within the case
    about TEXT NOT NULL, -- received message that is done when this is sent
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    receiver TEXT NOT NULL,
    destination TEXT NOT NULL,
    media TEXT NOT NULL,
    digest TEXT NOT NULL,
    sidecar BLOB,
    after TEXT, -- sending that must be confirmed first
    state TEXT NOT NULL,
    composed_at INTEGER NOT NULL,
    due INTEGER NOT NULL,
    lease_until INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0, -- fencing token: one more with each claim
    attempts INTEGER NOT NULL DEFAULT 0, -- claims that were deferred
    error TEXT,
    settled_at INTEGER, -- sent or withdrawn
    UNIQUE (case_id, seq),
    UNIQUE (case_id, kind, object, receiver)
) STRICT;

CREATE INDEX sending_by_state ON sending (state, due);
CREATE INDEX sending_about ON sending (about);
CREATE INDEX sending_after ON sending (after) WHERE state = 'waiting';

-- What a person did to a message beside deciding it.
CREATE TABLE deed (
    message_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (message_id, seq)
) STRICT, WITHOUT ROWID;

-- Activations of the tables; the one with the highest number is in force.
CREATE TABLE release (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    since INTEGER NOT NULL,
    author TEXT NOT NULL,
    approver TEXT NOT NULL
) STRICT;

CREATE TABLE heartbeat (
    instance TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A message with its latest decision, as listings show it.
CREATE VIEW listed AS
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, d.decision, d.cause,
       d.institution, m.state, d.candidates, d.missing, m.protected, m.source, m.position
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt;
