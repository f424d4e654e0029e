-- The answers are gone: a key would have to be answered with something that is not there.
DELETE FROM idempotency_keys;

ALTER TABLE idempotency_keys RENAME COLUMN done TO answer;
