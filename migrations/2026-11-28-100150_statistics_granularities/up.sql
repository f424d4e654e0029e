-- The rollups of the statistics in three granularities: any range of time is the plain sum of some of them.
--
-- A row counts the leads that are not archived, created in one UTC month or one UTC day, of one assignee,
-- of nobody, or of all together; or created in one UTC hour, of all together.
--
-- Writers add rows to lead_statistics_deltas, as before; the deltas, the watermark and the triggers stay as
-- they were (see statistics_raw_deltas). At every moment the rollups and the deltas together are right.
--
-- The sums are a list, lead_statistics_sums: a further one is one line, as below, and a rebuild.
DROP FUNCTION lead_statistics_advance(timestamptz);
DROP FUNCTION lead_statistics_fold(integer);
DROP FUNCTION lead_statistics_rebuild();
DROP TABLE lead_statistics_folded;
DROP TYPE statistics_grain;
ALTER TABLE lead_statistics_deltas RENAME COLUMN agent TO assignee;

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

SELECT lead_statistics_add_sum('total', '1');
SELECT lead_statistics_add_sum('score', 'lead_score', 'bigint');
SELECT lead_statistics_add_sum('hot', 'CASE WHEN lead_score > 70 THEN 1 END');
SELECT lead_statistics_add_sum('not_hot', 'CASE WHEN lead_score <= 70 THEN 1 END');
SELECT lead_statistics_add_sum(
    'overdue', 'CASE WHEN next_follow_up < mark AND status NOT IN (''WON'', ''LOST'') THEN 1 END');
SELECT lead_statistics_add_sum('status_' || lower(word::text), format('CASE status WHEN %L THEN 1 END', word))
  FROM unnest(enum_range(NULL::lead_status)) AS word;
SELECT lead_statistics_add_sum('source_' || lower(word::text), format('CASE source WHEN %L THEN 1 END', word))
  FROM unnest(enum_range(NULL::lead_source)) AS word;

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

-- Counts everything anew while writers wait: here, and where leads were written with triggers switched
-- off. Nobody folds meanwhile (the lock's number reads "crm fold").
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

CREATE OR REPLACE FUNCTION lead_statistics_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE lead_statistics_deltas, lead_statistics_rollups;
    RETURN NULL;
END $$;

SELECT lead_statistics_rebuild();
