use diesel::prelude::*;

use crate::db::schema::leads;
use crate::db::{RequestDb, RunQueryDsl};
use crate::service::leads::input::{given, phone_region};
use crate::service::leads::{Archived, Lead, LeadFilter};
use crate::service::validation::FieldErrors;
use crate::service::{Actor, Result, page, text};

/// The contact data of a new lead, to look for duplicates by.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "they say it")]
pub struct DuplicatesOf {
    pub email: Option<String>,
    pub phone: Option<String>,
    /// The country of the number, if it is a national one.
    pub phone_region: Option<String>,
    pub include_archived: bool,
}

/// The leads with the same e-mail address or phone number that the actor may see, newest first,
/// at most [`page::DEFAULT`]. Errors: `InvalidData` for what is neither.
#[tracing::instrument(name = "leads::duplicates", level = "debug", skip_all)]
pub async fn duplicates(db: &RequestDb, actor: &Actor, of: &DuplicatesOf) -> Result<Vec<Lead>> {
    let mut faults = FieldErrors::default();
    let region = phone_region(&of.phone_region, &mut faults);
    let email = given(&of.email).and_then(|e| faults.take("email", text::email(e)));
    let phone = given(&of.phone).and_then(|p| faults.take("phone", text::phone(p, region)));
    faults.finish()?;
    let email = email.map(|email| text::email_key(&email));
    let scope = if of.include_archived {
        Archived::Include
    } else {
        Archived::Exclude
    };
    let visible = LeadFilter {
        archived: Some(scope),
        ..LeadFilter::default()
    };
    // Nothing equals NULL: a missing value finds nothing.
    let same_email = leads::email_key.eq(email);
    let same_phone = leads::phone.eq(phone);
    let found = visible.query(actor)?.filter(same_email.or(same_phone));
    let found = found.order_by((leads::created_at.desc(), leads::id.desc()));
    let found = found.limit(page::DEFAULT as i64).select(Lead::as_select());
    Ok(found.load(&mut *db.connection().await?).await?)
}
