-- Each update of a lead makes an entry in each index of the table, because one of them is of updated_at.
-- So only those stay that a list, a look-up or a count is answered from; docs/develop/database.md says
-- which. Ranges of time are compared with the leads, and no longer told by columns that an index includes.
DROP INDEX leads_created_at;
CREATE INDEX leads_created_at ON leads (created_at, id);
DROP INDEX leads_assigned_to_created_at;
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id);
DROP INDEX leads_next_follow_up;
CREATE INDEX leads_next_follow_up ON leads (next_follow_up, id);
DROP INDEX leads_assigned_to_next_follow_up;
DROP INDEX leads_status_created_at;
CREATE INDEX leads_status_created_at ON leads (status, created_at, id);
DROP INDEX leads_status_last_contact_date;
CREATE INDEX leads_status_last_contact_date ON leads (status, last_contact_date, id);
DROP INDEX leads_status_next_follow_up;
CREATE INDEX leads_status_next_follow_up ON leads (status, next_follow_up, id);
DROP INDEX leads_status_lead_score;
CREATE INDEX leads_lead_score_status ON leads (lead_score, status, id);
DROP INDEX leads_email_domain;

DROP FUNCTION lead_time(timestamptz);
DROP FUNCTION lead_month(timestamptz);
DROP FUNCTION lead_score_band(integer);
ANALYZE leads;
