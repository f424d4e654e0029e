DROP TABLE account_links;
ALTER TABLE users DROP COLUMN invited_at;
