-- A message that is refused or set aside, and says that its person is protected, protects its case:
-- an event of the history says so. Which cases are protected is told in one place. By its index,
-- which holds few cases: else each message of a list would cost a look at the history of its case.

CREATE INDEX history_protected ON history (case_id) WHERE kind = 'protected';

CREATE VIEW protected_case AS
SELECT case_id FROM message WHERE protected AND case_id IS NOT NULL
 UNION ALL
SELECT case_id FROM history INDEXED BY history_protected WHERE kind = 'protected';

-- A message is shown as protected when any other of its case is.
DROP VIEW listed;
CREATE VIEW listed AS
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, d.decision, d.cause,
       d.institution, m.state, d.candidates, d.missing,
       m.protected OR EXISTS (SELECT 1 FROM protected_case AS p WHERE p.case_id = m.case_id)
           AS protected,
       m.source, m.position, m.rina_number, m.traceparent
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt;

-- Cases of which a refused message said so before this was known; what waits in them is due.
INSERT INTO history (case_id, seq, instance, environment, at, kind, content)
SELECT m.case_id,
       coalesce((SELECT max(h.seq) FROM history AS h WHERE h.case_id = m.case_id), 0) + 1,
       min(m.instance), min(m.environment), min(m.received_at), 'protected',
       json_object('message_id', min(m.message_id))
  FROM message AS m
 WHERE m.protected AND m.case_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM history AS h
                    WHERE h.case_id = m.case_id AND h.kind = 'message-received'
                      AND coalesce(CAST(h.content ->> 'protected' AS BOOLEAN), FALSE))
 GROUP BY m.case_id;

INSERT INTO timer (case_id, instance, environment, due)
SELECT case_id, instance, environment, CAST(strftime('%s', 'now') AS INTEGER) * 1000000
  FROM history WHERE kind = 'protected'
ON CONFLICT (case_id) DO UPDATE SET due = excluded.due;
