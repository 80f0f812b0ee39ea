-- Every statement of the journal by name; `statements.py` reads this file.
-- SQLite takes them as they stand, PostgreSQL as `dialect.py` translates them: what is written here
-- means the same to both. (A condition on an optional parameter has its IS NULL last: the type of a
-- parameter is that of its first use. A word of JSON is compared as text or cast to BOOLEAN.)
-- Positional parameters where a statement is on the path of every message, named ones elsewhere.
-- `+column` keeps an index out of it that would read far more rows than the ids name.

-- standing --
-- What a message is recorded against: itself, its case, the release in force. Always one row.
SELECT m.digest, m.state, m.attempt,
       (SELECT max(seq) FROM history WHERE case_id = ?2),
       (SELECT max(seq) FROM sending WHERE case_id = ?2),
       (SELECT name FROM release WHERE (at_once OR since <= ?3) AND cancelled_by IS NULL
         ORDER BY since DESC, number DESC LIMIT 1)
  FROM (SELECT 1) AS one LEFT JOIN message AS m ON m.message_id = ?1;

-- add_message --
INSERT INTO message (message_id, instance, environment, digest, case_id, buc, sed, sender,
                     protected, source, addressee, received_at, state, attempt, same_as,
                     rina_number, traceparent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?);

-- decide_message_again --
UPDATE message SET case_id = coalesce(?, case_id), state = ?, attempt = ?, same_as = ?
 WHERE message_id = ?;

-- add_body --
-- Bytes that were erased and come again are kept again.
INSERT INTO body (digest, bytes) VALUES (?, ?)
ON CONFLICT (digest) DO UPDATE SET bytes = excluded.bytes
 WHERE body.bytes IS NULL AND body.pieces = 0;

-- add_delivered_again --
INSERT INTO delivered_again (message_id, received_at) VALUES (?, ?)
ON CONFLICT (message_id, received_at) DO NOTHING;

-- add_large_body --
INSERT INTO body (digest, pieces) VALUES (?, ?)
ON CONFLICT (digest) DO UPDATE SET pieces = excluded.pieces
 WHERE body.bytes IS NULL AND body.pieces = 0;

-- add_piece --
INSERT INTO piece (digest, number, bytes) VALUES (?, ?, ?) ON CONFLICT (digest, number) DO NOTHING;

-- standing_of_body --
-- Whether its bytes are kept, and how many pieces of it are there.
SELECT EXISTS (SELECT 1 FROM kept_body WHERE digest = ?1),
       (SELECT count(*) FROM piece WHERE digest = ?1);

-- drop_loose_pieces --
-- Whoever wrote these died before the message was recorded; another worker may be about to record
-- its own.
DELETE FROM piece
 WHERE NOT EXISTS (SELECT 1 FROM body AS b WHERE b.digest = piece.digest AND b.pieces > 0)
       /*postgres AND written_at < now() - interval '1 day' */;

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

-- case_of_message --
SELECT case_id FROM message WHERE message_id = ?;

-- move_message --
UPDATE message SET state = ?2 WHERE message_id = ?1;

-- finish_messages --
-- Those that are decided, and for which nothing that must leave is still to be sent.
UPDATE message SET state = ?3
 WHERE message_id IN (SELECT value FROM json_each(?1)) AND +state = ?2
   AND NOT EXISTS (SELECT 1 FROM sending AS s
                    WHERE s.about = message.message_id
                      AND s.state IN ('proposed', 'due', 'waiting'));

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
-- What is held is left as it is: no attempt counts against it.
-- What another worker is about to claim, or to withdraw, is passed by.
WITH found AS MATERIALIZED (
    SELECT s.message_id FROM sending AS s
     WHERE s.state = 'due' AND s.due <= :now AND s.lease_until <= :now
       AND NOT EXISTS (SELECT 1 FROM sending AS e
                        WHERE e.case_id = s.case_id AND e.seq < s.seq
                          AND e.destination = s.destination
                          AND (e.state IN ('due', 'waiting')
                               OR e.state = 'proposed' AND e.kind = 'hand-over'))
       AND NOT EXISTS (SELECT 1 FROM held AS h WHERE h.message_id = s.message_id)
     ORDER BY s.due, s.composed_at, s.case_id, s.seq
     LIMIT :limit /*postgres FOR UPDATE OF s SKIP LOCKED */)
UPDATE sending
   SET lease_until = :until, token = token + 1
 WHERE message_id IN (SELECT message_id FROM found)
RETURNING message_id, case_id, kind, object, receiver, destination, media, digest,
          CASE WHEN media <> 'none'
               THEN (SELECT bytes FROM body WHERE body.digest = sending.digest) END,
          (SELECT pieces FROM body WHERE body.digest = sending.digest AND media <> 'none'),
          sidecar, attempts, token, due, composed_at, seq, about,
          (SELECT traceparent FROM message WHERE message.message_id = sending.about),
          error;

-- settle_handed_over --
-- A question has a clock of its own; of the rest somebody should say what became of it.
UPDATE sending SET state = ?3, settled_at = ?2, error = NULL,
       status_due = CASE WHEN kind IN ('x006', 'note', 'x007', 'x008', 'x011', 'hand-over', 'recall')
                         THEN CAST(?4 AS BIGINT) END
 WHERE (message_id, token) IN (SELECT value ->> 0, CAST(value ->> 1 AS BIGINT) FROM json_each(?1))
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
UPDATE sending SET state = ?3, settled_at = ?2, error = ?4
 WHERE case_id = ?5 AND after = ?1 AND state IN ('proposed', 'waiting', 'due')
RETURNING message_id, about;

-- take_back --
-- Not gone yet, and in nobody's hand just now.
UPDATE sending SET state = ?3, settled_at = ?2, error = 'recalled'
 WHERE message_id IN (SELECT value FROM json_each(?1))
   AND state IN ('proposed', 'due', 'waiting') AND lease_until <= ?2;

-- sendings_of_case --
SELECT message_id, kind, object, receiver, about, state FROM sending WHERE case_id = ? ORDER BY seq;

