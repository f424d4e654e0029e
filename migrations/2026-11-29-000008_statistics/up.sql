-- Statistics in three granularities: any range of time is the plain sum of some rollups.
--
-- A row of lead_statistics_rollups counts the leads that are not archived, created in one UTC month or one UTC
-- day, of one assignee, of nobody, or of all together; or created in one UTC hour, of all together.
--
-- Writers only ever add rows, to lead_statistics_deltas, in their own transactions: a lead as it became counts
-- 1, as it was -1. None waits for another, and none computes anything. From time to time the deltas are folded
-- into the rollups: in any snapshot
--     the rollups + the deltas = the leads.
--
-- Follow-ups become overdue by themselves, while nobody writes. So the column overdue counts the follow-ups
-- among what is rolled up that were planned before one moment, the watermark, which moves on every few seconds.
-- Writers do not know it. At any moment since it, in any snapshot,
--     the column overdue + the deltas that lie before the watermark
--     + the leads that lie between the watermark and the moment
--     = the open leads whose next follow-up lies before the moment,
-- because those between them are among the leads, rolled up or not.
CREATE TYPE statistics_granularity AS ENUM ('HOUR', 'DAY', 'MONTH');

CREATE TABLE lead_statistics_rollups (
    granularity statistics_granularity NOT NULL,
    -- Zeros: assigned to nobody. Ones: all leads, whoever they are assigned to.
    assignee uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    PRIMARY KEY (granularity, assignee, starts_at)
    -- Room on each page: a fold then writes the new version of a row beside the old one and leaves
    -- the indexes alone.
) WITH (fillfactor = 70);

CREATE INDEX lead_statistics_rollups_starts_at
    ON lead_statistics_rollups (granularity, starts_at, assignee);

-- Leads, not archived, as they became (1) or as they were (-1). The table is emptied as fast as it
-- is filled: it is read from end to end, and dead rows are cleaned away early.
CREATE TABLE lead_statistics_deltas (
    assignee uuid NOT NULL,
    created_at timestamptz NOT NULL,
    next_follow_up timestamptz,
    status lead_status NOT NULL,
    source lead_source NOT NULL,
    lead_score integer NOT NULL,
    change integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- One row. The moment never goes back, or what was counted would have to be found again.
CREATE TABLE lead_statistics_watermark (
    moment timestamptz NOT NULL,
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only)
);

INSERT INTO lead_statistics_watermark VALUES (now());

-- sum(bigint) is numeric, because it could be too large for a bigint. These sums cannot.
CREATE AGGREGATE sum_bigint(bigint) (
    sfunc = int8pl, stype = bigint, initcond = '0', combinefunc = int8pl, parallel = safe);

-- Each is a column of the rollups and of the changes. of_lead is what one lead adds to it, an expression of
-- the columns of lead_statistics_deltas and of mark, the watermark; NULL adds nothing.
CREATE TABLE lead_statistics_sums (
    name text COLLATE "C" PRIMARY KEY,
    of_lead text NOT NULL,
    position integer NOT NULL GENERATED ALWAYS AS IDENTITY
);

-- Adds a sum to the list, the rollups and the view of changes: what the deltas add to each sum.
CREATE FUNCTION lead_statistics_add_sum(name text, of_lead text, type regtype DEFAULT 'integer')
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_statistics_sums VALUES (name, of_lead);
    EXECUTE format(
        'ALTER TABLE lead_statistics_rollups ADD COLUMN %I %s NOT NULL DEFAULT 0', name, type);
    EXECUTE (
        SELECT 'CREATE OR REPLACE VIEW lead_statistics_changes AS SELECT assignee, created_at, '
               || string_agg(format('coalesce(change * (%s), 0)::bigint AS %I', sums.of_lead, sums.name),
                             ', ' ORDER BY position)
               || ' FROM lead_statistics_deltas, '
                  '(SELECT moment AS mark FROM lead_statistics_watermark) AS watermark'
          FROM lead_statistics_sums AS sums);
END $$;

-- A further sum is one line, and a rebuild.
SELECT lead_statistics_add_sum('total', '1');
SELECT lead_statistics_add_sum('score', 'lead_score', 'bigint');
SELECT lead_statistics_add_sum('hot', 'CASE WHEN lead_score > 70 THEN 1 END');
SELECT lead_statistics_add_sum('not_hot', 'CASE WHEN lead_score <= 70 THEN 1 END');
SELECT lead_statistics_add_sum(
    'overdue', 'CASE WHEN next_follow_up < mark AND status NOT IN (''WON'', ''LOST'') THEN 1 END');
