-- Maintenance that was declared by mistake counts no more; the row stays, with who took it back.

ALTER TABLE maintenance ADD COLUMN withdrawn_by TEXT;
ALTER TABLE maintenance ADD COLUMN withdrawn_why TEXT;
