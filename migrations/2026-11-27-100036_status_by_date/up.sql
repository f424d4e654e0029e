-- The leads of a status by when they came, were talked to last and are to be talked to next. All three go
-- with the status: new leads were never talked to, few that are won or lost have a follow-up, and the
-- newest are neither. PostgreSQL takes one for independent of the other, and would rather walk along the
-- times of all leads than along those of a status that lie all over the table, and meet none. So these
-- have an order that no other index has.
CREATE FUNCTION lead_time(at timestamptz) RETURNS timestamp
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT at AT TIME ZONE 'UTC' $$;

DROP INDEX leads_status_created_at;
CREATE INDEX leads_status_created_at ON leads (status, lead_time(created_at), id);
CREATE INDEX leads_status_last_contact_date ON leads (status, lead_time(last_contact_date), id);
CREATE INDEX leads_status_next_follow_up ON leads (status, lead_time(next_follow_up), id);
