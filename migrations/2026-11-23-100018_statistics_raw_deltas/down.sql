-- As it was made by the migration statistics_overdue.
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
DROP TABLE lead_statistics_watermark;
DROP TABLE lead_statistics_deltas;
DROP TABLE lead_statistics_folded;
DROP TYPE statistics_grain;

CREATE TYPE statistics_grain AS ENUM ('HOUR', 'DAY', 'DEKAD', 'MONTH');

CREATE TABLE lead_statistics_folded (
    grain statistics_grain NOT NULL,
    -- Zeros: assigned to nobody. Ones: all leads, whoever they are assigned to.
    agent uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    score_sum bigint NOT NULL DEFAULT 0,
    total integer NOT NULL DEFAULT 0,
    hot integer NOT NULL DEFAULT 0,
    -- Leads neither WON nor LOST whose next follow-up lies before the watermark.
    overdue integer NOT NULL DEFAULT 0,
    status_new integer NOT NULL DEFAULT 0,
    status_contacted integer NOT NULL DEFAULT 0,
    status_qualified integer NOT NULL DEFAULT 0,
    status_proposal integer NOT NULL DEFAULT 0,
    status_negotiation integer NOT NULL DEFAULT 0,
    status_won integer NOT NULL DEFAULT 0,
    status_lost integer NOT NULL DEFAULT 0,
    status_callback integer NOT NULL DEFAULT 0,
    source_website integer NOT NULL DEFAULT 0,
    source_facebook integer NOT NULL DEFAULT 0,
    source_instagram integer NOT NULL DEFAULT 0,
    source_whatsapp integer NOT NULL DEFAULT 0,
    source_referral integer NOT NULL DEFAULT 0,
    source_other integer NOT NULL DEFAULT 0,
    PRIMARY KEY (grain, agent, starts_at)
    -- Room on each page: a fold then writes the new version of a row beside the old one and leaves
    -- the indexes alone.
) WITH (fillfactor = 70);

CREATE INDEX lead_statistics_folded_starts_at ON lead_statistics_folded (grain, starts_at, agent);

-- It is emptied as fast as it is filled: dead rows are cleaned away early.
CREATE TABLE lead_statistics_deltas (LIKE lead_statistics_folded INCLUDING DEFAULTS)
    WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE INDEX lead_statistics_deltas_starts_at ON lead_statistics_deltas (grain, starts_at, agent);

-- Follow-ups of open leads that lay ahead of the watermark when they came (1) or went (-1).
CREATE TABLE lead_statistics_ahead (
    agent uuid NOT NULL,
    created_at timestamptz NOT NULL,
    next_follow_up timestamptz NOT NULL,
    change integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE INDEX lead_statistics_ahead_next_follow_up ON lead_statistics_ahead (next_follow_up);

-- One row. The moment never goes back: a writer may have seen any that it ever was.
CREATE TABLE lead_statistics_watermark (
    moment timestamptz NOT NULL,
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only)
);

INSERT INTO lead_statistics_watermark VALUES (now());

CREATE VIEW lead_statistics AS
    SELECT * FROM lead_statistics_folded UNION ALL SELECT * FROM lead_statistics_deltas;