-- sendings_named --
-- What statuses are about; busy: something that goes after it is on its way out just now; and when
-- it failed, if that was told.
SELECT s.message_id, s.case_id, s.about, s.kind, s.receiver, s.state,
       EXISTS (SELECT 1 FROM sending AS d
                WHERE d.case_id = s.case_id AND d.after = s.message_id
                  AND d.state = 'due' AND d.lease_until > ?2),
       (SELECT f.at FROM delivery AS f WHERE f.message_id = s.message_id AND f.state = 'failed')
  FROM sending AS s WHERE s.message_id IN (SELECT value FROM json_each(?1));

-- set_status --
UPDATE sending SET state = ?2, status_due = NULL WHERE message_id = ?1;

-- add_delivery --
INSERT INTO delivery (message_id, state, at, instance, environment, noted_at, reason, source)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- silent --
SELECT message_id, about, receiver FROM sending
 WHERE status_due <= ? ORDER BY status_due, message_id LIMIT ?;

-- silence_told --
UPDATE sending SET status_due = NULL WHERE message_id = ?;

-- end_silence --
-- A message that is with a person only because nobody had said what became of it, and now they did.
UPDATE message SET state = ?2
 WHERE message_id = ?1 AND state = 'referred'
   AND ?3 = (SELECT cause FROM decision AS d
              WHERE d.message_id = message.message_id AND d.attempt = message.attempt)
   AND NOT EXISTS (SELECT 1 FROM sending AS s
                    WHERE s.about = message.message_id
                      AND s.state IN ('waiting', 'due', 'handed-over')
                      AND s.kind IN ('x006', 'note', 'x007', 'x008', 'x011', 'hand-over', 'recall'));

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

-- case_meant --
-- The case of this id, or the one that our own case of that id asks about. Always one row.
SELECT coalesce((SELECT case_id FROM own_case WHERE own_case = ?1), ?1);

-- says_protected --
-- Nothing while the history of the case does not say that its person is protected.
SELECT 1 FROM history
 WHERE case_id = ?1
   AND (kind = 'protected'
        OR kind = 'message-received'
           AND coalesce(CAST(content ->> 'protected' AS BOOLEAN), FALSE))
 LIMIT 1;

-- renew --
-- What a person holds back meanwhile, nobody needs any more, is in doubt, or is about a protected
-- person is given back.
UPDATE sending
   SET lease_until = CASE WHEN coalesce(error, '') IN ('overtaken', 'protected', 'in-doubt')
                            OR EXISTS (SELECT 1 FROM held AS h
                                        WHERE h.message_id = sending.message_id)
                          THEN 0 ELSE CAST(?3 AS BIGINT) END
 WHERE message_id = ?1 AND token = ?2 AND state = 'due'
RETURNING lease_until > 0;

-- defer --
-- The claim is given back, so its token is void from here on. What was overtaken meanwhile, is in
-- doubt, or is about a protected person stays due at once: the next claim withdraws or holds it.
UPDATE sending
   SET due = CASE WHEN error IN ('overtaken', 'protected', 'in-doubt') THEN due ELSE ?3 END,
       error = CASE WHEN error IN ('overtaken', 'protected', 'in-doubt') THEN error ELSE ?4 END,
       late_since = coalesce(late_since, due),
       lease_until = 0, token = token + 1, attempts = attempts + 1
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
WITH asked AS (
    SELECT a.case_id, a.content, a.at,
           (SELECT s.kind FROM history AS s
             WHERE s.case_id = a.case_id AND s.seq > a.seq
               AND (s.kind IN ('forwarded', 'stepped-back')
                    OR s.kind IN ('answered', 'question-failed', 'expired')
                   AND s.content ->> 'question' = a.content ->> 'question')
             ORDER BY s.seq LIMIT 1) AS settled
      FROM history AS a WHERE a.kind = 'asked')
SELECT a.case_id, a.content, a.at, a.settled,
       (SELECT count(*) FROM history AS r
         WHERE r.case_id = a.case_id AND r.kind = 'reminded'
           AND r.content ->> 'question' = a.content ->> 'question'),
       (SELECT due FROM timer AS t WHERE t.case_id = a.case_id),
       (SELECT state FROM sending AS s WHERE s.message_id = a.content ->> 'question'),
       EXISTS (SELECT 1 FROM protected_case AS p WHERE p.case_id = a.case_id)
  FROM asked AS a
 WHERE (:every OR a.settled IS NULL)
   AND (a.content ->> 'question' = :question OR :question IS NULL)
 ORDER BY a.at, a.case_id LIMIT :limit;

-- due_cases --
-- Nobody is reminded of what waits for a person's yes.
SELECT case_id FROM timer AS t
 WHERE due <= ? AND NOT EXISTS (SELECT 1 FROM held_case AS h WHERE h.case_id = t.case_id)
   AND NOT EXISTS (SELECT 1 FROM sending AS s
                    WHERE s.case_id = t.case_id AND s.state = 'proposed'
                      AND s.kind IN ('x012', 'h001', 'p8000', 'reminder'))
 ORDER BY due, case_id LIMIT ?;

-- pause --
INSERT INTO pause (number, instance, environment, reach, value, since, who, why)
SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, ? FROM pause WHERE TRUE
ON CONFLICT (reach, value) WHERE until IS NULL DO NOTHING;

-- resume --
UPDATE pause SET until = :until, resumed_by = :who, resumed_why = :why
 WHERE reach = :reach AND value = :value AND until IS NULL;

-- pauses --
SELECT reach, value, since, who, why, until, resumed_by, resumed_why
  FROM pause WHERE :every OR until IS NULL ORDER BY number;

-- add_deed --
INSERT INTO deed (message_id, seq, instance, environment, at, what, state, who, reason, assignee)
SELECT :message_id, coalesce(max(seq), 0) + 1, :instance, :environment, :at, :what, :state, :who,
       :reason, :assignee
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

-- first_events --
-- How each case began; that its person is protected may have been said before.
SELECT c.value, h.kind, h.content
  FROM json_each(?) AS c
  JOIN history AS h ON h.case_id = c.value
   AND h.seq = (SELECT min(f.seq) FROM history AS f
                 WHERE f.case_id = c.value AND f.kind <> 'protected');

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

