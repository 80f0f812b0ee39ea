-- What people hold back, and what they did to a whole case.

-- A pause keeps everything in its reach from leaving and its timers from firing, until a person
-- resumes it; rows stay, so that one sees later who held back what, when and why.
CREATE TABLE pause (
    number INTEGER PRIMARY KEY,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    reach TEXT NOT NULL, -- all, buc, institution, country
    value TEXT NOT NULL, -- empty for all
    since INTEGER NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    until INTEGER, -- NULL: it still holds
    resumed_by TEXT,
    resumed_why TEXT
) STRICT;

CREATE UNIQUE INDEX pause_open ON pause (reach, value) WHERE until IS NULL;

-- What a person did to a case, one of its questions or one of its sendings.
CREATE TABLE case_deed (
    case_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    instance TEXT NOT NULL,
    environment TEXT NOT NULL,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    object TEXT NOT NULL, -- the question or the sending; empty: the case itself
    state TEXT NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX history_taken ON history (case_id, seq) WHERE kind = 'taken';

-- Sendings that must not leave now: a pause reaches them, or a person has taken their case.
-- A pause reaches what goes to its institution or country or names the institution, and every
-- case that came from there; the BUC, the sender of a case are those of its first message.
CREATE VIEW held AS
SELECT s.message_id
  FROM sending AS s
 WHERE EXISTS (
        SELECT 1 FROM pause AS p
         WHERE p.until IS NULL
           AND CASE p.reach
               WHEN 'all' THEN TRUE
               WHEN 'buc' THEN p.value = (
                    SELECT m.buc FROM message AS m WHERE m.case_id = s.case_id
                     ORDER BY m.received_at, m.position LIMIT 1)
               WHEN 'institution' THEN p.value IN (s.receiver, s.destination, s.object, (
                    SELECT m.sender FROM message AS m WHERE m.case_id = s.case_id
                     ORDER BY m.received_at, m.position LIMIT 1))
               ELSE p.value IN (substr(s.receiver, 1, 2), (
                    SELECT substr(m.sender, 1, 2) FROM message AS m WHERE m.case_id = s.case_id
                     ORDER BY m.received_at, m.position LIMIT 1))
               END)
    OR EXISTS (
        SELECT 1 FROM history AS t
         WHERE t.case_id = s.case_id AND t.kind = 'taken'
           AND NOT EXISTS (SELECT 1 FROM history AS e
                            WHERE e.case_id = t.case_id AND e.seq > t.seq
                              AND e.kind IN ('given-back', 'forwarded')));

-- Cases in which something is due one day, and whose timers a pause stops.
CREATE VIEW held_case AS
SELECT t.case_id
  FROM timer AS t
 WHERE EXISTS (
        SELECT 1 FROM pause AS p
         WHERE p.until IS NULL
           AND CASE p.reach
               WHEN 'all' THEN TRUE
               WHEN 'buc' THEN p.value = (
                    SELECT m.buc FROM message AS m WHERE m.case_id = t.case_id
                     ORDER BY m.received_at, m.position LIMIT 1)
               WHEN 'institution' THEN p.value = (
                    SELECT m.sender FROM message AS m WHERE m.case_id = t.case_id
                     ORDER BY m.received_at, m.position LIMIT 1)
               ELSE p.value = (
                    SELECT substr(m.sender, 1, 2) FROM message AS m WHERE m.case_id = t.case_id
                     ORDER BY m.received_at, m.position LIMIT 1)
               END);
