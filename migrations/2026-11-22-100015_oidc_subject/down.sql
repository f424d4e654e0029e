ALTER TABLE users DROP COLUMN oidc_subject;
