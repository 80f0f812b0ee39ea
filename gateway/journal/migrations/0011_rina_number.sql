-- RINA's own number of the case, where the transport told it: people know a case by it.

ALTER TABLE message ADD COLUMN rina_number TEXT;
CREATE INDEX message_by_rina_number ON message (rina_number) WHERE rina_number IS NOT NULL;

DROP VIEW listed;
CREATE VIEW listed AS
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, d.decision, d.cause,
       d.institution, m.state, d.candidates, d.missing, m.protected, m.source, m.position,
       m.rina_number
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt;
