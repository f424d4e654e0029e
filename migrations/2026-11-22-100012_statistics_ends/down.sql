DROP INDEX leads_assigned_to_created_at;
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id);
DROP INDEX leads_created_at;
CREATE INDEX leads_created_at ON leads (created_at, id);
