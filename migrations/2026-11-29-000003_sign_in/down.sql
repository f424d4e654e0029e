DROP TABLE login_addresses;
DROP FUNCTION end_login_attempt(bytea[], timestamptz, boolean);
DROP FUNCTION begin_login_attempt(bytea[], integer[]);
DROP TABLE login_attempts;
DROP TABLE sessions;
