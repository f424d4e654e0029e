-- What to fold is deleted by its addresses, of which there are up to 20,000. Who folds does it every
-- second, mostly with nothing to do, and keeps the plan: one made for an empty table reads all of it
-- and compares each row with each address. After 100,000 leads had changed, each fold took 20 s with
-- that plan, and takes 0.1 s without.
ALTER FUNCTION lead_statistics_fold(integer) SET enable_seqscan = off;
