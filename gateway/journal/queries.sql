-- Every statement of the SQLite journal by name; `statements.py` reads this file.
-- Positional parameters where a statement is on the path of every message, named ones elsewhere.
-- `+column` keeps an index out of it that would read far more rows than the ids name.

-- standing --
-- What a message is recorded against: itself, its case, the release in force. Always one row.
SELECT m.digest, m.state, m.attempt,
       (SELECT max(seq) FROM history WHERE case_id = ?2),
       (SELECT max(seq) FROM sending WHERE case_id = ?2),
       (SELECT name FROM release WHERE (at_once OR since <= ?3) AND cancelled_by IS NULL
         ORDER BY since DESC, number DESC LIMIT 1)
  FROM (SELECT 1) LEFT JOIN message AS m ON m.message_id = ?1;

-- add_message --
INSERT INTO message (message_id, instance, environment, digest, case_id, buc, sed, sender,
                     protected, source, addressee, received_at, state, attempt, same_as)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?);

-- decide_message_again --
UPDATE message SET case_id = coalesce(?, case_id), state = ?, attempt = ?, same_as = ?
 WHERE message_id = ?;

-- add_body --
-- Bytes that were erased and come again are kept again.
INSERT INTO body (digest, bytes) VALUES (?, ?)
ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes WHERE bytes IS NULL;

-- add_decision --
INSERT INTO decision (message_id, attempt, instance, environment, decision, cause, institution,
                      content, state, candidates, missing, certainty, trace, rules, violations,
                      release, reference_date, decided_at, who, schemas)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- add_history --
INSERT INTO history (case_id, seq, instance, environment, at, kind, content)
VALUES (?, ?, ?, ?, ?, ?, ?);

-- add_evidence --
INSERT INTO evidence (case_id, seq, instance, environment, content) VALUES (?, ?, ?, ?, ?);

-- add_own_case --
INSERT INTO own_case (own_case, case_id, instance, environment) VALUES (?, ?, ?, ?)
ON CONFLICT (own_case) DO NOTHING;

-- add_sending --
INSERT INTO sending (message_id, instance, environment, case_id, seq, about, kind, object,
                     receiver, destination, media, digest, sidecar, after, state, composed_at, due)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- message_standing --
SELECT state, attempt FROM message WHERE message_id = ?;

-- move_message --
UPDATE message SET state = ?2 WHERE message_id = ?1;

-- finish_messages --
-- Those that are decided, and for which nothing that must leave is still to be sent.
UPDATE message SET state = ?3
 WHERE message_id IN (SELECT value FROM json_each(?1)) AND +state = ?2
   AND NOT EXISTS (SELECT 1 FROM sending AS s
                    WHERE s.about = message.message_id AND s.state IN ('due', 'waiting'));

-- revisions --
SELECT json_group_object(c.value, (SELECT max(seq) FROM history AS h WHERE h.case_id = c.value))
  FROM json_each(?) AS c;

-- forwarding --
-- The X007 to the last new participant of a case.
SELECT message_id, state FROM sending
 WHERE case_id = ? AND kind = 'x007' AND object = receiver
 ORDER BY seq DESC LIMIT 1;

-- sending_state --
SELECT state FROM sending WHERE message_id = ?;

-- claim --
-- The first open sending of a case and destination holds back the later ones: order is kept, and
-- there is at most one at a time. A lease does not change the state, so it holds them back, too.
UPDATE sending
   SET lease_until = :until, token = token + 1
 WHERE message_id IN (
        SELECT s.message_id FROM sending AS s
         WHERE s.state = 'due' AND s.due <= :now AND s.lease_until <= :now
           AND NOT EXISTS (SELECT 1 FROM sending AS e
                            WHERE e.case_id = s.case_id AND e.seq < s.seq
                              AND e.destination = s.destination
                              AND e.state IN ('due', 'waiting'))
         ORDER BY s.due, s.composed_at, s.case_id, s.seq
         LIMIT :limit)
RETURNING message_id, case_id, kind, object, receiver, destination, media, digest,
          CASE media WHEN 'none' THEN x''
               ELSE (SELECT bytes FROM body WHERE body.digest = sending.digest) END,
          sidecar, attempts, token, due, composed_at, seq;

