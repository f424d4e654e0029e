CREATE FUNCTION lead_score_band(lead_score int) RETURNS int[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[lead_score / 10] $$;
CREATE FUNCTION lead_month(created_at timestamptz) RETURNS date[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ARRAY[date_trunc('month', created_at AT TIME ZONE 'UTC')::date] $$;
CREATE FUNCTION lead_time(at timestamptz) RETURNS timestamp
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT at AT TIME ZONE 'UTC' $$;

CREATE INDEX leads_email_domain ON leads (split_part(email_key, '@', 2) COLLATE "C");
DROP INDEX leads_lead_score_status;
CREATE INDEX leads_status_lead_score ON leads (status, lead_score, id);
DROP INDEX leads_status_next_follow_up;
CREATE INDEX leads_status_next_follow_up ON leads (status, lead_time(next_follow_up), id);
DROP INDEX leads_status_last_contact_date;
CREATE INDEX leads_status_last_contact_date ON leads (status, lead_time(last_contact_date), id);
DROP INDEX leads_status_created_at;
CREATE INDEX leads_status_created_at ON leads (status, lead_time(created_at), id);
CREATE INDEX leads_assigned_to_next_follow_up ON leads (assigned_to, next_follow_up, id)
    INCLUDE (status, archived_at) WHERE next_follow_up IS NOT NULL;
DROP INDEX leads_next_follow_up;
CREATE INDEX leads_next_follow_up ON leads (next_follow_up, id) INCLUDE (status, archived_at);
DROP INDEX leads_assigned_to_created_at;
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id)
    INCLUDE (status, source, lead_score, next_follow_up, archived_at);
DROP INDEX leads_created_at;
CREATE INDEX leads_created_at ON leads (created_at, id)
    INCLUDE (assigned_to, status, source, lead_score, next_follow_up, archived_at);