-- One statement counts leads into rows like those above. What it counts differs: the rows that an
-- INSERT, UPDATE or DELETE added and removed, or the whole table. Each lead comes with a sign: +1
-- if it is to be counted, -1 if it was counted before.
DO $do$
DECLARE
    -- Which rows a lead counts in.
    key text := $sql$
        SELECT (CASE WHEN grouping(hour) = 0 THEN 'HOUR' WHEN grouping(day) = 0 THEN 'DAY'
                     WHEN grouping(dekad) = 0 THEN 'DEKAD' ELSE 'MONTH'
                END)::statistics_grain AS grain,
               CASE WHEN grouping(agent) = 0 THEN agent
                    ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff' END AS agent,
               CASE WHEN grouping(hour) = 0 THEN hour WHEN grouping(day) = 0 THEN day
                    WHEN grouping(dekad) = 0 THEN dekad ELSE month END AS starts_at$sql$;
    times text := $sql$
               date_trunc('hour', created_at, 'UTC') AS hour,
               date_trunc('day', created_at, 'UTC') AS day,
               date_trunc('month', created_at, 'UTC') AS month,
               date_trunc('month', created_at, 'UTC') + interval '240 hours'
                   * least((extract(day FROM created_at AT TIME ZONE 'UTC')::integer - 1) / 10, 2)
                   AS dekad$sql$;
    grouped text := $sql$
         GROUP BY GROUPING SETS
             ((agent, month), (agent, dekad), (agent, day), (month), (day), (hour))$sql$;
    counting text := $sql$
    INSERT INTO %I
    SELECT * FROM ($sql$ || key || $sql$,
               sum(sign * lead_score) AS score_sum,
               sum(sign) AS total,
               coalesce(sum(sign) FILTER (WHERE lead_score > 70), 0) AS hot,
               coalesce(sum(sign) FILTER (WHERE is_overdue), 0) AS overdue,
               coalesce(sum(sign) FILTER (WHERE status = 'NEW'), 0) AS status_new,
               coalesce(sum(sign) FILTER (WHERE status = 'CONTACTED'), 0) AS status_contacted,
               coalesce(sum(sign) FILTER (WHERE status = 'QUALIFIED'), 0) AS status_qualified,
               coalesce(sum(sign) FILTER (WHERE status = 'PROPOSAL'), 0) AS status_proposal,
               coalesce(sum(sign) FILTER (WHERE status = 'NEGOTIATION'), 0) AS status_negotiation,
               coalesce(sum(sign) FILTER (WHERE status = 'WON'), 0) AS status_won,
               coalesce(sum(sign) FILTER (WHERE status = 'LOST'), 0) AS status_lost,
               coalesce(sum(sign) FILTER (WHERE status = 'CALLBACK'), 0) AS status_callback,
               coalesce(sum(sign) FILTER (WHERE source = 'WEBSITE'), 0) AS source_website,
               coalesce(sum(sign) FILTER (WHERE source = 'FACEBOOK'), 0) AS source_facebook,
               coalesce(sum(sign) FILTER (WHERE source = 'INSTAGRAM'), 0) AS source_instagram,
               coalesce(sum(sign) FILTER (WHERE source = 'WHATSAPP'), 0) AS source_whatsapp,
               coalesce(sum(sign) FILTER (WHERE source = 'REFERRAL'), 0) AS source_referral,
               coalesce(sum(sign) FILTER (WHERE source = 'OTHER'), 0) AS source_other
          FROM (SELECT status, source, lead_score, sign, is_open
                       AND next_follow_up < mark AS is_overdue, agent,$sql$ || times || $sql$
                  FROM (%s) AS signed) AS shares$sql$ || grouped || $sql$) AS sums
     -- What an UPDATE leaves as it was adds nothing.
     WHERE (
            score_sum, total, hot, overdue, status_new, status_contacted, status_qualified,
            status_proposal, status_negotiation, status_won, status_lost, status_callback,
            source_website, source_facebook, source_instagram, source_whatsapp, source_referral,
            source_other)
           <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)$sql$;

    ahead text := $sql$
    INSERT INTO lead_statistics_ahead
    SELECT agent, created_at, next_follow_up, sum(sign) FROM (%s) AS signed
     WHERE is_open AND next_follow_up >= mark
     GROUP BY agent, created_at, next_follow_up HAVING sum(sign) <> 0$sql$;
    -- Follow-ups that the watermark has passed by, or passes by now.
    passing text := $sql$
    INSERT INTO lead_statistics_deltas (grain, agent, starts_at, overdue)$sql$ || key || $sql$,
               sum(change)
          FROM (SELECT change, agent,$sql$ || times || $sql$
                  FROM (%s) AS passed) AS shares$sql$ || grouped || $sql$
        HAVING sum(change) <> 0$sql$;
    -- In the order in which they are read together: rows of everybody, then day by day.
    sorted text := $sql$
     ORDER BY grain, agent <> 'ffffffff-ffff-ffff-ffff-ffffffffffff', starts_at, agent$sql$;
    leads text := $sql$
        SELECT status, source, lead_score, created_at, next_follow_up,
               coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent,
               status NOT IN ('WON', 'LOST') AS is_open, %s AS sign
          FROM %I WHERE archived_at IS NULL$sql$;
    added text := format(leads, '1', 'added');
    removed text := format(leads, '-1', 'removed');
    -- The watermark is looked up once: it may move on at any time, and what one of the statements
    -- takes for past must not be ahead for the other, or the other way around.
    trigger_function text := 'CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS %L';
    trigger_body text := $sql$