-- settle_sent --
UPDATE sending SET state = ?3, settled_at = ?2, error = NULL
 WHERE (message_id, token) IN (SELECT value ->> 0, CAST(value ->> 1 AS INTEGER) FROM json_each(?1))
   AND +state = 'due'
RETURNING message_id, case_id, about, kind, object, receiver;

-- settle_withdrawn --
UPDATE sending SET state = ?4, settled_at = ?3, error = ?5
 WHERE message_id = ?1 AND token = ?2 AND state = 'due'
RETURNING case_id, about, kind, object, receiver;

-- void_leases --
-- Whoever claimed these is dead: the lock is ours now.
UPDATE sending SET lease_until = 0, token = token + 1 WHERE state = 'due' AND lease_until > 0;

-- release_dependents --
UPDATE sending INDEXED BY sending_after SET state = ?3, due = ?2
 WHERE after IN (SELECT value FROM json_each(?1)) AND state = 'waiting';

-- withdraw_dependents --
UPDATE sending SET state = ?3, settled_at = ?2, error = ?4 WHERE after = ?1 AND state = 'waiting'
RETURNING message_id, about;

-- waiting_in_vain --
-- Messages of a case that wait, unless another question than this one is asked and not settled.
SELECT message_id FROM message
 WHERE case_id = ?1 AND +state = 'waiting'
   AND NOT EXISTS (SELECT 1 FROM history AS a
                    WHERE a.case_id = ?1 AND a.kind = 'asked' AND a.content ->> 'question' <> ?2
                      AND NOT EXISTS (SELECT 1 FROM history AS s
                                       WHERE s.case_id = ?1 AND s.seq > a.seq
                                         AND (s.kind IN ('forwarded', 'stepped-back')
                                              OR s.kind IN ('answered', 'question-failed',
                                                            'expired')
                                             AND s.content ->> 'question'
                                                 = a.content ->> 'question')))
 ORDER BY received_at, position;

-- defer --
-- The claim is given back, so its token is void from here on.
UPDATE sending
   SET due = ?3, lease_until = 0, token = token + 1, attempts = attempts + 1, error = ?4
 WHERE message_id = ?1 AND token = ?2 AND state = 'due';

-- refer_message --
UPDATE message SET state = ?2, attempt = ?3 WHERE message_id = ?1;

-- refer_decision --
-- One more decision, on the tables and the day of the one before it.
INSERT INTO decision (message_id, attempt, instance, environment, decision, cause, institution,
                      content, state, candidates, missing, certainty, trace, rules, violations,
                      release, reference_date, decided_at, who)
SELECT message_id, attempt + 1, instance, environment, 'refer', :cause, NULL,
       :content, :state, :candidates, :missing, NULL, '[]', '[]', '[]',
       release, reference_date, :at, :who
  FROM decision WHERE message_id = :message_id AND attempt = :attempt;

-- set_due --
INSERT INTO timer (case_id, instance, environment, due) VALUES (?, ?, ?, ?)
ON CONFLICT (case_id) DO UPDATE SET due = excluded.due;

-- clear_due --
DELETE FROM timer WHERE case_id = ?;

-- questions --
-- Each with the first event that settled it, and the number of its last reminder.
SELECT a.case_id, a.content, a.at,
       (SELECT s.kind FROM history AS s
         WHERE s.case_id = a.case_id AND s.seq > a.seq
           AND (s.kind IN ('forwarded', 'stepped-back')
                OR s.kind IN ('answered', 'question-failed', 'expired')
               AND s.content ->> 'question' = a.content ->> 'question')
         ORDER BY s.seq LIMIT 1) AS settled,
       (SELECT count(*) FROM history AS r
         WHERE r.case_id = a.case_id AND r.kind = 'reminded'
           AND r.content ->> 'question' = a.content ->> 'question'),
       (SELECT due FROM timer AS t WHERE t.case_id = a.case_id)
  FROM history AS a
 WHERE a.kind = 'asked' AND (:every OR settled IS NULL)
 ORDER BY a.at, a.case_id LIMIT :limit;

