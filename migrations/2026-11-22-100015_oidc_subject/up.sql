-- Whom an identity provider means by the subject of its tokens, where users are found by that.
ALTER TABLE users ADD COLUMN oidc_subject text COLLATE "C" UNIQUE
    CHECK (length(oidc_subject) BETWEEN 1 AND 255);
