CREATE INDEX leads_assigned_to ON leads (assigned_to, id);
DROP INDEX leads_assigned_to_created_at;
