-- oldest: 3
-- Since when a sending has been due, once an attempt has failed: `due` is that of the next attempt
-- from then on, and would tell that nothing is late. What a worker of an older program puts off
-- seems to be due since its next attempt, as it did.

ALTER TABLE sending ADD COLUMN late_since bigint;

CREATE INDEX sending_late ON sending (late_since) WHERE state = 'due' AND late_since IS NOT NULL;
