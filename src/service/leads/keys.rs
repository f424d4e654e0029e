use diesel::prelude::*;

use crate::db::schema::leads;
use crate::service::leads::Lead;
use crate::service::text;

/// The texts that a lead is searched, sorted and compared by, in plain columns: worked out from the lead whenever
/// one is written.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Debug, Clone, PartialEq)]
#[diesel(table_name = leads, treat_none_as_null = true, treat_none_as_default_value = false)]
#[expect(missing_docs, reason = "they say it")]
pub struct Keys {
    /// A line for what the lead is called by, one for its e-mail address, its company and its phone, and
    /// one for each former name, address or number.
    pub search_text: String,
    pub last_name_key: Option<String>,
    pub company_key: Option<String>,
    pub email_key: Option<String>,
    pub tag_keys: Vec<String>,
}

impl Keys {
    /// The keys of a lead.
    pub fn of(lead: &Lead) -> Self {
        let key = |text: &Option<String>| text.as_deref().map(text::key);
        let email = lead.email.as_deref();
        let company = lead.company.as_deref().map(text::compared);
        let phone = lead.phone.as_deref().unwrap_or_default();
        let mut lines = vec![
            text::compared(&lead.full_name()),
            text::compared(&email.map(text::unicode_words).unwrap_or_default()),
            company.unwrap_or_default(),
            phone.trim_start_matches('+').to_owned(),
        ];
        let former = lead.also_known_as.iter();
        lines.extend(former.map(|text| text::compared(&text::unicode_words(text))));
        Self {
            search_text: lines.join("\n"),
            last_name_key: key(&lead.last_name),
            company_key: key(&lead.company),
            email_key: email.map(text::email_key),
            tag_keys: tag_keys(lead),
        }
    }
}

/// The forms in which a lead's tags are compared, in their order.
pub(super) fn tag_keys(lead: &Lead) -> Vec<String> {
    lead.tags.iter().map(|tag| text::key(tag)).collect()
}
