-- Only of leads that have one: a change of any other lead writes no entry.
CREATE INDEX CONCURRENTLY leads_job_title ON leads (job_title_key) WHERE job_title_key IS NOT NULL;
