-- The trace that a message came with (W3C traceparent); what leaves for it goes on with that trace.

ALTER TABLE message ADD COLUMN traceparent TEXT;

DROP VIEW listed;
CREATE VIEW listed AS
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, d.decision, d.cause,
       d.institution, m.state, d.candidates, d.missing, m.protected, m.source, m.position,
       m.rina_number, m.traceparent
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt;
