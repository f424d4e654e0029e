DROP TRIGGER auth_revision_grows ON users;
DROP FUNCTION auth_revision_grows();
DROP TABLE auth_revision;
