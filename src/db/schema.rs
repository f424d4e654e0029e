// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, Debug, Clone, Copy, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "lead_source"))]
    pub struct LeadSource;

    #[derive(diesel::query_builder::QueryId, Debug, Clone, Copy, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "lead_status"))]
    pub struct LeadStatus;

    #[derive(diesel::query_builder::QueryId, Debug, Clone, Copy, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "note_type"))]
    pub struct NoteType;

    #[derive(diesel::query_builder::QueryId, Debug, Clone, Copy, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "user_role"))]
    pub struct UserRole;
}

diesel::table! {
    account_links (token_hash) {
        token_hash -> Bytea,
        user_id -> Nullable<Uuid>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::UserRole;

    api_keys (id) {
        id -> Uuid,
        name -> Text,
        user_id -> Uuid,
        role -> UserRole,
        secret_hash -> Bytea,
        created_by -> Nullable<Uuid>,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    auth_revision (is_the_row) {
        is_the_row -> Bool,
        revision -> Int8,
    }
}

diesel::table! {
    demo_runs (first_position) {
        first_position -> Int8,
        last_position -> Int8,
    }
}

diesel::table! {
    free_email_domains (domain) {
        domain -> Text,
    }
}

diesel::table! {
    idempotency_keys (user_id, key) {
        user_id -> Uuid,
        key -> Text,
        request_hash -> Bytea,
        done -> Nullable<Jsonb>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::NoteType;

    lead_notes (id) {
        id -> Uuid,
        lead_id -> Uuid,
        author_id -> Nullable<Uuid>,
        note_type -> NoteType,
        content -> Text,
        changes -> Jsonb,
        replaces_id -> Nullable<Uuid>,
        created_at -> Timestamptz,
        position -> Int8,
    }
}

diesel::table! {
    lead_search (lead_id) {
        lead_id -> Uuid,
        text -> Text,
        assigned_to -> Nullable<Uuid>,
        tags -> Array<Text>,
        custom_fields -> Jsonb,
        is_archived -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::LeadSource;
    use super::sql_types::LeadStatus;

    leads (id) {
        id -> Uuid,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        company -> Nullable<Text>,
        source -> LeadSource,
        status -> LeadStatus,
        assigned_to -> Nullable<Uuid>,
        lead_score -> Int4,
        score_is_manual -> Bool,
        has_business_email -> Bool,
        conversion_probability -> Float8,
        last_contact_date -> Nullable<Timestamptz>,
        next_follow_up -> Nullable<Timestamptz>,
        call_attempts -> Int4,
        tags -> Array<Text>,
        custom_fields -> Jsonb,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        version -> Int4,
        archived_at -> Nullable<Timestamptz>,
        status_before_archive -> Nullable<LeadStatus>,
        last_name_key -> Nullable<Text>,
        company_key -> Nullable<Text>,
        email_key -> Nullable<Text>,
        search_text -> Text,
        tag_keys -> Array<Text>,
        also_known_as -> Array<Text>,
        job_title -> Nullable<Text>,
        job_title_key -> Nullable<Text>,
    }
}

diesel::table! {
    login_addresses (user_id, address) {
        user_id -> Uuid,
        address -> Bytea,
        last_login_at -> Timestamptz,
    }
}

diesel::table! {
    login_attempts (key) {
        key -> Bytea,
        failed -> Array<Nullable<Timestamptz>>,
        pending -> Array<Nullable<Timestamptz>>,
    }
}

diesel::table! {
    name_words (word) {
        word -> Text,
        near_keys -> Array<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Uuid,
        user_id -> Uuid,
        token_hash -> Bytea,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    text_forms (is_the_row) {
        is_the_row -> Bool,
        version -> Int4,
        filled_to -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::UserRole;

    users (id) {
        id -> Uuid,
        email -> Text,
        full_name -> Text,
        role -> UserRole,
        manager_id -> Nullable<Uuid>,
        is_active -> Bool,
        password_hash -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        oidc_subject -> Nullable<Text>,
        is_demo -> Bool,
        invited_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(account_links -> users (user_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(lead_notes -> leads (lead_id));
diesel::joinable!(lead_notes -> users (author_id));
diesel::joinable!(leads -> users (assigned_to));
diesel::joinable!(login_addresses -> users (user_id));
diesel::joinable!(sessions -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    account_links,
    api_keys,
    auth_revision,
    demo_runs,
    free_email_domains,
    idempotency_keys,
    lead_notes,
    lead_search,
    leads,
    login_addresses,
    login_attempts,
    name_words,
    sessions,
    text_forms,
    users,
);
