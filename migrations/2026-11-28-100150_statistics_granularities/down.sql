-- As it was made by the migrations statistics_raw_deltas and fold_by_address.
DROP FUNCTION lead_statistics_overdue_since(timestamptz);
DROP FUNCTION lead_statistics_advance(timestamptz);
DROP FUNCTION lead_statistics_fold(integer);
DROP FUNCTION lead_statistics_rebuild();
DROP FUNCTION lead_statistics_add_changes(text, text[]);
DROP FUNCTION lead_statistics_add_sum(text, text, regtype);
DROP VIEW lead_statistics_changes;
DROP TABLE lead_statistics_sums;
DROP TABLE lead_statistics_rollups;
DROP TYPE statistics_granularity;
ALTER TABLE lead_statistics_deltas RENAME COLUMN assignee TO agent;

CREATE TYPE statistics_grain AS ENUM ('HOUR', 'SIX_HOURS', 'DAY', 'DEKAD', 'MONTH', 'QUARTER', 'YEAR');

CREATE TABLE lead_statistics_folded (
    grain statistics_grain NOT NULL,
    -- Zeros: assigned to nobody. Ones: all leads, whoever they are assigned to.
    agent uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    score_sum bigint NOT NULL,
    total integer NOT NULL,
    hot integer NOT NULL,
    -- Leads neither WON nor LOST whose next follow-up lies before the watermark.
    overdue integer NOT NULL,
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

CREATE OR REPLACE FUNCTION lead_statistics_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE lead_statistics_deltas, lead_statistics_folded;
    RETURN NULL;
END $$;

DO $do$
DECLARE
    -- Which rows a lead counts in.
    key text := $sql$
        SELECT (CASE WHEN grouping(hour) = 0 THEN 'HOUR'
                     WHEN grouping(six_hours) = 0 THEN 'SIX_HOURS' WHEN grouping(day) = 0 THEN 'DAY'
                     WHEN grouping(dekad) = 0 THEN 'DEKAD' WHEN grouping(month) = 0 THEN 'MONTH'
                     WHEN grouping(quarter) = 0 THEN 'QUARTER' ELSE 'YEAR'
                END)::statistics_grain AS grain,
               CASE WHEN grouping(agent) = 0 THEN agent
                    ELSE 'ffffffff-ffff-ffff-ffff-ffffffffffff' END AS agent,
               coalesce(hour, six_hours, day, dekad, month, quarter, year) AS starts_at$sql$;
    times text := $sql$
               date_trunc('hour', created_at, 'UTC') AS hour,
               date_bin('6 hours', created_at, '2000-01-01T00:00:00Z') AS six_hours,
               date_trunc('day', created_at, 'UTC') AS day,
               date_trunc('month', created_at, 'UTC') + interval '240 hours'
                   * least((extract(day FROM created_at AT TIME ZONE 'UTC')::integer - 1) / 10, 2)
                   AS dekad,
               date_trunc('month', created_at, 'UTC') AS month,
               date_trunc('quarter', created_at, 'UTC') AS quarter,
               date_trunc('year', created_at, 'UTC') AS year$sql$;
    grouped text := $sql$
         GROUP BY GROUPING SETS
             ((agent, year), (agent, quarter), (agent, month), (agent, dekad), (agent, day),
              (agent, six_hours), (month), (day), (hour))$sql$;
    -- The sums of leads that come with a change, which they count.
    sums text := key || $sql$,
               sum(change * lead_score) AS score_sum,
               sum(change) AS total,
               coalesce(sum(change) FILTER (WHERE lead_score > 70), 0) AS hot,
               coalesce(sum(change) FILTER (WHERE next_follow_up < mark
                                              AND status NOT IN ('WON', 'LOST')), 0) AS overdue,
               coalesce(sum(change) FILTER (WHERE status = 'NEW'), 0) AS status_new,
               coalesce(sum(change) FILTER (WHERE status = 'CONTACTED'), 0) AS status_contacted,
               coalesce(sum(change) FILTER (WHERE status = 'QUALIFIED'), 0) AS status_qualified,
               coalesce(sum(change) FILTER (WHERE status = 'PROPOSAL'), 0) AS status_proposal,
               coalesce(sum(change) FILTER (WHERE status = 'NEGOTIATION'), 0) AS status_negotiation,
               coalesce(sum(change) FILTER (WHERE status = 'WON'), 0) AS status_won,
               coalesce(sum(change) FILTER (WHERE status = 'LOST'), 0) AS status_lost,
               coalesce(sum(change) FILTER (WHERE status = 'CALLBACK'), 0) AS status_callback,
               coalesce(sum(change) FILTER (WHERE source = 'WEBSITE'), 0) AS source_website,
               coalesce(sum(change) FILTER (WHERE source = 'FACEBOOK'), 0) AS source_facebook,
               coalesce(sum(change) FILTER (WHERE source = 'INSTAGRAM'), 0) AS source_instagram,
               coalesce(sum(change) FILTER (WHERE source = 'WHATSAPP'), 0) AS source_whatsapp,
               coalesce(sum(change) FILTER (WHERE source = 'REFERRAL'), 0) AS source_referral,
               coalesce(sum(change) FILTER (WHERE source = 'OTHER'), 0) AS source_other
          FROM (SELECT changed.*,$sql$ || times || $sql$ FROM (%s) AS changed) AS shares$sql$
        || grouped;
BEGIN
    -- Counts everything anew while writers wait: here, and where leads were written with triggers
    -- switched off. Nobody folds meanwhile (the lock's number reads "crm fold"). The rows come in
    -- the order in which they are read together: rows of everybody, then day by day.
    EXECUTE format($sql$
CREATE FUNCTION lead_statistics_rebuild() RETURNS void LANGUAGE plpgsql SET work_mem = '128MB' AS %L
    $sql$, $sql$
DECLARE
    mark timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(x'63726d20666f6c64'::bigint);
    LOCK TABLE leads, lead_statistics_deltas, lead_statistics_folded IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM lead_statistics_deltas;
    DELETE FROM lead_statistics_folded;
    UPDATE lead_statistics_watermark SET moment = greatest(moment, now())
        RETURNING moment INTO mark;
    INSERT INTO lead_statistics_folded SELECT * FROM ($sql$ || format(sums, $sql$
        SELECT coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent, created_at,
               next_follow_up, status, source, lead_score, 1 AS change
          FROM leads WHERE archived_at IS NULL$sql$) || $sql$) AS sums
     ORDER BY grain, agent <> 'ffffffff-ffff-ffff-ffff-ffffffffffff', starts_at, agent;
END $sql$);

    -- Folds at most so many deltas and returns how many: the caller asks again until there are
    -- fewer, so that no transaction grows with what has piled up. One folds at a time; others find
    -- nothing to do. Readers see the rows before or after, never both.
    EXECUTE format($sql$
CREATE FUNCTION lead_statistics_fold(most integer) RETURNS bigint LANGUAGE plpgsql AS %L
    $sql$, $sql$
DECLARE
    count bigint;
    mark timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(x'63726d20666f6c64'::bigint) THEN
        RETURN 0;
    END IF;
    SELECT moment INTO mark FROM lead_statistics_watermark;
    WITH taken AS (
        DELETE FROM lead_statistics_deltas
         WHERE ctid = ANY (ARRAY(SELECT ctid FROM lead_statistics_deltas LIMIT most))
        RETURNING *
    ), folded AS (
        INSERT INTO lead_statistics_folded AS f SELECT * FROM ($sql$
            || format(sums, 'SELECT * FROM taken') || $sql$) AS sums
         -- What an update leaves as it was adds nothing.
         WHERE (score_sum, total, hot, overdue, status_new, status_contacted, status_qualified,
                status_proposal, status_negotiation, status_won, status_lost, status_callback,
                source_website, source_facebook, source_instagram, source_whatsapp,
                source_referral, source_other)
               <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
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
    SELECT count(*) INTO count FROM taken;
    RETURN count;
END $sql$);

    -- Moves the watermark on, unless somebody is folding, and counts the follow-ups among what is
    -- folded that it passes by: those among the leads, without those among the deltas.
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
    INSERT INTO lead_statistics_folded AS f$sql$ || key || $sql$,
           0, 0, 0, sum(change), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
      FROM (SELECT change, agent,$sql$ || times || $sql$ FROM (
        SELECT created_at, coalesce(assigned_to, '00000000-0000-0000-0000-000000000000') AS agent,
               1 AS change
          FROM leads WHERE next_follow_up >= mark AND next_follow_up < until
           AND archived_at IS NULL AND status NOT IN ('WON', 'LOST')
         UNION ALL
        SELECT created_at, agent, -change
          FROM lead_statistics_deltas WHERE next_follow_up >= mark AND next_follow_up < until
           AND status NOT IN ('WON', 'LOST')) AS passed) AS shares$sql$ || grouped || $sql$
    HAVING sum(change) <> 0
     ORDER BY 1, 3, 2
        ON CONFLICT (grain, agent, starts_at) DO UPDATE SET overdue = f.overdue + excluded.overdue;
    RETURN until;
END $sql$);
END $do$;

ALTER FUNCTION lead_statistics_fold(integer) SET enable_seqscan = off;

SELECT lead_statistics_rebuild();
