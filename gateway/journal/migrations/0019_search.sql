-- Messages by SED, and by the institution that a decision names; and which cases are protected.

CREATE INDEX message_by_sed ON message (sed, received_at, position) WHERE sed IS NOT NULL;
CREATE INDEX decision_by_institution ON decision (institution, decided_at, message_id)
    WHERE institution IS NOT NULL;
CREATE INDEX message_protected ON message (case_id) WHERE protected;
