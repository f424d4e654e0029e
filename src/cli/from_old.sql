-- Takes over what stands in the tables old_…, which have the columns of the dump as texts.
INSERT INTO users (id, email, full_name, role, manager_id, is_active, password_hash, created_at, updated_at,
                   oidc_subject)
SELECT id::uuid, email, full_name, role::user_role, manager_id::uuid, is_active::boolean, password_hash,
       created_at::timestamptz, updated_at::timestamptz, oidc_subject
  FROM old_users;

INSERT INTO api_keys (id, name, user_id, role, secret_hash, created_by, created_at, expires_at, last_used_at,
                      revoked_at)
SELECT id::uuid, name, user_id::uuid, role::user_role, secret_hash::bytea, created_by::uuid,
       created_at::timestamptz, expires_at::timestamptz, last_used_at::timestamptz, revoked_at::timestamptz
  FROM old_api_keys;

DELETE FROM free_email_domains;
INSERT INTO free_email_domains (domain) SELECT domain FROM old_free_email_domains;

-- What leads are searched and compared by is filled in afterwards, by the program.
INSERT INTO leads (id, first_name, last_name, email, phone, company, source, status, assigned_to, lead_score,
                   score_is_manual, has_business_email, conversion_probability, last_contact_date,
                   next_follow_up, call_attempts, tags, custom_fields, created_at, updated_at, version,
                   archived_at, status_before_archive, search_text)
SELECT id::uuid, first_name, last_name, email, phone, company, source::lead_source, status::lead_status,
       assigned_to::uuid, lead_score::integer, score_is_manual::boolean, has_business_email::boolean,
       conversion_probability::double precision, last_contact_date::timestamptz,
       next_follow_up::timestamptz, call_attempts::integer, tags::text[], custom_fields::jsonb,
       created_at::timestamptz, updated_at::timestamptz, version::integer, archived_at::timestamptz,
       status_before_archive::lead_status, ''
  FROM old_leads ORDER BY created_at::timestamptz;
UPDATE text_forms SET version = 0, filled_to = '00000000-0000-0000-0000-000000000000';

-- The changes stood as [{field, old, new}] once.
INSERT INTO lead_notes (id, lead_id, author_id, note_type, content, changes, replaces_id, created_at, position)
SELECT id::uuid, lead_id::uuid, author_id::uuid, note_type::note_type, content,
       CASE jsonb_typeof(changes::jsonb) WHEN 'object' THEN changes::jsonb ELSE (
           SELECT coalesce(jsonb_object_agg(change ->> 'field',
                      CASE WHEN change -> 'old' = 'null' AND jsonb_typeof(change -> 'new') <> 'array'
                           THEN change -> 'new'
                           ELSE jsonb_build_array(change -> 'old', change -> 'new') END), '{}')
             FROM jsonb_array_elements(changes::jsonb) AS change) END,
       replaces_id::uuid, created_at::timestamptz, position::bigint
  FROM old_lead_notes ORDER BY position::bigint;
SELECT setval('lead_notes_position_seq', greatest(max(position), 1)) FROM lead_notes;

-- Instead of the rows that the triggers have added, one for each lead.
SELECT lead_statistics_rebuild();
