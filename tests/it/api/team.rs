use serde_json::{Value, json};

use crm::service::users::UserRole;

use crate::support::{Api, ApiOptions, SignedIn};

/// A company: an administrator, and two managers with two agents each.
pub(crate) struct Team {
    pub(crate) api: Api,
    pub(crate) ada: SignedIn,
    pub(crate) mia: SignedIn,
    pub(crate) ann: SignedIn,
    pub(crate) abe: SignedIn,
    pub(crate) max: SignedIn,
    pub(crate) bea: SignedIn,
    pub(crate) ben: SignedIn,
}

impl Team {
    pub(crate) async fn new() -> Team {
        Team::with(ApiOptions::default()).await
    }

    pub(crate) async fn with(options: ApiOptions) -> Team {
        let api = Api::with(options).await;
        let ada = api.admin().await;
        let mia = api.user("Mia Manager", UserRole::Manager, None).await;
        let ann = api.user("Ann Agent", UserRole::Agent, Some(&mia)).await;
        let abe = api.user("Abe Agent", UserRole::Agent, Some(&mia)).await;
        let max = api.user("Max Manager", UserRole::Manager, None).await;
        let bea = api.user("Bea Agent", UserRole::Agent, Some(&max)).await;
        let ben = api.user("Ben Agent", UserRole::Agent, Some(&max)).await;
        Team {
            api,
            ada,
            mia,
            ann,
            abe,
            max,
            bea,
            ben,
        }
    }

    /// Everybody, with a name to tell them apart.
    pub(crate) fn everybody(&self) -> [(&'static str, &SignedIn); 7] {
        [
            ("ada", &self.ada),
            ("mia", &self.mia),
            ("ann", &self.ann),
            ("abe", &self.abe),
            ("max", &self.max),
            ("bea", &self.bea),
            ("ben", &self.ben),
        ]
    }

    /// A lead with that last name, assigned to whom it says, or to nobody.
    pub(crate) async fn lead_of(&self, assignee: Option<&SignedIn>, last_name: &str) -> String {
        let assignee: Value = assignee.map_or(Value::Null, |user| json!(user.id));
        let input = json!({ "lastName": last_name, "assignedTo": assignee });
        self.api.lead_id(&self.ada, input).await
    }
}
