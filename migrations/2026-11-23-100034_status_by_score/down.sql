CREATE INDEX leads_lead_score_status ON leads (lead_score, status, id);
DROP INDEX leads_status_lead_score;