-- facts --
-- What was said about persons, in order of cases and of what happened in them; NULL: erased.
SELECT h.case_id, h.seq, h.content, e.content
  FROM history AS h LEFT JOIN evidence AS e ON e.case_id = h.case_id AND e.seq = h.seq
 WHERE h.kind IN ('message-received', 'evidence-added')
   AND (h.case_id, h.seq) > (:case_id, :seq)
 ORDER BY h.case_id, h.seq LIMIT :limit;

-- body --
SELECT bytes, pieces FROM body WHERE digest = ?;

-- pieces --
SELECT bytes FROM piece WHERE digest = ? ORDER BY number;

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

-- messages_found --
-- Those of the cases that an id or RINA's number means, and the message itself.
WITH meant AS (
    SELECT :ident AS case_id
     UNION SELECT case_id FROM own_case WHERE own_case = :ident
     UNION SELECT case_id FROM sending WHERE message_id = :ident
     UNION SELECT case_id FROM message WHERE message_id = :ident AND case_id IS NOT NULL
     UNION SELECT case_id FROM message WHERE rina_number = :text AND case_id IS NOT NULL)
SELECT * FROM listed
 WHERE message_id IN (SELECT m.message_id FROM message AS m JOIN meant USING (case_id)
                       UNION SELECT message_id FROM message WHERE message_id = :ident
                       UNION SELECT message_id FROM message WHERE rina_number = :text)
 ORDER BY received_at, position LIMIT :limit;

