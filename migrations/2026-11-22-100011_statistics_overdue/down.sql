-- As it was made by the migration statistics, but for its indexes on leads.
DROP FUNCTION lead_statistics_overdue_since(uuid[], timestamptz, timestamptz, timestamptz);
DROP FUNCTION lead_statistics_advance(timestamptz);
DROP FUNCTION lead_statistics_fold(integer);
DROP FUNCTION lead_statistics_rebuild();
DROP TRIGGER lead_statistics_truncated ON leads;
DROP TRIGGER lead_statistics_deleted ON leads;
DROP TRIGGER lead_statistics_updated ON leads;
DROP TRIGGER lead_statistics_inserted ON leads;
DROP FUNCTION lead_statistics_truncated();
DROP FUNCTION lead_statistics_deleted();
DROP FUNCTION lead_statistics_updated();
DROP FUNCTION lead_statistics_inserted();
DROP AGGREGATE sum_bigint(bigint);
DROP VIEW lead_statistics;
DROP TABLE lead_statistics_watermark;
DROP TABLE lead_statistics_ahead;
DROP TABLE lead_statistics_deltas;
DROP TABLE lead_statistics_folded;
DROP TYPE statistics_grain;

CREATE TYPE statistics_grain AS ENUM ('HOUR', 'DAY', 'MONTH');

CREATE TABLE lead_statistics_folded (
    grain statistics_grain NOT NULL,
    -- Zeros: assigned to nobody. Ones: all leads, whoever they are assigned to.
    agent uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    score_sum bigint NOT NULL,
    total integer NOT NULL,
    hot integer NOT NULL,
    -- Leads neither WON nor LOST whose next follow-up, not whose creation, lies in this time.
    follow_ups integer NOT NULL,
    status_new integer NOT NULL,
    status_contacted integer NOT NULL,
    status_qualified integer NOT NULL,
    status_proposal integer NOT NULL,
    status_negotiation integer NOT NULL,
    status_won integer NOT NULL,
    status_lost integer NOT NULL,
    status_callback integer NOT NULL,
    source_website integer NOT NULL,
    source_facebook integer NOT NULL,
    source_instagram integer NOT NULL,
    source_whatsapp integer NOT NULL,
    source_referral integer NOT NULL,
    source_other integer NOT NULL,
    PRIMARY KEY (grain, agent, starts_at)
    -- Room on each page: a fold then writes the new version of a row beside the old one and leaves
    -- the indexes alone.
) WITH (fillfactor = 70);

CREATE INDEX lead_statistics_folded_starts_at ON lead_statistics_folded (grain, starts_at, agent);

-- It is emptied as fast as it is filled: dead rows are cleaned away early.
CREATE TABLE lead_statistics_deltas (LIKE lead_statistics_folded)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE INDEX lead_statistics_deltas_starts_at ON lead_statistics_deltas (grain, starts_at, agent);

CREATE VIEW lead_statistics AS
    SELECT * FROM lead_statistics_folded UNION ALL SELECT * FROM lead_statistics_deltas;

-- sum(bigint) is numeric, because it could be too large for a bigint. These sums cannot.
CREATE AGGREGATE sum_bigint(bigint) (
    sfunc = int8pl, stype = bigint, initcond = '0', combinefunc = int8pl, parallel = safe);

-- One statement counts leads into rows like those above. What it counts differs: the rows that an
-- INSERT, UPDATE or DELETE added and removed, or the whole table. Each lead comes with a sign: +1
-- if it is to be counted, -1 if it was counted before.
DO $do$
DECLARE
    counting text := $sql$
    INSERT INTO %I
    SELECT * FROM (
        SELECT (CASE WHEN grouping(hour) = 0 THEN 'HOUR' WHEN grouping(day) = 0 THEN 'DAY'
                     ELSE 'MONTH' END)::statistics_grain AS grain,
               CASE WHEN grouping(agent) = 0 THEN agent
                    ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff' END AS agent,
               CASE WHEN grouping(hour) = 0 THEN hour WHEN grouping(day) = 0 THEN day
                    ELSE month END AS starts_at,
               sum(counted * lead_score) AS score_sum,
               sum(counted) AS total,
               coalesce(sum(counted) FILTER (WHERE lead_score > 70), 0) AS hot,
               sum(due) AS follow_ups,
               coalesce(sum(counted) FILTER (WHERE status = 'NEW'), 0) AS status_new,
               coalesce(sum(counted) FILTER (WHERE status = 'CONTACTED'), 0) AS status_contacted,
               coalesce(sum(counted) FILTER (WHERE status = 'QUALIFIED'), 0) AS status_qualified,
               coalesce(sum(counted) FILTER (WHERE status = 'PROPOSAL'), 0) AS status_proposal,
               coalesce(sum(counted) FILTER (WHERE status = 'NEGOTIATION'), 0) AS status_negotiation,
               coalesce(sum(counted) FILTER (WHERE status = 'WON'), 0) AS status_won,
               coalesce(sum(counted) FILTER (WHERE status = 'LOST'), 0) AS status_lost,
               coalesce(sum(counted) FILTER (WHERE status = 'CALLBACK'), 0) AS status_callback,
               coalesce(sum(counted) FILTER (WHERE source = 'WEBSITE'), 0) AS source_website,
               coalesce(sum(counted) FILTER (WHERE source = 'FACEBOOK'), 0) AS source_facebook,
               coalesce(sum(counted) FILTER (WHERE source = 'INSTAGRAM'), 0) AS source_instagram,
               coalesce(sum(counted) FILTER (WHERE source = 'WHATSAPP'), 0) AS source_whatsapp,
               coalesce(sum(counted) FILTER (WHERE source = 'REFERRAL'), 0) AS source_referral,
               coalesce(sum(counted) FILTER (WHERE source = 'OTHER'), 0) AS source_other
          FROM (SELECT status, source, lead_score, counted, due,
                       coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent,
                       date_trunc('hour', at, 'UTC') AS hour,
                       date_trunc('day', at, 'UTC') AS day,
                       date_trunc('month', at, 'UTC') AS month
                  FROM (%s) AS signed,
                       LATERAL (VALUES
                           (created_at, sign, 0),
                           (CASE WHEN status NOT IN ('WON', 'LOST') THEN next_follow_up END, 0, sign)
                       ) AS moments (at, counted, due)
                 WHERE archived_at IS NULL AND at IS NOT NULL) AS shares
         GROUP BY GROUPING SETS ((agent, month), (agent, day), (month), (day), (hour))) AS sums
     -- An UPDATE that leaves all of this as it was adds nothing.
     WHERE (score_sum, total, hot, follow_ups, status_new, status_contacted,
            status_qualified, status_proposal, status_negotiation, status_won, status_lost,
            status_callback, source_website, source_facebook, source_instagram, source_whatsapp,
            source_referral, source_other)
           <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)$sql$;
    -- In the order in which they are read together: rows of everybody, then day by day.
    sorted text := $sql$
     ORDER BY grain, agent <> 'ffffffff-ffff-ffff-ffff-ffffffffffff', starts_at, agent$sql$;
    columns text := 'SELECT status, source, lead_score, assigned_to, created_at, next_follow_up, '
                    'archived_at, ';
    added text := columns || '1 AS sign FROM added';
    removed text := columns || '-1 AS sign FROM removed';
    trigger_function text := 'CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS %L';
