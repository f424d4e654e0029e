use async_graphql::{ID, SimpleObject};

use crate::graphql::objects::Lead;

/// Declares the payload of a change of one lead. Each change has its own, so that one can gain a
/// field without the others.
macro_rules! lead_payloads {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The lead as it is now; null if a repeated idempotency key is answered and the lead
            /// is deleted, or no longer the viewer's to see.
            lead: Option<Lead>,
        }

        impl From<Option<Lead>> for $name {
            fn from(lead: Option<Lead>) -> Self {
                Self { lead }
            }
        }
    )*};
}

lead_payloads! {
    /// A lead that was created.
    CreateLeadPayload,
    /// A lead whose fields were changed.
    UpdateLeadPayload,
    /// A lead that was archived.
    ArchiveLeadPayload,
    /// A lead that was restored.
    RestoreLeadPayload,
    /// A lead that has the tag.
    AddTagPayload,
    /// A lead that no longer has the tag.
    RemoveTagPayload,
    /// A lead with one more attempted call.
    RecordCallAttemptPayload,
    /// A lead whose score was set by hand.
    UpdateScorePayload,
    /// A lead whose score follows the rules again.
    RescoreLeadPayload,
}

/// A lead that was deleted for good.
#[derive(SimpleObject)]
pub struct DeleteLeadPayload {
    /// The id of the deleted lead, for the client to remove it from its cache.
    pub(super) deleted_lead_id: ID,
}
