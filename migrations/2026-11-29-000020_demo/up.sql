-- People of the demo data, and the administrator of development, sign in with a published password: a profile
-- that others can reach refuses them. A password or an address of their own takes the mark off.
ALTER TABLE users ADD COLUMN is_demo boolean NOT NULL DEFAULT false;

-- The timeline positions between which a run of the demo data wrote: `crm demo remove` deletes the leads that have
-- no other entries. A run that was broken off is not here, and its leads stay.
CREATE TABLE demo_runs (
    first_position bigint PRIMARY KEY,
    last_position bigint NOT NULL CHECK (last_position >= first_position)
);