DECLARE
    mark timestamptz := (SELECT moment FROM lead_statistics_watermark);
BEGIN %s %s; %s; RETURN NULL; END $sql$;
    -- Most updates change nothing that is counted, which is found out faster than counted.
    counted text := 'SELECT status, source, lead_score, assigned_to, created_at, next_follow_up, '
                    'archived_at';
    unless_same text := 'IF NOT EXISTS (' || counted || ' FROM added EXCEPT ALL ' || counted
                        || ' FROM removed) THEN RETURN NULL; END IF;';
BEGIN
    EXECUTE format(trigger_function, 'lead_statistics_inserted', format(trigger_body, '',
        format(counting, 'lead_statistics_deltas', added), format(ahead, added)));
    EXECUTE format(trigger_function, 'lead_statistics_updated', format(trigger_body, unless_same,
        format(counting, 'lead_statistics_deltas', added || ' UNION ALL ' || removed),
        format(ahead, added || ' UNION ALL ' || removed)));
    EXECUTE format(trigger_function, 'lead_statistics_deleted', format(trigger_body, '',
        format(counting, 'lead_statistics_deltas', removed), format(ahead, removed)));

    -- Counts everything anew while writers wait: here, and where leads were written with triggers
    -- switched off. Nobody folds meanwhile (the lock's number reads "crm fold").
    EXECUTE format($sql$
CREATE FUNCTION lead_statistics_rebuild() RETURNS void LANGUAGE plpgsql SET work_mem = '128MB' AS %L
    $sql$, $sql$
DECLARE
    mark timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(x'63726d20666f6c64'::bigint);
    LOCK TABLE leads, lead_statistics_ahead, lead_statistics_deltas, lead_statistics_folded
        IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM lead_statistics_deltas;
    DELETE FROM lead_statistics_ahead;
    DELETE FROM lead_statistics_folded;
    UPDATE lead_statistics_watermark SET moment = greatest(moment, now())
        RETURNING moment INTO mark;
    $sql$ || format(counting, 'lead_statistics_folded', format(leads, '1', 'leads')) || sorted || ';
END ');

    -- Folds at most so many deltas, and as many of the follow-ups ahead, and returns how many: the
    -- caller asks again until there are fewer, so that no transaction grows with what has piled up.
    -- One folds at a time; others find nothing to do. Readers see the rows before or after, never
    -- both. Of the follow-ups ahead those count whose time the watermark passed by before their
    -- writers were done; the rest is for the watermark to find among the leads.
    EXECUTE format($sql$
CREATE FUNCTION lead_statistics_fold(most integer) RETURNS bigint LANGUAGE plpgsql AS %L
    $sql$, $sql$
DECLARE
    deltas bigint;
    follow_ups bigint;
    mark timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(x'63726d20666f6c64'::bigint) THEN
        RETURN 0;
    END IF;
    SELECT moment INTO mark FROM lead_statistics_watermark;
    WITH taken AS (
        DELETE FROM lead_statistics_ahead
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM lead_statistics_ahead LIMIT most))
        RETURNING *
    ), passed AS ($sql$
        || format(passing, 'SELECT * FROM taken WHERE next_follow_up < mark') || $sql$
    )
    SELECT count(*) INTO follow_ups FROM taken;
    WITH taken AS (
        DELETE FROM lead_statistics_deltas
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM lead_statistics_deltas LIMIT most))
        RETURNING *
    ), folded AS (
        INSERT INTO lead_statistics_folded AS f
        SELECT grain, agent, starts_at,
               sum_bigint(score_sum), sum(total), sum(hot), sum(overdue), sum(status_new),
               sum(status_contacted), sum(status_qualified), sum(status_proposal),
               sum(status_negotiation), sum(status_won), sum(status_lost), sum(status_callback),
               sum(source_website), sum(source_facebook), sum(source_instagram),
               sum(source_whatsapp), sum(source_referral), sum(source_other)
          FROM taken
         GROUP BY grain, agent, starts_at
         ORDER BY grain, starts_at, agent
            ON CONFLICT (grain, agent, starts_at) DO UPDATE SET
               score_sum = f.score_sum + excluded.score_sum, total = f.total + excluded.total,
               hot = f.hot + excluded.hot, overdue = f.overdue + excluded.overdue,
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
    SELECT count(*) INTO deltas FROM taken;
    RETURN greatest(deltas, follow_ups);
END $sql$);

    -- Moves the watermark on, unless somebody is folding, and counts the follow-ups that it passes
    -- by. A follow-up that is still in lead_statistics_ahead is counted from there.
    EXECUTE format($sql$
CREATE FUNCTION lead_statistics_advance(until timestamptz) RETURNS timestamptz
LANGUAGE plpgsql AS %L
    $sql$, $sql$
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
    $sql$ || format(passing, $sql$
        SELECT created_at, coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent,
               1 AS change
          FROM leads WHERE next_follow_up >= mark AND next_follow_up < until
           AND archived_at IS NULL AND status NOT IN ('WON', 'LOST')
         UNION ALL
        SELECT created_at, agent, -change
          FROM lead_statistics_ahead WHERE next_follow_up >= mark AND next_follow_up < until
    $sql$) || '; RETURN until; END ');
