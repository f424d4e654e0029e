DROP INDEX leads_status_next_follow_up;
DROP INDEX leads_status_last_contact_date;
DROP INDEX leads_status_created_at;
CREATE INDEX leads_status_created_at ON leads (status, created_at, id);
DROP FUNCTION lead_time(timestamptz);
