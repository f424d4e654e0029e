-- People of the demo data, and the administrator of development, sign in with a published password: a profile
-- that others can reach refuses them. A password or an address of their own takes the mark off.
ALTER TABLE users ADD COLUMN is_demo boolean NOT NULL DEFAULT false;