-- messages_decided_by --
SELECT * FROM listed
 WHERE message_id IN (SELECT d.message_id FROM decision AS d
                       WHERE (d.release = :release OR :release IS NULL)
                         AND (:rule IN (SELECT value FROM json_each(d.rules))
                              OR :rule IS NULL))
   AND (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- messages_received --
SELECT * FROM listed
 WHERE (received_at, position) > (:received_at, :position) AND received_at < :end
 ORDER BY received_at, position LIMIT :limit;

-- messages_of_sed --
SELECT * FROM listed
 WHERE sed = :sed
   AND (received_at, position) > (:received_at, :position) AND received_at < :end
 ORDER BY received_at, position LIMIT :limit;

-- messages_of_institution --
-- Those whose latest decision names it, in order of that decision, which is what the time is of:
-- so they stand in the index.
-- Protected ones would be told by it.
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, d.decision, d.cause,
       d.institution, m.state, d.candidates, d.missing, m.protected, m.source, m.position,
       m.rina_number, m.traceparent
  FROM decision AS d
  JOIN message AS m ON m.message_id = d.message_id AND m.attempt = d.attempt
 WHERE d.institution = :institution
   AND (d.decided_at, d.message_id) > (:decided_at, :message_id) AND d.decided_at < :end
   AND (+m.sed = :sed OR :sed IS NULL)
   AND NOT EXISTS (SELECT 1 FROM protected_case AS p WHERE p.case_id = m.case_id)
 ORDER BY d.decided_at, d.message_id LIMIT :limit;

-- decided --
-- When a message was last decided.
SELECT d.decided_at, d.message_id
  FROM message AS m JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt
 WHERE m.message_id = ?;

-- messages_of_case --
SELECT * FROM listed
 WHERE case_id = :case_id
   AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
   AND (received_at, position) > (:received_at, :position)
 ORDER BY received_at, position LIMIT :limit;

-- tasks --
-- What waits for a person, and who has it in hand.
-- Who took the whole case has what was given to nobody else.
SELECT l.message_id, l.received_at, l.case_id, l.buc, l.sed, l.sender, l.decision, l.cause,
       l.institution, l.state, l.candidates, l.missing, l.source, l.rina_number, l.traceparent,
       l.protected,
       coalesce(g.assignee, t.content ->> 'who') AS assignee,
       CASE WHEN g.assignee IS NULL THEN t.content ->> 'who' ELSE g.who END AS assigned_by,
       CASE WHEN g.assignee IS NULL THEN t.at ELSE g.at END AS assigned_at
  FROM listed AS l
  LEFT JOIN history AS t
         ON t.case_id = l.case_id AND t.kind = 'taken'
        AND t.seq = (SELECT max(seq) FROM history AS s
                      WHERE s.case_id = l.case_id AND s.kind = 'taken')
        AND EXISTS (SELECT 1 FROM taken_case AS c WHERE c.case_id = l.case_id)
  LEFT JOIN deed AS g
         ON g.message_id = l.message_id
        AND g.seq = (SELECT max(seq) FROM deed AS s
                      WHERE s.message_id = l.message_id AND s.what = 'assign')
 WHERE l.state IN (SELECT value FROM json_each(:states))
   AND (l.message_id = :message_id OR :message_id IS NULL)
 ORDER BY l.received_at, l.position LIMIT :limit;

-- receipt --
SELECT received_at, position FROM message WHERE message_id = ?;

-- repeats --
-- What came more than once, as it was first decided; the very same is in `delivered_again`.
SELECT m.message_id, m.received_at, m.case_id, m.buc, m.sed, m.sender, m.protected, m.digest,
       m.same_as, d.cause
  FROM message AS m JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = 0
 WHERE m.received_at >= :begin AND m.received_at < :end
   AND (m.same_as IS NOT NULL OR d.cause IN ('identity-conflict', 'other-content'))
 ORDER BY m.received_at, m.position;

-- delivered_again --
-- The very same message delivered again, each time. What was read twice, for it could not be
-- removed in between, has one time of receipt, and is one delivery.
SELECT m.message_id, a.received_at, m.case_id, m.buc, m.sed, m.sender, m.protected, m.digest,
       m.message_id, NULL
  FROM delivered_again AS a JOIN message AS m ON m.message_id = a.message_id
 WHERE a.received_at >= :begin AND a.received_at < :end AND a.received_at <> m.received_at
 ORDER BY a.received_at, m.position;

-- first_decisions --
-- Of each case that which was decided first, where the tables named the institution, if only for a
-- person to look at, or a datum that was missing. What was held was not decided yet.
SELECT m.case_id, m.sender, m.buc, CASE d.decision WHEN 'ask' THEN d.missing ELSE '[]' END
  FROM message AS m JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = 0
 WHERE m.received_at >= ?
   AND (d.decision IN ('transfer', 'ask') OR (d.decision = 'refer' AND d.cause = 'inferred'))
   AND NOT EXISTS (SELECT 1 FROM message AS f
                     JOIN decision AS e ON e.message_id = f.message_id AND e.attempt = 0
                    WHERE f.case_id = m.case_id
                      AND e.decision IN ('transfer', 'ask', 'refer', 'leave', 'deliver')
                      AND (f.received_at, f.position) < (m.received_at, m.position))
 ORDER BY m.case_id, m.received_at, m.position;

-- transfers --
-- Every transfer that was decided, with the rows of it, and whether it came back after that.
SELECT m.buc, d.institution, d.rules,
       EXISTS (SELECT 1 FROM history AS h
                WHERE h.case_id = m.case_id AND h.kind IN ('returned', 'passed-on')
                  AND h.at >= d.decided_at
                  AND coalesce(h.content ->> 'before', h.content ->> 'institution')
                      = d.institution),
       EXISTS (SELECT 1 FROM history AS h
                WHERE h.case_id = m.case_id AND h.kind = 'recalled' AND h.at >= d.decided_at
                  AND h.content ->> 'institution' = d.institution),
       d.trace LIKE '%"assumed-general"%'
  FROM decision AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE d.decision = 'transfer' AND d.decided_at >= ?;

-- service_steps --
-- What a partner waits for, or lets us wait for; the first message of the case tells whose it is
-- and since when it is here.
SELECT h.kind, f.sender, a.content ->> 'asked',
       CASE h.kind
            WHEN 'answered' THEN (SELECT m.received_at FROM message AS m
                                   WHERE m.message_id = h.content ->> 'message_id') - a.at
            WHEN 'reminded' THEN NULL
            ELSE CASE WHEN EXISTS (SELECT 1 FROM history AS e
                                    WHERE e.case_id = h.case_id AND e.seq < h.seq
                                      AND e.kind = h.kind)
                      THEN NULL ELSE h.at - f.received_at END
       END
  FROM history AS h
  LEFT JOIN message AS f
    ON f.message_id = (SELECT m.message_id FROM message AS m WHERE m.case_id = h.case_id
                         AND NOT EXISTS (SELECT 1 FROM decision AS d
                                          WHERE d.message_id = m.message_id
                                            AND d.decision = 'note')
                        ORDER BY m.received_at, m.position LIMIT 1)
  LEFT JOIN history AS a
    ON a.case_id = h.case_id AND a.kind = 'asked' AND h.kind <> 'forward-confirmed'
   AND a.content ->> 'question' = h.content ->> 'question'
 WHERE h.kind IN ('forward-confirmed', 'asked', 'answered', 'reminded') AND h.at > ? AND h.at <= ?
 ORDER BY h.at, h.case_id, h.seq;

-- past_cases --
SELECT DISTINCT case_id FROM message
 WHERE case_id > ? ORDER BY case_id LIMIT ?;

-- past_messages --
SELECT m.message_id, m.received_at, m.addressee, m.digest, b.bytes, b.pieces
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

-- timeline_delivered_again --
SELECT a.received_at, m.message_id, m.digest
  FROM message AS m JOIN delivered_again AS a ON a.message_id = m.message_id
 WHERE (m.message_id = :message_id OR m.case_id = :case_id) AND a.received_at <> m.received_at
 ORDER BY a.received_at, m.position;

-- timeline_decided --
SELECT d.decided_at, d.decision, d.state, d.who, d.message_id, d.cause, d.institution,
       d.candidates, d.missing, d.certainty, d.rules, d.release, d.schemas, m.same_as
  FROM decision AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE m.message_id = :message_id OR m.case_id = :case_id
 ORDER BY d.decided_at, m.position, d.attempt;

-- timeline_history --
SELECT at, kind, content FROM history WHERE case_id = ? ORDER BY seq;

-- timeline_sendings --
-- What the far side says of it comes after it, each by itself.
SELECT coalesce(settled_at, composed_at) AS at, kind,
       CASE WHEN state IN ('sent', 'delivered', 'failed') THEN 'handed-over' ELSE state END AS state,
       message_id, object, receiver, destination, attempts, error
  FROM sending WHERE case_id = ? ORDER BY at, seq;

-- timeline_deliveries --
SELECT d.at, s.kind, d.state, d.message_id, s.receiver, d.reason, d.source
  FROM sending AS s JOIN delivery AS d ON d.message_id = s.message_id
 WHERE s.case_id = ? ORDER BY d.noted_at, s.seq;

-- timeline_deeds --
SELECT d.at, d.what, d.state, d.who, d.message_id, d.reason, d.assignee
  FROM deed AS d JOIN message AS m ON m.message_id = d.message_id
 WHERE m.message_id = :message_id OR m.case_id = :case_id
 ORDER BY d.at, m.position, d.seq;

-- count_messages --
SELECT state, count(*) FROM message GROUP BY state;

-- count_sendings --
SELECT state, count(*) FROM sending GROUP BY state;

-- backlog --
-- What is held waits for a person: it is counted apart, and late it is not. What was put off after a
-- failed attempt has been due since before that, also while its next attempt is not.
SELECT (SELECT count(*) FROM sending WHERE state IN ('due', 'waiting')),
       (SELECT min(oldest.since)
          FROM (SELECT first.since
                  FROM (SELECT due AS since FROM sending AS s
                         WHERE state = 'due' AND due <= ?1 AND late_since IS NULL
                           AND NOT EXISTS (SELECT 1 FROM held AS h
                                            WHERE h.message_id = s.message_id)
                         ORDER BY due LIMIT 1) AS first
                UNION ALL
                SELECT late.since
                  FROM (SELECT late_since AS since FROM sending AS s INDEXED BY sending_late
                         WHERE state = 'due' AND late_since IS NOT NULL
                           AND NOT EXISTS (SELECT 1 FROM held AS h
                                            WHERE h.message_id = s.message_id)
                         ORDER BY late_since LIMIT 1) AS late) AS oldest),
       (SELECT count(*) FROM timer AS t
         WHERE due <= ?1 AND NOT EXISTS (SELECT 1 FROM held_case AS h WHERE h.case_id = t.case_id)
           AND NOT EXISTS (SELECT 1 FROM sending AS s
                            WHERE s.case_id = t.case_id AND s.state = 'proposed'
                              AND s.kind IN ('x012', 'h001', 'p8000', 'reminder'))),
       (SELECT count(*) FROM sending AS s
         WHERE s.state IN ('due', 'waiting')
           AND (EXISTS (SELECT 1 FROM pause WHERE until IS NULL) -- else most need no look
                OR s.case_id IN (SELECT case_id FROM taken_case))
           AND EXISTS (SELECT 1 FROM held AS h WHERE h.message_id = s.message_id)),
       (SELECT count(*) FROM sending WHERE state = 'proposed'),
       (SELECT min(composed_at) FROM sending WHERE state = 'proposed');

-- outgoing --
SELECT s.message_id, s.case_id, s.kind, s.object, s.receiver, s.destination, s.about, s.after,
       s.state, s.composed_at, s.attempts, s.error, s.digest, s.settled_at,
       EXISTS (SELECT 1 FROM held AS h WHERE h.message_id = s.message_id) AS held,
       EXISTS (SELECT 1 FROM protected_case AS p WHERE p.case_id = s.case_id) AS protected
  FROM sending AS s
 WHERE (:states = '[]' OR s.state IN (SELECT value FROM json_each(:states)))
   AND (:named = '[]' OR s.message_id IN (SELECT value FROM json_each(:named))
                      OR s.case_id IN (SELECT value FROM json_each(:named)))
 ORDER BY s.composed_at, s.case_id, s.seq LIMIT :limit;

-- outgoing_of_case --
SELECT message_id, kind, object, receiver, about, after, state, lease_until > :now
  FROM sending WHERE case_id = :case_id ORDER BY seq;

-- let_go --
UPDATE sending SET state = :state, due = :at, error = NULL WHERE message_id = :message_id;

-- withdraw_one --
UPDATE sending SET state = :state, settled_at = :at, error = :error, token = token + 1
 WHERE message_id = :message_id;

-- overtake --
-- Questions and reminders that have not left, when nobody needs to be asked any more.
UPDATE sending SET state = :state, settled_at = :at, error = 'overtaken'
 WHERE case_id = :case_id
   AND state IN ('proposed', 'due', 'waiting') AND lease_until <= :at
   AND kind IN ('x012', 'h001', 'p8000', 'reminder')
   AND (:question = '' OR object = :question OR object LIKE :question || '/%')
RETURNING message_id, kind;

-- sent_by_hand --
-- X007 to an institution that have not left, when a person has sent one in RINA.
UPDATE sending SET state = :state, settled_at = :at, error = 'sent-by-hand'
 WHERE case_id = :case_id AND kind = 'x007' AND object = :institution
   AND state IN ('proposed', 'due') AND lease_until <= :at
RETURNING message_id, about;

-- go_on_by_hand --
UPDATE sending SET after = NULL, due = :at,
       state = CASE WHEN state = 'waiting' OR error = 'in-doubt' THEN :state ELSE state END,
       error = CASE error WHEN 'in-doubt' THEN NULL ELSE error END
 WHERE case_id = :case_id AND after IN (SELECT value FROM json_each(:after))
   AND state IN ('waiting', 'proposed');

-- overtake_claimed --
-- On its way out just now: it may leave, but if it does not, it is not tried again.
UPDATE sending SET error = 'overtaken'
 WHERE case_id = :case_id AND state = 'due' AND lease_until > :at
   AND kind IN ('x012', 'h001', 'p8000', 'reminder')
   AND (:question = '' OR object = :question OR object LIKE :question || '/%');

-- hold_transfer --
-- An X007 that is held up, and of which no copy has left or is on its way out, when a later SED takes
-- its reason away.
UPDATE sending SET state = :state, error = 'in-doubt'
 WHERE case_id = :case_id AND kind = 'x007' AND state = 'due' AND composed_at < :since
   AND NOT EXISTS (SELECT 1 FROM sending AS c
                    WHERE c.case_id = sending.case_id AND c.kind = 'x007'
                      AND c.object = sending.object
                      AND (c.state IN ('handed-over', 'sent', 'delivered', 'failed')
                           OR c.state = 'due' AND c.lease_until > :at))
RETURNING message_id;

-- hold_behind --
UPDATE sending SET state = :state, error = 'in-doubt'
 WHERE case_id = :case_id AND state = 'waiting'
   AND after IN (SELECT value FROM json_each(:after));

-- doubt_transfer --
-- A copy is on its way out just now: if it leaves, so do the others; if not, none does by itself.
UPDATE sending SET error = 'in-doubt'
 WHERE case_id = :case_id AND kind = 'x007' AND state = 'due' AND composed_at < :since
   AND coalesce(error, '') <> 'protected';

-- transfer_begun --
SELECT 1 FROM sending
 WHERE case_id = ?1 AND kind = 'x007' AND object = ?2
   AND state IN ('handed-over', 'sent', 'delivered', 'failed')
 LIMIT 1;

-- hold_back --
-- What asks nobody, and has not left, of a case whose person is protected.
UPDATE sending SET state = :state, error = 'protected'
 WHERE case_id = :case_id
   AND state IN ('proposed', 'due', 'waiting') AND lease_until <= :at
   AND kind NOT IN ('x012', 'h001', 'p8000', 'reminder')
RETURNING about;

-- hold_back_claimed --
-- On its way out just now: it may leave, but if it does not, it is not tried again by itself.
UPDATE sending SET error = 'protected'
 WHERE case_id = :case_id AND state = 'due' AND lease_until > :at
   AND coalesce(error, '') <> 'overtaken';

-- hold_back_one --
UPDATE sending SET state = ?3, lease_until = 0, token = token + 1
 WHERE message_id = ?1 AND token = ?2 AND state = 'due'
RETURNING about;

-- go_on --
-- Messages that are with a person only because what leaves for them was held, and he let it go.
UPDATE message SET state = ?2
 WHERE message_id IN (SELECT value FROM json_each(?1)) AND state = 'referred'
   AND ?3 = (SELECT cause FROM decision AS d
              WHERE d.message_id = message.message_id AND d.attempt = message.attempt)
   AND NOT EXISTS (SELECT 1 FROM sending AS s
                    WHERE s.about = message.message_id AND s.state = 'proposed')
   AND EXISTS (SELECT 1 FROM sending AS s
                WHERE s.about = message.message_id AND s.state IN ('due', 'waiting'));

-- add_case_deed --
INSERT INTO case_deed (case_id, seq, instance, environment, at, what, object, state, who, reason)
SELECT :case_id, coalesce(max(seq), 0) + 1, :instance, :environment, :at, :what, :object, :state,
       :who, :reason
  FROM case_deed WHERE case_id = :case_id;

-- timeline_case_deeds --
SELECT at, what, state, who, object, reason FROM case_deed WHERE case_id = ? ORDER BY seq;

-- count_causes --
SELECT m.state, d.decision, d.cause, count(*), min(m.received_at)
  FROM message AS m
  JOIN decision AS d ON d.message_id = m.message_id AND d.attempt = m.attempt
 WHERE m.state IN ('referred', 'refused', 'quarantined')
 GROUP BY 1, 2, 3;

-- count_questions --
-- Asked, neither answered nor failed nor expired, in a case that is still with us.
SELECT substr(a.content ->> 'asked', 1, 2) AS country, count(*) FROM history AS a
 WHERE a.kind = 'asked'
   AND NOT EXISTS (SELECT 1 FROM history AS s
                    WHERE s.case_id = a.case_id AND s.seq > a.seq
                      AND (s.kind IN ('forwarded', 'stepped-back')
                           OR s.kind IN ('answered', 'question-failed', 'expired')
                          AND s.content ->> 'question' = a.content ->> 'question'))
 GROUP BY country;

-- cases_by_buc --
-- What became of each case; the events that a forwarding is undone by come after it. That a message
-- which is in no case said that this one is protected makes no case.
WITH standing AS (
    SELECT case_id,
           coalesce(max(seq) FILTER (WHERE kind = 'forwarded'), 0) AS forwarded,
           coalesce(max(seq) FILTER (WHERE kind IN ('returned', 'recalled')
               OR (kind = 'referred' AND content ->> 'cause' IN ('sending-failed',
                                                                 'not-delivered'))), 0) AS undone,
           coalesce(max(seq) FILTER (WHERE kind = 'referred'), 0) AS referred,
           coalesce(max(seq) FILTER (WHERE kind = 'asked'), 0) AS asked,
           (SELECT f.content ->> 'buc' FROM history AS f
             WHERE f.case_id = h.case_id AND f.kind = 'message-received'
             ORDER BY f.seq LIMIT 1) AS buc
      FROM history AS h WHERE kind <> 'protected' GROUP BY case_id)
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

-- accounts --
-- Cases by their first message from abroad, with what became of them. What was set aside is in no
-- case; what we sent by hand (note) is not a receipt. A transfer that did not arrive is undone;
-- what was composed and did not leave (observed, proposed, withdrawn) is told by its state.
WITH begun AS (
    SELECT m.case_id, min(m.received_at) AS received_at
      FROM message AS m
     WHERE m.case_id IS NOT NULL AND m.state NOT IN ('quarantined', 'discarded')
       AND NOT EXISTS (SELECT 1 FROM decision AS d
                        WHERE d.message_id = m.message_id AND d.decision = 'note')
     GROUP BY m.case_id
    HAVING min(m.received_at) >= ?1 AND min(m.received_at) < ?2),
told AS (
    SELECT h.case_id,
           max(h.seq) FILTER (WHERE h.kind = 'forwarded') AS forwarded,
           max(h.seq) FILTER (WHERE h.kind = 'stepped-back') AS stepped_back,
           max(h.seq) FILTER (WHERE h.kind IN ('returned', 'recalled')
               OR h.kind = 'referred' AND h.content ->> 'cause' IN ('sending-failed',
                                                                    'not-delivered')) AS undone,
           count(*) FILTER (WHERE h.kind IN ('returned', 'recalled')) AS came_back,
           count(*) FILTER (WHERE h.kind = 'imported') AS imported,
           count(*) FILTER (WHERE h.kind = 'message-received'
               AND coalesce(CAST(h.content ->> 'test' AS BOOLEAN), FALSE)) AS test,
           count(*) FILTER (WHERE h.kind IN ('taken', 'taken-up', 'evidence-added', 'recalled',
                                             'dealt-with', 'spoken')
               OR coalesce(CAST(h.content ->> 'by_hand' AS BOOLEAN), FALSE)
               OR coalesce(h.content ->> 'who', 'gateway') <> 'gateway') AS by_person,
           count(*) FILTER (WHERE h.kind = 'asked' AND NOT EXISTS (
               SELECT 1 FROM sending AS s
                WHERE s.message_id = h.content ->> 'question'
                  AND s.state IN ('observed', 'proposed', 'withdrawn'))) AS questions,
           count(*) FILTER (WHERE h.kind = 'answered') AS answered,
           count(*) FILTER (WHERE h.kind = 'reminded' AND NOT EXISTS (
               SELECT 1 FROM sending AS s
                WHERE s.case_id = h.case_id AND s.kind = 'reminder'
                  AND s.object = (h.content ->> 'question') || '/' || (h.content ->> 'number')
                  AND s.state IN ('observed', 'proposed', 'withdrawn'))) AS reminders,
           count(*) FILTER (WHERE h.kind = 'message-received') AS read
      FROM history AS h WHERE h.case_id IN (SELECT case_id FROM begun) GROUP BY h.case_id)
SELECT b.received_at, f.buc, f.sender, t.forwarded, t.stepped_back, t.undone, t.came_back,
       t.imported, t.test, t.questions, t.answered, t.reminders,
       coalesce(t.read, 0) = 0 AS refused,
       (SELECT s.state FROM history AS w JOIN sending AS s ON s.message_id = w.content ->> 'x007'
         WHERE w.case_id = b.case_id AND w.seq = t.forwarded) AS x007,
       (SELECT s.state FROM history AS w JOIN sending AS s ON s.case_id = w.case_id
         WHERE w.case_id = b.case_id AND w.seq = t.stepped_back AND s.kind IN ('x006', 'note')
           AND NOT coalesce(CAST(w.content ->> 'by_hand' AS BOOLEAN), FALSE)
         ORDER BY s.seq DESC LIMIT 1) AS x006,
       (SELECT group_concat(m.sed) FROM message AS m JOIN decision AS d USING (message_id)
         WHERE m.case_id = b.case_id AND m.sed IN ('X006', 'X007')
           AND d.decision = 'note') AS by_hand,
       EXISTS (SELECT 1 FROM message AS m JOIN deed AS d USING (message_id)
                WHERE m.case_id = b.case_id AND d.what = 'duplicate')
           AND NOT EXISTS (SELECT 1 FROM message AS m
                            WHERE m.case_id = b.case_id AND m.state <> 'absorbed'
                              AND NOT EXISTS (SELECT 1 FROM deed AS d
                                               WHERE d.message_id = m.message_id
                                                 AND d.what = 'duplicate')) AS duplicate,
       (SELECT r.content ->> 'our_role' FROM history AS r
         WHERE r.case_id = b.case_id AND r.kind = 'message-received'
         ORDER BY r.seq LIMIT 1) = 'CaseOwner' AS ours,
       (SELECT w.content ->> 'institution' FROM history AS w
         WHERE w.case_id = b.case_id AND w.seq >= t.forwarded
           AND w.kind IN ('forwarded', 'passed-on') -- its holder may have passed it on
         ORDER BY w.seq DESC LIMIT 1) AS institution,
       coalesce(t.by_person, 0) > 0
           OR EXISTS (SELECT 1 FROM message AS m JOIN decision AS d USING (message_id)
                       WHERE m.case_id = b.case_id
                         AND (d.decision IN ('refer', 'refuse') OR d.who <> 'gateway'))
           OR EXISTS (SELECT 1 FROM message AS m JOIN deed AS d USING (message_id)
                       WHERE m.case_id = b.case_id)
           OR EXISTS (SELECT 1 FROM case_deed AS d WHERE d.case_id = b.case_id) AS person,
       EXISTS (SELECT 1 FROM sending AS s
                WHERE s.case_id = b.case_id AND s.kind = 'hand-over'
                  AND s.receiver = (SELECT w.content ->> 'institution' FROM history AS w
                                     WHERE w.case_id = b.case_id AND w.seq = t.forwarded)
                  AND s.state IN ('handed-over', 'sent', 'delivered')) AS handed_over,
       (SELECT count(*) FILTER (WHERE s.state = 'delivered') > 0
               AND count(*) FILTER (WHERE s.state = 'failed') = 0
          FROM sending AS s
         WHERE s.case_id = b.case_id AND s.kind = 'hand-over'
           AND s.receiver = (SELECT w.content ->> 'institution' FROM history AS w
                              WHERE w.case_id = b.case_id AND w.seq = t.forwarded)) AS delivered,
       (SELECT json_group_array(DISTINCT d.cause)
          FROM message AS m JOIN decision AS d USING (message_id)
         WHERE m.case_id = b.case_id AND d.decision IN ('refer', 'refuse')
           AND d.cause IS NOT NULL) AS causes
  FROM begun AS b
  LEFT JOIN told AS t ON t.case_id = b.case_id
  JOIN message AS f
    ON f.message_id = (SELECT m.message_id FROM message AS m
                        WHERE m.case_id = b.case_id AND m.received_at = b.received_at
                          AND m.state NOT IN ('quarantined', 'discarded')
                          AND NOT EXISTS (SELECT 1 FROM decision AS d
                                           WHERE d.message_id = m.message_id
                                             AND d.decision = 'note')
                        ORDER BY m.position LIMIT 1)
 ORDER BY b.received_at, b.case_id;

-- first_receipt --
SELECT min(received_at) FROM message;

-- closed_months --
SELECT month, closed_at, who, figures FROM closed_month WHERE month LIKE ? ORDER BY month;

-- close_month --
INSERT INTO closed_month (month, instance, environment, closed_at, who, figures)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (month) DO NOTHING;

-- add_observation --
INSERT INTO observation (component, source, at, until, up, reason, instance, environment)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (component, source, at) DO NOTHING;

-- last_observation --
-- Of a source, whose observations do not overlap: the last that begins before that end.
SELECT at, until, up FROM observation
 WHERE component = :component AND source = :source AND at < :until ORDER BY at DESC LIMIT 1;

-- observed --
-- Observations that say the same without a gap are one run; a later one ends an earlier one. Each
-- source of each part is looked up by itself, from the last look before the period on: what it
-- costs follows from the period, not from the years in the journal.
WITH RECURSIVE part AS (
    SELECT min(component) AS component FROM observation
    UNION ALL
    SELECT (SELECT min(o.component) FROM observation AS o WHERE o.component > part.component)
      FROM part WHERE part.component IS NOT NULL),
looker AS (
    SELECT component, (SELECT min(o.source) FROM observation AS o
                        WHERE o.component = part.component) AS source
      FROM part WHERE component IS NOT NULL
    UNION ALL
    SELECT component, (SELECT min(o.source) FROM observation AS o
                        WHERE o.component = looker.component AND o.source > looker.source)
      FROM looker WHERE source IS NOT NULL),
first AS (
    SELECT component, source,
           coalesce((SELECT max(o.at) FROM observation AS o
                      WHERE o.component = looker.component AND o.source = looker.source
                        AND o.at <= :begin), :begin) AS at
      FROM looker WHERE source IS NOT NULL),
each AS (
    SELECT o.component, o.source, o.at, o.up,
           CASE WHEN lead(o.at) OVER later < o.until THEN lead(o.at) OVER later
                ELSE o.until END AS until
      FROM first JOIN observation AS o
        ON o.component = first.component AND o.source = first.source
       AND o.at >= first.at AND o.at < :end AND o.until > :begin
    WINDOW later AS (PARTITION BY o.component, o.source ORDER BY o.at)),
turns AS (
    SELECT *, coalesce(up <> lag(up) OVER before OR at > lag(until) OVER before, TRUE) AS turn
      FROM each WINDOW before AS (PARTITION BY component, source ORDER BY at)),
runs AS (
    SELECT *, sum(CASE WHEN turn THEN 1 ELSE 0 END) OVER (PARTITION BY component, source ORDER BY at) AS run FROM turns)
SELECT component, source, min(at), max(until), up
  FROM runs GROUP BY component, source, run, up ORDER BY component, source, min(at);

-- maintenance --
SELECT component, since, until, who, why, declared_at FROM maintenance
 WHERE until > :begin AND since < :end AND withdrawn_by IS NULL ORDER BY since, number;

-- withdraw_maintenance --
UPDATE maintenance SET withdrawn_by = :who, withdrawn_why = :why
 WHERE component = :component AND since = :since AND until = :until AND withdrawn_by IS NULL;

-- add_maintenance --
INSERT INTO maintenance (instance, environment, component, since, until, declared_at, who, why)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- alive --
-- The last run before it, too: a pause that began there reaches into it.
SELECT since, until FROM alive
 WHERE since < :end AND (until > :begin OR since = (SELECT max(since) FROM alive
                                                     WHERE until <= :begin))
 ORDER BY since;

-- stay_alive --
UPDATE alive SET until = CASE WHEN until < :at THEN :at ELSE until END
 WHERE instance = :instance AND until >= :oldest
   AND since = (SELECT max(since) FROM alive WHERE instance = :instance);

-- begin_alive --
INSERT INTO alive (instance, since, until) VALUES (:instance, :at, :at)
ON CONFLICT (instance, since) DO NOTHING;

-- last_of_case --
-- When the last thing happened in a case, whatever it was; not that something of it was erased.
SELECT max(moment) FROM (
    SELECT max(at) AS moment FROM history WHERE case_id = :case_id AND kind <> 'erased'
    UNION ALL
    SELECT max(received_at) FROM message WHERE case_id = :case_id
    UNION ALL
    SELECT max(d.decided_at) FROM decision AS d JOIN message AS m ON m.message_id = d.message_id
     WHERE m.case_id = :case_id
    UNION ALL
    SELECT max(coalesce(settled_at, composed_at)) FROM sending WHERE case_id = :case_id
    UNION ALL
    SELECT max(d.noted_at) FROM delivery AS d JOIN sending AS s ON s.message_id = d.message_id
     WHERE s.case_id = :case_id
    UNION ALL
    SELECT max(d.at) FROM deed AS d JOIN message AS m ON m.message_id = d.message_id
     WHERE m.case_id = :case_id
    UNION ALL
    SELECT max(at) FROM case_deed WHERE case_id = :case_id) AS moments;

-- states_of_case --
SELECT state FROM message WHERE case_id = :case_id;

-- sendings_at_rest --
SELECT state, status_due IS NOT NULL FROM sending WHERE case_id = :case_id;

-- timer_of_case --
SELECT due FROM timer WHERE case_id = :case_id;

-- old_bodies --
-- Bytes of the messages of a case, but for those that another message needs, too.
SELECT b.digest, b.size
  FROM kept_body AS b
 WHERE b.digest IN (SELECT digest FROM message WHERE case_id = :case_id)
   AND NOT EXISTS (SELECT 1 FROM message AS o
                    WHERE o.digest = b.digest AND o.state <> 'discarded'
                      AND (o.case_id IS NULL OR o.case_id <> :case_id));

-- old_evidence --
SELECT seq, length(CAST(content AS BLOB)) FROM evidence WHERE case_id = :case_id;

-- old_outbound --
-- Sendings of a case with what was composed for them; what is handed over are a message's bytes.
SELECT s.message_id, coalesce(b.size, 0) + coalesce(length(s.sidecar), 0)
  FROM sending AS s
  LEFT JOIN kept_body AS b
         ON b.digest = s.digest
        AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.digest = s.digest)
 WHERE s.case_id = :case_id AND (b.size IS NOT NULL OR s.sidecar IS NOT NULL);

