DROP FUNCTION take_sign_in_try(bytea, integer, timestamptz);
DROP TABLE sign_in_tries;