SELECT lead_statistics_add_sum('status_new', 'CASE status WHEN ''NEW'' THEN 1 END');
SELECT lead_statistics_add_sum('status_contacted', 'CASE status WHEN ''CONTACTED'' THEN 1 END');
SELECT lead_statistics_add_sum('status_qualified', 'CASE status WHEN ''QUALIFIED'' THEN 1 END');
SELECT lead_statistics_add_sum('status_proposal', 'CASE status WHEN ''PROPOSAL'' THEN 1 END');
SELECT lead_statistics_add_sum('status_negotiation', 'CASE status WHEN ''NEGOTIATION'' THEN 1 END');
SELECT lead_statistics_add_sum('status_won', 'CASE status WHEN ''WON'' THEN 1 END');
SELECT lead_statistics_add_sum('status_lost', 'CASE status WHEN ''LOST'' THEN 1 END');
SELECT lead_statistics_add_sum('status_callback', 'CASE status WHEN ''CALLBACK'' THEN 1 END');
SELECT lead_statistics_add_sum('source_website', 'CASE source WHEN ''WEBSITE'' THEN 1 END');
SELECT lead_statistics_add_sum('source_facebook', 'CASE source WHEN ''FACEBOOK'' THEN 1 END');
SELECT lead_statistics_add_sum('source_instagram', 'CASE source WHEN ''INSTAGRAM'' THEN 1 END');
SELECT lead_statistics_add_sum('source_whatsapp', 'CASE source WHEN ''WHATSAPP'' THEN 1 END');
SELECT lead_statistics_add_sum('source_referral', 'CASE source WHEN ''REFERRAL'' THEN 1 END');
SELECT lead_statistics_add_sum('source_other', 'CASE source WHEN ''OTHER'' THEN 1 END');

-- The statement that adds changes to the rollups. The changes are a query with the columns of
-- lead_statistics_deltas and mark; only those sums are added to, all if NULL. The rows come in the order in
-- which they are read together: those of all leads, then day by day.
CREATE FUNCTION lead_statistics_add_changes(changes text, only_sums text[] DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT format($sql$
        INSERT INTO lead_statistics_rollups AS rollup (granularity, assignee, starts_at, %1$s)
        SELECT * FROM (
            SELECT CASE WHEN grouping(hour) = 0 THEN 'HOUR' WHEN grouping(day) = 0 THEN 'DAY'
                        ELSE 'MONTH' END::statistics_granularity AS granularity,
                   CASE WHEN grouping(assignee) = 0 THEN assignee
                        ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff' END AS assignee,
                   coalesce(hour, day, month) AS starts_at, %2$s
              FROM (SELECT changes.*, date_trunc('hour', created_at, 'UTC') AS hour,
                           date_trunc('day', created_at, 'UTC') AS day,
                           date_trunc('month', created_at, 'UTC') AS month
                      FROM (%3$s) AS changes) AS changes
             GROUP BY GROUPING SETS ((assignee, month), (assignee, day), (month), (day), (hour))) AS sums
         WHERE (%1$s) <> (%4$s)
         ORDER BY granularity, assignee <> 'ffffffff-ffff-ffff-ffff-ffffffffffff', starts_at, assignee
            ON CONFLICT (granularity, assignee, starts_at) DO UPDATE SET %5$s$sql$,
        string_agg(quote_ident(name), ', ' ORDER BY position),
        string_agg(format('sum_bigint(change * (%s)) AS %I', of_lead, name), ', ' ORDER BY position),
        changes,
        string_agg('0'::text, ', '),
        string_agg(format('%1$I = rollup.%1$I + excluded.%1$I', name), ', '))
      FROM lead_statistics_sums WHERE only_sums IS NULL OR name = ANY (only_sums)
$$;

-- Counts everything anew while writers wait, where leads were written with triggers switched off. Nobody folds meanwhile (the lock's number reads "crm fold").
CREATE FUNCTION lead_statistics_rebuild() RETURNS void LANGUAGE plpgsql SET work_mem = '128MB' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'63726d20666f6c64'::bigint);
    LOCK TABLE leads, lead_statistics_deltas, lead_statistics_rollups IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM lead_statistics_deltas;
    DELETE FROM lead_statistics_rollups;
    UPDATE lead_statistics_watermark SET moment = greatest(moment, now());
    EXECUTE lead_statistics_add_changes($sql$
        SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS assignee, created_at,
               next_follow_up, status, source, lead_score, 1 AS change, moment AS mark
          FROM leads, lead_statistics_watermark WHERE archived_at IS NULL$sql$);
    -- Readers' plans need to know how many assignees there are.
    ANALYZE lead_statistics_rollups;
END $$;

-- Folds at most so many deltas and returns how many: the caller asks again until there are fewer, so that
-- no transaction grows with what has piled up. One folds at a time; others find nothing to do. Readers see
-- the rows before or after, never both. What to fold is deleted by its addresses, of which there are up to
-- 20,000: a plan that compares each row with each address took 20 s.
CREATE FUNCTION lead_statistics_fold(most integer) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM lead_statistics_deltas)
        OR NOT pg_try_advisory_xact_lock(x'63726d20666f6c64'::bigint) THEN
        RETURN 0;
    END IF;
    EXECUTE format($sql$
        WITH taken AS (
            DELETE FROM lead_statistics_deltas
             WHERE ctid = ANY (ARRAY(SELECT ctid FROM lead_statistics_deltas LIMIT $1))
            RETURNING *
        ), added AS (%s)
        SELECT count(*) FROM taken$sql$,
        lead_statistics_add_changes(
            'SELECT taken.*, moment AS mark FROM taken, lead_statistics_watermark'))
        INTO count USING most;
    RETURN count;
