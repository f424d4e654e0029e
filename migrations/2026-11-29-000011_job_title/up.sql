ALTER TABLE leads ADD COLUMN job_title text, ADD COLUMN job_title_key text COLLATE "C";
