-- The users' revision grows with every change of an API key after which it may stand for nobody, or for somebody
-- else: whoever knows who stands behind a key as of a revision knows it until there is another one. That a key was
-- used is no such change. Keys that ended by themselves are told by their time.
CREATE CONSTRAINT TRIGGER users_are_revised
    AFTER UPDATE OF id, user_id, role, secret_hash, expires_at, revoked_at OR DELETE ON api_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users_are_revised();

CREATE TRIGGER users_are_revised_at_once AFTER TRUNCATE ON api_keys
    EXECUTE FUNCTION users_are_revised();
