-- The ends of a range of creation that are no whole hours or days are counted among the leads
-- themselves. The included columns tell all that is counted, without a look at the leads.
CREATE INDEX leads_created_at_counted ON leads (created_at, id)
    INCLUDE (assigned_to, status, source, lead_score, next_follow_up, archived_at);
DROP INDEX leads_created_at;
ALTER INDEX leads_created_at_counted RENAME TO leads_created_at;
CREATE INDEX leads_assigned_to_created_at_counted ON leads (assigned_to, created_at, id)
    INCLUDE (status, source, lead_score, next_follow_up, archived_at);
DROP INDEX leads_assigned_to_created_at;
ALTER INDEX leads_assigned_to_created_at_counted RENAME TO leads_assigned_to_created_at;