-- old_discarded --
-- Messages out of quarantine with their bytes, but for those that another message needs, too.
SELECT m.message_id, m.digest, b.size,
       (SELECT max(d.at) FROM deed AS d WHERE d.message_id = m.message_id)
  FROM message AS m
  JOIN kept_body AS b ON b.digest = m.digest
 WHERE m.state = 'discarded' AND m.message_id > :after
   AND (:named = '[]' OR m.message_id IN (SELECT value FROM json_each(:named)))
   AND NOT EXISTS (SELECT 1 FROM message AS o
                    WHERE o.digest = m.digest AND o.state <> 'discarded')
 ORDER BY m.message_id LIMIT :limit;

-- erase_bodies --
UPDATE body SET bytes = NULL, pieces = 0 WHERE digest IN (SELECT value FROM json_each(?));

-- erase_pieces --
DELETE FROM piece WHERE digest IN (SELECT value FROM json_each(?));

-- erase_outbound --
-- What we compose is small, and never in pieces.
UPDATE body SET bytes = NULL
 WHERE bytes IS NOT NULL
   AND digest IN (SELECT digest FROM sending WHERE case_id = :case_id)
   AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.digest = body.digest);

-- erase_sidecars --
UPDATE sending SET sidecar = NULL WHERE case_id = ?;

-- erase_evidence --
DELETE FROM evidence WHERE case_id = ?;

-- erasure_of --
SELECT number FROM erasure WHERE number = ? AND who = ? AND why = ?;

-- next_erasure --
SELECT coalesce(max(number), 0) + 1 FROM erasure;

-- add_erasure --
INSERT INTO erasure (number, kind, instance, environment, began_at, until, before, who, why, items,
                     bytes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (number, kind) DO UPDATE
   SET until = excluded.until, items = erasure.items + excluded.items,
       bytes = erasure.bytes + excluded.bytes;

-- erasures --
SELECT number, kind, began_at, until, before, who, why, items, bytes
  FROM erasure ORDER BY number, kind;

-- notices --
SELECT revision, content FROM notices;

-- begin_notices --
INSERT INTO notices (number, revision, content) VALUES (1, 1, :content)
ON CONFLICT (number) DO NOTHING;

-- change_notices --
UPDATE notices SET revision = revision + 1, content = :content WHERE revision = :revision;
