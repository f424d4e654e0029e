DROP TABLE demo_runs;
ALTER TABLE users DROP COLUMN is_demo;