END $$;

-- Moves the watermark on, unless somebody is folding, and counts the follow-ups among what is rolled up
-- that it passes by: those among the leads, without those among the deltas.
CREATE FUNCTION lead_statistics_advance(until timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    may_move boolean;
    mark timestamptz;
BEGIN
    -- As TRUNCATE does: the leads first.
    LOCK TABLE leads IN ACCESS SHARE MODE;
    may_move := pg_try_advisory_xact_lock(x'63726d20666f6c64'::bigint);
    SELECT moment INTO mark FROM lead_statistics_watermark;
    IF mark >= until OR NOT may_move THEN
        RETURN mark;
    END IF;
    UPDATE lead_statistics_watermark SET moment = until;
    EXECUTE lead_statistics_add_changes($sql$
        SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS assignee, created_at,
               next_follow_up, status, 1 AS change, $2 AS mark
          FROM leads WHERE next_follow_up >= $1 AND next_follow_up < $2
           AND archived_at IS NULL AND status NOT IN ('WON', 'LOST')
         UNION ALL
        SELECT assignee, created_at, next_follow_up, status, -change, $2
          FROM lead_statistics_deltas WHERE next_follow_up >= $1 AND next_follow_up < $2
           AND status NOT IN ('WON', 'LOST')$sql$, '{overdue}') USING mark, until;
    RETURN until;
END $$;

-- The leads whose follow-ups became overdue since the watermark (1), or become so up to it (-1). They are
-- looked for by that condition alone, the narrowest by far, which the planner cannot know: OFFSET 0.
CREATE FUNCTION lead_statistics_overdue_since(until timestamptz)
RETURNS TABLE (assignee uuid, created_at timestamptz, change bigint) LANGUAGE sql STABLE AS $$
    SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'), leads.created_at,
           CASE WHEN moment < until THEN 1 ELSE -1 END::bigint
      FROM lead_statistics_watermark, LATERAL (
        SELECT leads.assigned_to, leads.created_at FROM leads
         WHERE next_follow_up >= least(moment, until) AND next_follow_up < greatest(moment, until)
           AND archived_at IS NULL AND status NOT IN ('WON', 'LOST') OFFSET 0) AS leads
$$;

CREATE FUNCTION lead_statistics_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_statistics_deltas
    SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'), created_at,
           next_follow_up, status, source, lead_score, 1
      FROM added WHERE archived_at IS NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION lead_statistics_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_statistics_deltas
    SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'), created_at,
           next_follow_up, status, source, lead_score, -1
      FROM removed WHERE archived_at IS NULL;
    RETURN NULL;
END $$;

-- One pass over what an UPDATE changed: what it left as it was, as most do of all that is counted,
-- cancels out.
CREATE FUNCTION lead_statistics_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_statistics_deltas
    SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000'), created_at,
           next_follow_up, status, source, lead_score, sum(change)
      FROM (SELECT assigned_to, created_at, next_follow_up, status, source, lead_score,
                   1 AS change FROM added WHERE archived_at IS NULL
             UNION ALL
            SELECT assigned_to, created_at, next_follow_up, status, source, lead_score,
                   -1 FROM removed WHERE archived_at IS NULL) AS changed
     GROUP BY assigned_to, created_at, next_follow_up, status, source, lead_score
    HAVING sum(change) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_statistics_inserted AFTER INSERT ON leads
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_inserted();
CREATE TRIGGER lead_statistics_updated AFTER UPDATE ON leads
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_updated();
CREATE TRIGGER lead_statistics_deleted AFTER DELETE ON leads
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_deleted();

CREATE FUNCTION lead_statistics_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE lead_statistics_deltas, lead_statistics_rollups;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_statistics_truncated AFTER TRUNCATE ON leads
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_truncated();
