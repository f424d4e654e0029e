-- Each index of an order ends with status and source, so that a filter of them is told by the entries of the
-- index, without a look at the leads. That of created_at has the source alone: leads lie in its order, so that
-- PostgreSQL would take it for one status, too, and go over all that have others. The few leads that are
-- archived have an index of their own.
DROP INDEX leads_created_at;
CREATE INDEX leads_created_at ON leads (created_at, id, source);
DROP INDEX leads_updated_at;
CREATE INDEX leads_updated_at ON leads (updated_at, id, status, source);
DROP INDEX leads_lead_score;
CREATE INDEX leads_lead_score ON leads (lead_score, id, status, source);
DROP INDEX leads_conversion_probability;
CREATE INDEX leads_conversion_probability ON leads (conversion_probability, id, status, source);
DROP INDEX leads_status;
CREATE INDEX leads_status ON leads (status, id, source);
DROP INDEX leads_last_contact_date;
CREATE INDEX leads_last_contact_date ON leads (last_contact_date, id, status, source);
DROP INDEX leads_next_follow_up;
CREATE INDEX leads_next_follow_up ON leads (next_follow_up, id, status, source);
DROP INDEX leads_last_name;
CREATE INDEX leads_last_name ON leads (last_name_key, id, status, source);
DROP INDEX leads_company;
CREATE INDEX leads_company ON leads (company_key, id, status, source);
DROP INDEX leads_status_created_at;
CREATE INDEX leads_status_created_at ON leads (status, created_at, id, source);
DROP INDEX leads_status_last_contact_date;
CREATE INDEX leads_status_last_contact_date ON leads (status, last_contact_date, id, source);
DROP INDEX leads_status_next_follow_up;
CREATE INDEX leads_status_next_follow_up ON leads (status, next_follow_up, id, source);
DROP INDEX leads_status_conversion_probability;
CREATE INDEX leads_status_conversion_probability ON leads (status, conversion_probability, id, source);
DROP INDEX leads_lead_score_status;
CREATE INDEX leads_lead_score_status ON leads (lead_score, status, id, source);
DROP INDEX leads_assigned_to_created_at;
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id, status, source);
DROP INDEX leads_assigned_to_lead_score;
CREATE INDEX leads_assigned_to_lead_score ON leads (assigned_to, lead_score, id, status, source);
CREATE INDEX leads_archived ON leads (archived_at, id) WHERE archived_at IS NOT NULL;
ANALYZE leads;