BEGIN
    EXECUTE format(trigger_function, 'lead_statistics_inserted',
        'BEGIN ' || format(counting, 'lead_statistics_deltas', added) || '; RETURN NULL; END');
    EXECUTE format(trigger_function, 'lead_statistics_updated',
        'BEGIN ' || format(counting, 'lead_statistics_deltas', added || ' UNION ALL ' || removed)
        || '; RETURN NULL; END');
    EXECUTE format(trigger_function, 'lead_statistics_deleted',
        'BEGIN ' || format(counting, 'lead_statistics_deltas', removed) || '; RETURN NULL; END');
    -- Counts everything anew while writers wait: here, and where leads were written with triggers
    -- switched off.
    EXECUTE format(
        'CREATE FUNCTION lead_statistics_rebuild() RETURNS void LANGUAGE plpgsql '
        'SET work_mem = ''128MB'' AS %L',
        'BEGIN LOCK TABLE leads, lead_statistics_deltas, lead_statistics_folded '
        'IN SHARE ROW EXCLUSIVE MODE; '
        'DELETE FROM lead_statistics_deltas; DELETE FROM lead_statistics_folded; '
        || format(counting, 'lead_statistics_folded', columns || '1 AS sign FROM leads') || sorted
        || '; END');
END $do$;

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
    TRUNCATE lead_statistics_deltas, lead_statistics_folded;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_statistics_truncated AFTER TRUNCATE ON leads
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_truncated();

-- Folds at most so many deltas and returns how many: the caller asks again until there are no more,
-- so that no transaction grows with what has piled up. One folds at a time (the lock's number reads
-- "crm fold"); others find nothing to do. Readers see the rows before or after, never both.
CREATE FUNCTION lead_statistics_fold(most integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    count bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(x'63726d20666f6c64'::bigint) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM lead_statistics_deltas
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM lead_statistics_deltas LIMIT most))
        RETURNING *
    ), folded AS (
        INSERT INTO lead_statistics_folded AS f
        SELECT grain, agent, starts_at,
               sum_bigint(score_sum), sum(total), sum(hot), sum(follow_ups), sum(status_new),
               sum(status_contacted), sum(status_qualified), sum(status_proposal),
               sum(status_negotiation), sum(status_won), sum(status_lost), sum(status_callback),
               sum(source_website), sum(source_facebook), sum(source_instagram),
               sum(source_whatsapp), sum(source_referral), sum(source_other)
          FROM taken
         GROUP BY grain, agent, starts_at
         ORDER BY grain, starts_at, agent
            ON CONFLICT (grain, agent, starts_at) DO UPDATE SET
               score_sum = f.score_sum + excluded.score_sum, total = f.total + excluded.total,
               hot = f.hot + excluded.hot, follow_ups = f.follow_ups + excluded.follow_ups,
               status_new = f.status_new + excluded.status_new,
               status_contacted = f.status_contacted + excluded.status_contacted,
               status_qualified = f.status_qualified + excluded.status_qualified,
               status_proposal = f.status_proposal + excluded.status_proposal,
               status_negotiation = f.status_negotiation + excluded.status_negotiation,
               status_won = f.status_won + excluded.status_won,
               status_lost = f.status_lost + excluded.status_lost,
               status_callback = f.status_callback + excluded.status_callback,
               source_website = f.source_website + excluded.source_website,
               source_facebook = f.source_facebook + excluded.source_facebook,
               source_instagram = f.source_instagram + excluded.source_instagram,
               source_whatsapp = f.source_whatsapp + excluded.source_whatsapp,
               source_referral = f.source_referral + excluded.source_referral,
               source_other = f.source_other + excluded.source_other
    )
    SELECT count(*) INTO count FROM taken;
    RETURN count;
END $$;

SELECT lead_statistics_rebuild();
