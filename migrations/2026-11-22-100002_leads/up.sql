-- The extensions pg_trgm and unaccent are there: the program makes them before it migrates.
CREATE TYPE lead_source AS ENUM
    ('WEBSITE', 'FACEBOOK', 'INSTAGRAM', 'WHATSAPP', 'REFERRAL', 'OTHER');
CREATE TYPE lead_status AS ENUM
    ('NEW', 'CONTACTED', 'QUALIFIED', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST', 'CALLBACK');

-- Lower case without accents. unaccent() is only STABLE because its dictionary could be changed;
-- ours is fixed by name, so that generated columns and indexes may rest on it.
-- plpgsql: an SQL function that hides a STABLE one is not inlined and is slower.
CREATE FUNCTION search_normalize(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    -- Wherever the extension is, also for pg_restore, which sets no search_path.
    SET search_path FROM CURRENT
    AS $$ BEGIN RETURN lower(unaccent('unaccent', value)); END $$;

CREATE TABLE leads (
    id uuid PRIMARY KEY,
    first_name text NOT NULL CHECK (btrim(first_name) <> ''),
    last_name text NOT NULL CHECK (btrim(last_name) <> ''),
    email text CHECK (btrim(email) <> ''),
    phone text CHECK (phone ~ '^\+[0-9]{4,17}$'),
    company text CHECK (btrim(company) <> ''),
    source lead_source NOT NULL,
    status lead_status NOT NULL,
    assigned_to uuid REFERENCES users ON DELETE RESTRICT,
    lead_score integer NOT NULL CHECK (lead_score BETWEEN 0 AND 100),
    -- A score set by hand stays until somebody asks for the automatic one again.
    score_is_manual boolean NOT NULL DEFAULT false,
    -- Whether the domain of the e-mail was not among the free providers: the one fact of the score
    -- that is not on the lead itself. Kept here so that a score always explains itself.
    has_business_email boolean NOT NULL DEFAULT false,
    conversion_probability double precision NOT NULL CHECK (conversion_probability BETWEEN 0 AND 1),
    last_contact_date timestamptz,
    next_follow_up timestamptz,
    call_attempts integer NOT NULL DEFAULT 0 CHECK (call_attempts >= 0),
    tags text[] NOT NULL DEFAULT '{}' CHECK (array_position(tags, NULL) IS NULL),
    custom_fields jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(custom_fields) = 'object'),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version integer NOT NULL DEFAULT 1 CHECK (version >= 1),
    archived_at timestamptz,
    status_before_archive lead_status,
    search_text text NOT NULL GENERATED ALWAYS AS (
        search_normalize(first_name || ' ' || last_name || E'\n' || coalesce(email, '') || E'\n'
                         || coalesce(company, '')) || E'\n' || coalesce(ltrim(phone, '+'), '')
    ) STORED,
    -- What names and companies are sorted and compared by: no case, no accents, and "C", so that
    -- an order never changes with the operating system's collations.
    last_name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (search_normalize(last_name)) STORED,
    company_key text COLLATE "C" GENERATED ALWAYS AS (search_normalize(company)) STORED,
    email_key text COLLATE "C" GENERATED ALWAYS AS (lower(email)) STORED,
    CONSTRAINT leads_can_be_reached CHECK (email IS NOT NULL OR phone IS NOT NULL),
    CONSTRAINT leads_archive_is_whole CHECK (
        (archived_at IS NULL) = (status_before_archive IS NULL)
        AND (archived_at IS NULL OR status = 'LOST')
        AND (archived_at IS NULL) = (NOT 'archived' = ANY (tags)))
);

-- Each ends in id: it serves an order with its tie-break, forwards and backwards.
CREATE INDEX leads_status ON leads (status, id);
CREATE INDEX leads_assigned_to ON leads (assigned_to, id);
CREATE INDEX leads_lead_score ON leads (lead_score, id);
CREATE INDEX leads_created_at ON leads (created_at, id);
CREATE INDEX leads_updated_at ON leads (updated_at, id);
CREATE INDEX leads_last_contact_date ON leads (last_contact_date, id);
CREATE INDEX leads_next_follow_up ON leads (next_follow_up, id);
CREATE INDEX leads_last_name ON leads (last_name_key, id);
CREATE INDEX leads_company ON leads (company_key, id);
CREATE INDEX leads_conversion_probability ON leads (conversion_probability, id);
CREATE INDEX leads_status_created_at ON leads (status, created_at, id);
CREATE INDEX leads_assigned_to_lead_score ON leads (assigned_to, lead_score, id);
CREATE INDEX leads_lead_score_status ON leads (lead_score, status, id);
CREATE INDEX leads_email ON leads (email_key);
CREATE INDEX leads_phone ON leads (phone);
CREATE INDEX leads_tags ON leads USING gin (tags);
CREATE INDEX leads_search ON leads USING gin (search_text gin_trgm_ops);

-- LIKE patterns for what a person typed: its own %, _ and \ stand for themselves. They are escaped
-- after normalising, because unaccent turns some characters into these three.
CREATE FUNCTION prefix_pattern(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN regexp_replace(search_normalize(value), '([\\%_])', '\\\1', 'g') || '%'; END $$;

CREATE FUNCTION search_pattern(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ BEGIN RETURN '%' || prefix_pattern(value); END $$;
