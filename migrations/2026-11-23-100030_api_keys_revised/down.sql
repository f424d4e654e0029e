DROP TRIGGER users_are_revised_at_once ON api_keys;
DROP TRIGGER users_are_revised ON api_keys;
