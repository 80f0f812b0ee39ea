-- oldest: 6
-- What was written in a case before its person turned out to be protected does not leave by itself
-- any more: the next claim holds it, and a person is told. A worker of an older program would send
-- it, so none works beside.

UPDATE sending SET error = 'protected'
 WHERE state IN ('due', 'waiting') AND coalesce(error, '') <> 'overtaken'
   AND EXISTS (SELECT 1 FROM message AS m WHERE m.case_id = sending.case_id AND m.protected);
