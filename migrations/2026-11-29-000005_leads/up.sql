CREATE TYPE lead_source AS ENUM
    ('WEBSITE', 'FACEBOOK', 'INSTAGRAM', 'WHATSAPP', 'REFERRAL', 'OTHER');
CREATE TYPE lead_status AS ENUM
    ('NEW', 'CONTACTED', 'QUALIFIED', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST', 'CALLBACK');

CREATE TABLE leads (
    id uuid PRIMARY KEY,
    first_name text CHECK (btrim(first_name) <> ''),
    last_name text CHECK (btrim(last_name) <> ''),
    email text CHECK (btrim(email) <> ''),
    -- E.164, and the extension as RFC 3966 writes it.
    phone text COLLATE "C" CHECK (phone ~ '^\+[0-9]{4,17}(;ext=[0-9]{1,10})?$'),
    company text CHECK (btrim(company) <> ''),
    source lead_source NOT NULL,
    status lead_status NOT NULL,
    assigned_to uuid REFERENCES users ON DELETE RESTRICT,
    lead_score integer NOT NULL CHECK (lead_score BETWEEN 0 AND 100),
    -- A score set by hand stays until somebody asks for the automatic one again.
    score_is_manual boolean NOT NULL DEFAULT false,
    -- True if the domain of the e-mail address was not among the free providers: the one fact of the score that
    -- is not on the lead itself. Stored so that a score always explains itself.
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
    -- What leads are searched, sorted and compared by, in the normal form of the program (service/text): lower()
    -- and collations follow the database's locale. When that form changes the program fills these columns
    -- anew, in batches: see text_forms.
    last_name_key text COLLATE "C",
    company_key text COLLATE "C",
    email_key text COLLATE "C",
    search_text text NOT NULL,
    tag_keys text[] NOT NULL DEFAULT '{}' CHECK (array_position(tag_keys, NULL) IS NULL),
    -- Former names, addresses and numbers, which search_text takes in: a lead that others were merged into is
    -- found by theirs.
    also_known_as text[] NOT NULL DEFAULT '{}' CHECK (array_position(also_known_as, NULL) IS NULL),
    CONSTRAINT leads_can_be_reached CHECK (email IS NOT NULL OR phone IS NOT NULL),
    CONSTRAINT leads_have_a_name CHECK (num_nonnulls(first_name, last_name, company) > 0),
    CONSTRAINT leads_archive_is_whole CHECK (
        (archived_at IS NULL) = (status_before_archive IS NULL)
        AND (archived_at IS NULL OR status = 'LOST')
        AND (archived_at IS NULL) = (NOT 'archived' = ANY (tags)))
);

-- The query of each index, and its price: docs/develop/database.md. Each index of an order has the id behind
-- its column, as the tie-break, and ends with status and source, so that a filter of them is told by the entries
-- of the index, without a look at the leads. That of created_at has the source alone: leads lie in its order, so
-- that PostgreSQL would take it for one status, too, and go over all that have others.
CREATE INDEX leads_created_at ON leads (created_at, id, source);
CREATE INDEX leads_updated_at ON leads (updated_at, id, status, source);
CREATE INDEX leads_last_contact_date ON leads (last_contact_date, id, status, source);
CREATE INDEX leads_next_follow_up ON leads (next_follow_up, id, status, source);
CREATE INDEX leads_lead_score ON leads (lead_score, id, status, source);
CREATE INDEX leads_conversion_probability ON leads (conversion_probability, id, status, source);
CREATE INDEX leads_last_name ON leads (last_name_key, id, status, source);
CREATE INDEX leads_company ON leads (company_key, id, status, source);
CREATE INDEX leads_status ON leads (status, id, source);
CREATE INDEX leads_status_created_at ON leads (status, created_at, id, source);
CREATE INDEX leads_status_last_contact_date ON leads (status, last_contact_date, id, source);
CREATE INDEX leads_status_next_follow_up ON leads (status, next_follow_up, id, source);
CREATE INDEX leads_status_conversion_probability ON leads (status, conversion_probability, id, source);
CREATE INDEX leads_lead_score_status ON leads (lead_score, status, id, source);
CREATE INDEX leads_assigned_to_created_at ON leads (assigned_to, created_at, id, status, source);
CREATE INDEX leads_assigned_to_lead_score ON leads (assigned_to, lead_score, id, status, source);
CREATE INDEX leads_archived ON leads (archived_at, id) WHERE archived_at IS NOT NULL;
CREATE INDEX leads_email ON leads (email_key);
CREATE INDEX leads_phone ON leads (phone);

CREATE TABLE text_forms (
    is_the_row boolean PRIMARY KEY DEFAULT true CHECK (is_the_row),
    -- The version of the normal form that all leads have.
    version integer NOT NULL,
    -- The lead up to which the form of the next version has been filled in.
    filled_to uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO text_forms (version) VALUES (0);
