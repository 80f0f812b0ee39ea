-- What a person sends by hand in RINA does not end his having the case: it stays his until he gives
-- it back, or goes on with it by the worklist.

DROP VIEW held;

CREATE VIEW taken_case AS
SELECT t.case_id
  FROM history AS t
 WHERE t.kind = 'taken'
   AND NOT EXISTS (
        SELECT 1 FROM history AS e
         WHERE e.case_id = t.case_id AND e.seq > t.seq
           AND (e.kind IN ('given-back', 'taken-up')
                OR e.kind IN ('forwarded', 'stepped-back')
                AND NOT coalesce(e.content ->> 'by_hand', FALSE)));

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
    OR EXISTS (SELECT 1 FROM taken_case AS t WHERE t.case_id = s.case_id);
