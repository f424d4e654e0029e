DROP TRIGGER users_are_revised ON users;
DROP FUNCTION users_are_revised();
DROP TABLE users_revision;
