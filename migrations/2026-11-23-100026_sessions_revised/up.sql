-- The users' revision grows with the end of a session, too: whoever knows who stands behind a token as of
-- a revision knows it until there is another one. Sessions that ended by themselves are told by their time.
CREATE CONSTRAINT TRIGGER users_are_revised AFTER UPDATE OR DELETE ON sessions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.expires_at > now())
    EXECUTE FUNCTION users_are_revised();

CREATE TRIGGER users_are_revised_at_once AFTER TRUNCATE ON sessions
    EXECUTE FUNCTION users_are_revised();

-- Nor is a token taken any more whose key was taken out.
CREATE CONSTRAINT TRIGGER users_are_revised AFTER DELETE ON session_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users_are_revised();