-- due_cases --
SELECT case_id FROM timer WHERE due <= ? ORDER BY due, case_id LIMIT ?;

-- add_deed --
INSERT INTO deed (message_id, seq, instance, environment, at, what, state, who, reason)
SELECT :message_id, coalesce(max(seq), 0) + 1, :instance, :environment, :at, :what, :state, :who,
       :reason
  FROM deed WHERE message_id = :message_id;

-- add_release --
INSERT INTO release (number, name, digest, since, author, approver, kind, asked_by,
                     reason, at_once)
SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM release;

-- confirm_release --
-- The roll-back that nobody has confirmed yet.
UPDATE release SET confirmed_by = ?
 WHERE number = (SELECT max(number) FROM release WHERE kind = 'rolled-back'
                                                   AND confirmed_by IS NULL);

-- cancel_release --
UPDATE release SET cancelled_by = :who
 WHERE name = :name AND NOT at_once AND since > :now AND cancelled_by IS NULL;

-- add_table_release --
INSERT INTO table_release (name, digest, base, author, released_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name) DO NOTHING;

-- approve_table_release --
UPDATE table_release SET approver = :who, approved_at = :at
 WHERE name = :name AND approver IS NULL;

-- table_releases --
SELECT name, digest, base, author, released_at, approver, approved_at
  FROM table_release ORDER BY released_at, name;

-- note_schemas --
INSERT INTO schema_set (number, name, since, who)
SELECT coalesce(max(number), 0) + 1, :name, :since, :who FROM schema_set
HAVING coalesce((SELECT name FROM schema_set ORDER BY number DESC LIMIT 1), '') <> :name;

-- schemas_in_force --
SELECT name, since, who FROM schema_set ORDER BY number;

-- beat --
INSERT INTO heartbeat (instance, at) VALUES (?, ?)
ON CONFLICT (instance) DO UPDATE SET at = excluded.at;

-- release --
SELECT name, digest, since, author, approver, kind, asked_by, reason, at_once,
       confirmed_by, cancelled_by
  FROM release WHERE (at_once OR since <= ?) AND cancelled_by IS NULL
 ORDER BY since DESC, number DESC LIMIT 1;

-- releases --
SELECT name, digest, since, author, approver, kind, asked_by, reason, at_once,
       confirmed_by, cancelled_by
  FROM release ORDER BY number;

-- case_revisions --
-- The case of each id, or the one that our own case of that id asks about; and its revision.
SELECT c.case_id, (SELECT max(seq) FROM history AS h WHERE h.case_id = c.case_id)
  FROM (SELECT i.key, coalesce(o.case_id, i.value) AS case_id
          FROM json_each(?) AS i LEFT JOIN own_case AS o ON o.own_case = i.value) AS c
 ORDER BY c.key;

-- history --
SELECT h.kind, h.content, e.content
  FROM history AS h LEFT JOIN evidence AS e ON e.case_id = h.case_id AND e.seq = h.seq
 WHERE h.case_id = ?1 AND h.seq > ?2 AND h.seq <= ?3
 ORDER BY h.seq;

-- body --
SELECT bytes FROM body WHERE digest = ?;

-- message --
SELECT * FROM listed WHERE message_id = ?;

