-- A case that a person has taken goes on, too, when he says so by the worklist ('taken-up').

DROP VIEW held;

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
                              AND e.kind IN ('given-back', 'taken-up', 'forwarded')));
