DROP TRIGGER users_are_revised ON session_keys;
DROP TRIGGER users_are_revised_at_once ON sessions;
DROP TRIGGER users_are_revised ON sessions;
