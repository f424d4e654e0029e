use async_graphql::Lookahead;

use crate::service::leads::Columns;

/// The columns that a list must read for what the query names of its leads.
pub(super) fn columns(nodes: &[Lookahead<'_>]) -> Columns {
    let leads = nodes.iter().flat_map(Lookahead::selection_fields);
    let fields = leads.flat_map(|lead| lead.selection_set().collect::<Vec<_>>());
    fields.fold(Columns::ID, |columns, field| {
        with_field(columns, field.name())
    })
}

fn with_field(columns: Columns, field: &str) -> Columns {
    let all = |names: &[&str]| {
        names
            .iter()
            .fold(columns, |columns, name| columns.and(name))
    };
    match field {
        "__typename" | "id" | "notes" | "timeline" => columns,
        "fullName" => all(&["first_name", "last_name", "company"]),
        "isHotLead" => all(&["lead_score"]),
        "daysSinceLastContact" => all(&["last_contact_date"]),
        "daysSinceCreated" => all(&["created_at"]),
        "viewerCan" => all(&["assigned_to", "archived_at"]),
        "isArchived" => all(&["archived_at"]),
        "scoreBreakdown" => Columns::ALL,
        column => columns.and(&snake_case(column)),
    }
}

/// The column that a field stands for, where it is called the same.
fn snake_case(field: &str) -> String {
    let mut name = String::with_capacity(field.len() + 4);
    for letter in field.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
