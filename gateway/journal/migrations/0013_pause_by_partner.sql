-- A pause of an institution or a country reaches every case in which it sent us anything: the first
-- message of a case may be one that we sent by hand.

DROP VIEW held;
DROP VIEW held_case;

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
               WHEN 'institution' THEN p.value IN (s.receiver, s.destination, s.object)
                    OR EXISTS (SELECT 1 FROM message AS m
                                WHERE m.case_id = s.case_id AND m.sender = p.value)
               ELSE p.value = substr(s.receiver, 1, 2)
                    OR EXISTS (SELECT 1 FROM message AS m
                                WHERE m.case_id = s.case_id AND substr(m.sender, 1, 2) = p.value)
               END)
    OR EXISTS (SELECT 1 FROM taken_case AS t WHERE t.case_id = s.case_id);

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
               WHEN 'institution' THEN EXISTS (
                    SELECT 1 FROM message AS m
                     WHERE m.case_id = t.case_id AND m.sender = p.value)
               ELSE EXISTS (
                    SELECT 1 FROM message AS m
                     WHERE m.case_id = t.case_id AND substr(m.sender, 1, 2) = p.value)
               END);
