//! Lists of leads: nodes, edges, totals, page information, page jumps, filters, searches.

use serde_json::{Value, json};
use uuid::Uuid;

use crm::service::leads::Lead;

use crate::properties::{reference_model, same};

use super::codes::{column, sorted};
use super::population::ids;
use super::viewer::Viewer;

const LIST: &str = "query ($filter: LeadFilter, $search: String, $order: LeadOrder) {
    leads(filter: $filter, search: $search, orderBy: $order, first: 100) {
        totalCount few: totalCountUpTo(most: 2) { value isExact } totalCountUpTo { value isExact }
        nodes { id } edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const JUMP: &str = "query ($order: LeadOrder, $offset: Int) {
    leads(orderBy: $order, first: 3, offset: $offset) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage } } }";
const OF_USERS: &str = "{ users(first: 100) { nodes { id
    leads(first: 100, filter: { archived: INCLUDE }) { totalCount nodes { id }
        edges { node { id } } pageInfo { hasNextPage } } } } }";

pub(super) async fn check(viewer: &Viewer<'_>) -> Result<(), String> {
    let viewer = *viewer;
    for (filter, search) in filters(viewer) {
        check_list(viewer, &filter, &search).await?;
    }
    // By company the leads without one come last: a jump over the others has to count them.
    for field in [
        "COMPANY",
        viewer.population.plan.order["field"].as_str().unwrap(),
    ] {
        check_jumps(viewer, &json!({ "field": field, "direction": "DESC" })).await?;
    }
    check_lists_of_users(viewer).await
}

/// The plan's random filters, and those that could get round a condition that is badly bracketed.
pub(super) fn filters(viewer: Viewer<'_>) -> Vec<(Value, String)> {
    let everybody: Vec<String> = viewer
        .population
        .people
        .iter()
        .map(|person| person.id.to_string())
        .collect();
    let all = ids(&viewer.population.leads);
    let own = [
        json!({}),
        json!({ "archived": "INCLUDE" }),
        json!({ "archived": "ONLY" }),
        json!({ "unassigned": true }),
        json!({ "assignedTo": everybody }),
        json!({ "assignedTo": everybody, "unassigned": true, "archived": "INCLUDE" }),
        json!({ "or": [{ "unassigned": true }, { "assignedTo": everybody }] }),
        json!({ "unassigned": false }),
        json!({ "and": [{ "assignedTo": everybody }, { "unassigned": true }] }),
        json!({ "assignedTo": [Uuid::nil(), Uuid::max()] }),
        json!({ "createdAt": { "from": "2024-03-30T00:00:00Z", "to": "2024-03-31T12:30:00Z" } }),
        json!({ "unassigned": false, "createdAt": { "from": "2024-03-30T05:00:00Z" } }),
        json!({ "status": ["NEW", "WON"] }),
        json!({ "source": ["WEBSITE"], "createdAt": { "to": "2024-03-31T00:00:00Z" } }),
        json!({ "isHotLead": true, "and": [{ "archived": "EXCLUDE" }] }),
        json!({ "isHotLead": true, "status": ["WON"] }),
        json!({ "isHotLead": false, "createdAt": { "from": "2024-03-30T05:00:00Z" } }),
        json!({ "ids": all }),
        json!({ "ids": all, "archived": "INCLUDE", "not": { "unassigned": false } }),
        json!({ "phone": { "isSet": true }, "or": [{ "email": { "isSet": false } },
            { "company": { "in": ["acme", "Beta\\Co"] } }, { "lastContactDate": { "isSet": false } }] }),
        json!({ "phone": { "startsWith": "0048 601" }, "nextFollowUp": { "isSet": true } }),
        json!({ "phone": { "in": ["+48601234567", "+49 (0)30 901820"] }, "archived": "INCLUDE" }),
        json!({ "not": { "assignedTo": [viewer.person().id] }, "archived": "INCLUDE" }),
    ];
    let own = own.into_iter().map(|filter| (filter, String::new()));
    let searches = ["a", "kowal", "kowalsky", "601"].map(|word| (json!({}), word.to_owned()));
    own.chain(searches)
        .chain(viewer.population.plan.filters.clone())
        .collect()
}

/// The leads that a list must have, in its order.
pub(super) fn expected<'a>(
    viewer: Viewer<'a>,
    filter: &Value,
    search: &str,
    order: &Value,
) -> Vec<&'a Lead> {
    let mut leads = viewer.visible();
    leads.retain(|lead| reference_model::selects(filter, search, lead));
    reference_model::sort(&mut leads, order);
    leads
}

async fn check_list(viewer: Viewer<'_>, filter: &Value, search: &str) -> Result<(), String> {
    let order = &viewer.population.plan.order;
    let variables = json!({ "filter": filter, "search": search, "order": order });
    let list = viewer.data(LIST, variables).await["leads"].clone();
    let total = expected(viewer, filter, search, order).len();
    let expected = ids(reference_model::list(
        filter,
        search,
        order,
        viewer.visible(),
    ));
    let what = format!("leads of {filter} and {search:?}");
    same(&what, column(&list["nodes"], "/id"), expected.clone())?;
    same(&what, column(&list["edges"], "/node/id"), expected.clone())?;
    same(&what, list["totalCount"].clone(), json!(total))?;
    let exact = json!({ "value": total, "isExact": true });
    same(&what, &list["totalCountUpTo"], &exact)?;
    let more = json!({ "value": 2, "isExact": false });
    if list["few"] != exact && (total <= 2 || list["few"] != more) {
        return Err(format!("{what}: of {total} few are {}", list["few"]));
    }
    let cursors = column(&list["edges"], "/cursor");
    let page_info = json!({
        "hasNextPage": false, "hasPreviousPage": false,
        "startCursor": cursors.first(), "endCursor": cursors.last(),
    });
    same(&what, list["pageInfo"].clone(), page_info)
}

async fn check_jumps(viewer: Viewer<'_>, order: &Value) -> Result<(), String> {
    let expected = ids(expected(viewer, &json!({}), "", order));
    for offset in 0..expected.len() + 2 {
        let variables = json!({ "order": order, "offset": offset });
        let list = viewer.data(JUMP, variables).await["leads"].clone();
        let page: Vec<Value> = expected.iter().skip(offset).take(3).cloned().collect();
        let what = format!("leads by {order} from {offset} of {}", expected.len());
        same(&what, column(&list["nodes"], "/id"), page)?;
        let page_info = json!({
            "hasNextPage": offset + 3 < expected.len(), "hasPreviousPage": offset > 0,
        });
        same(&what, list["pageInfo"].clone(), page_info)?;
    }
    Ok(())
}

async fn check_lists_of_users(viewer: Viewer<'_>) -> Result<(), String> {
    let users = viewer.data(OF_USERS, Value::Null).await["users"]["nodes"].clone();
    for user in users.as_array().unwrap() {
        let theirs = viewer.visible().into_iter();
        let theirs = theirs.filter(|lead| json!(lead.assigned_to) == user["id"]);
        check_their_leads(user, sorted(ids(theirs)))?;
    }
    Ok(())
}

/// The leads of one user, as the viewer sees them.
pub(super) fn check_their_leads(user: &Value, expected: Vec<Value>) -> Result<(), String> {
    let (what, list) = (format!("leads of user {}", user["id"]), &user["leads"]);
    same(&what, list["totalCount"].clone(), json!(expected.len()))?;
    same(&what, sorted(column(&list["nodes"], "/id")), expected)
}