-- messages --
SELECT * FROM listed
 WHERE (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- messages_in_states --
SELECT * FROM listed
 WHERE state IN (SELECT value FROM json_each(:states))
   AND (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- messages_decided_by --
SELECT * FROM listed
 WHERE message_id IN (SELECT d.message_id FROM decision AS d
                       WHERE (:release IS NULL OR d.release = :release)
                         AND (:rule IS NULL
                              OR :rule IN (SELECT value FROM json_each(d.rules))))
   AND (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- messages_of_case --
SELECT * FROM listed
 WHERE case_id = :case_id
   AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
   AND (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- receipt --
SELECT received_at, position FROM message WHERE message_id = ?;

-- first_decisions --
SELECT m.case_id, m.sender, m.buc, d.missing
  FROM message AS m JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = 0
 WHERE d.decision IN ('transfer', 'ask') AND m.received_at >= ?
 ORDER BY m.case_id, m.received_at, m.position;

-- past_cases --
SELECT DISTINCT case_id FROM message
 WHERE case_id > ? ORDER BY case_id LIMIT ?;

-- past_messages --
SELECT m.message_id, m.received_at, m.addressee, b.bytes
  FROM message AS m LEFT JOIN body AS b ON b.digest = m.digest
 WHERE m.case_id = ? ORDER BY m.received_at, m.position;

-- explanation --
SELECT d.*, m.digest, m.same_as
  FROM decision AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE d.message_id = ? ORDER BY d.attempt;

-- timeline_received --
SELECT received_at, message_id, source, addressee, buc, sed, sender, digest
  FROM message WHERE message_id = :message_id OR case_id = :case_id
 ORDER BY received_at, position;

-- timeline_decided --
SELECT d.decided_at, d.decision, d.state, d.who, d.message_id, d.cause, d.institution,
       d.candidates, d.missing, d.certainty, d.rules, d.release, d.schemas, m.same_as
  FROM decision AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE m.message_id = :message_id OR m.case_id = :case_id
 ORDER BY d.decided_at, m.position, d.attempt;

-- timeline_history --
SELECT at, kind, content FROM history WHERE case_id = ? ORDER BY seq;

-- timeline_sendings --
SELECT coalesce(settled_at, composed_at) AS at, kind, state, message_id, object, receiver,
       destination, attempts, error
  FROM sending WHERE case_id = ? ORDER BY at, seq;

-- timeline_deeds --
SELECT d.at, d.what, d.state, d.who, d.message_id, d.reason
  FROM deed AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE m.message_id = :message_id OR m.case_id = :case_id
 ORDER BY d.at, m.position, d.seq;

-- count_messages --
SELECT state, count(*) FROM message GROUP BY state;

-- count_sendings --
SELECT state, count(*) FROM sending GROUP BY state;

-- backlog --
SELECT (SELECT count(*) FROM sending WHERE state IN ('due', 'waiting')),
       (SELECT min(due) FROM sending WHERE state = 'due' AND due <= ?1),
       (SELECT count(*) FROM timer WHERE due <= ?1);

-- count_causes --
SELECT m.state, coalesce(d.cause, d.decision, 'absorbed'), count(*)
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt
 WHERE m.state IN ('referred', 'refused', 'quarantined')
 GROUP BY 1, 2;

-- count_questions --
-- Asked, neither answered nor failed nor expired, in a case that is still with us.
SELECT count(*) FROM history AS a
 WHERE a.kind = 'asked'
   AND NOT EXISTS (SELECT 1 FROM history AS s
                    WHERE s.case_id = a.case_id AND s.seq > a.seq
                      AND (s.kind IN ('forwarded', 'stepped-back')
                           OR s.kind IN ('answered', 'question-failed', 'expired')
                          AND s.content ->> 'question' = a.content ->> 'question'));

-- cases_by_buc --
-- What became of each case; the events that a forwarding is undone by come after it.
WITH standing AS (
    SELECT case_id,
           coalesce(max(seq) FILTER (WHERE kind = 'forwarded'), 0) AS forwarded,
           coalesce(max(seq) FILTER (WHERE kind = 'returned'
               OR (kind = 'referred' AND content ->> 'cause' = 'sending-failed')), 0) AS undone,
           coalesce(max(seq) FILTER (WHERE kind = 'referred'), 0) AS referred,
           coalesce(max(seq) FILTER (WHERE kind = 'asked'), 0) AS asked,
           (SELECT f.content ->> 'buc' FROM history AS f
             WHERE f.case_id = h.case_id AND f.kind = 'message-received'
             ORDER BY f.seq LIMIT 1) AS buc
      FROM history AS h GROUP BY case_id)
SELECT coalesce(buc, '-'),
       CASE WHEN forwarded > undone THEN 'transferred'
            WHEN undone > 0 OR referred > 0 THEN 'referred'
            WHEN asked > 0 THEN 'asked'
            ELSE 'other' END AS outcome,
       count(*)
  FROM standing GROUP BY 1, 2;

-- set_aside_by_buc --
SELECT coalesce(buc, '-'), count(*) FROM message
 WHERE state IN ('quarantined', 'discarded') GROUP BY 1;