END $do$;

-- How many more follow-ups are overdue at a moment than the column overdue says, of leads of these
-- agents (all, if absent) created in a range of time (open where absent). Their number is that of
-- the follow-ups since the watermark, or negative up to it.
CREATE FUNCTION lead_statistics_overdue_since(
    agents uuid[], created_from timestamptz, created_to timestamptz, now timestamptz)
    RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    mark timestamptz := (SELECT moment FROM lead_statistics_watermark);
BEGIN
    -- The narrowest condition by far is that on next_follow_up, which the planner cannot know.
    RETURN (
        WITH passed AS MATERIALIZED (
            SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent,
                   created_at, CASE WHEN mark < now THEN 1 ELSE -1 END AS change
              FROM leads
             WHERE next_follow_up >= least(mark, now) AND next_follow_up < greatest(mark, now)
               AND archived_at IS NULL AND status NOT IN ('WON', 'LOST')
             UNION ALL
            SELECT agent, created_at, change
              FROM lead_statistics_ahead WHERE next_follow_up < mark)
        SELECT coalesce(sum(change), 0) FROM passed
         WHERE (agents IS NULL OR agent = ANY (agents))
           AND (created_from IS NULL OR created_at >= created_from)
           AND (created_to IS NULL OR created_at < created_to));
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
    TRUNCATE lead_statistics_ahead, lead_statistics_deltas, lead_statistics_folded;
    RETURN NULL;
END $$;

CREATE TRIGGER lead_statistics_truncated AFTER TRUNCATE ON leads
    FOR EACH STATEMENT EXECUTE FUNCTION lead_statistics_truncated();

SELECT lead_statistics_rebuild();
