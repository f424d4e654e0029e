ALTER TABLE leads DROP COLUMN job_title_key, DROP COLUMN job_title;
