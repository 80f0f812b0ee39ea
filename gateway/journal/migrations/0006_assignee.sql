-- Who an entry of the worklist was given to: the deed `assign` names him; the latest one counts.

ALTER TABLE deed ADD COLUMN assignee TEXT;
