//! The cost of a query, known before it is run: one for each field of the answer at its largest.
//!
//! A list counts as many rows as the client asks for with `first` or `last`, so that lists in lists
//! multiply. A long text counts as many fields as it has thousands of characters at its longest. What
//! the schema says of itself is free: its size is bounded by the guard.
//!
//! The number of rows that a bulk change returns is known once its leads are selected: their cost is
//! checked then, before anything is written.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value as Given, Variables};
use async_graphql_value::Value;

use crate::graphql::prepare::SchemaIndex;
use crate::service::page;

/// The cost of a request, and the limit on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The cost of the request.
    pub requested: u64,
    /// The most that one may cost.
    pub limit: u64,
}

impl From<Cost> for Given {
    fn from(cost: Cost) -> Given {
        let fields = [("requested", cost.requested), ("limit", cost.limit)];
        let fields = fields.map(|(name, value)| (Name::new(name), Given::from(value)));
        Given::Object(fields.into_iter().collect())
    }
}

/// The cost of a long text, by its object and field.
const LONG_TEXTS: [(&str, &str, u64); 5] = [
    ("Lead", "customFields", 16),
    ("Lead", "tags", 5),
    ("Note", "content", 10),
    ("FieldValue", "value", 16),
    ("FieldValue", "display", 16),
];

/// The types of the rows of a bulk change. Their own fields are short and have no pages: `ROW_FIELDS`
/// of them, or fewer, cost as much as one other.
const ROW: [&str; 3] = ["BulkRowResult", "RowError", "FieldError"];
const ROW_FIELDS: u64 = 8;

/// The price of an operation as far as it is known without variables: `fixed`, and another price for
/// each page whose size is a variable, multiplied by that size.
#[derive(Debug, Clone, Default)]
pub(in crate::graphql) struct Price {
    fixed: u64,
    /// Fields of [`ROW`].
    row_fields: u64,
    pages: Vec<(PageSize, Price)>,
    /// The price of a row of each bulk change, by the response key of the change.
    rows: Vec<(Name, Price)>,
}

/// The number of rows of a page.
#[derive(Debug, Clone)]
enum PageSize {
    Known(u64),
    Variable { name: Name, default: u64 },
}

impl Price {
    /// The price without the values of variables. The document must not be larger than allowed.
    pub(in crate::graphql) fn of(
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        index: &SchemaIndex,
    ) -> Self {
        let definitions = operation.variable_definitions.iter();
        let pricer = Pricer {
            document,
            index,
            defaults: definitions
                .filter_map(|v| Some((&v.node.name.node, &v.node.default_value.as_ref()?.node)))
                .collect(),
        };
        let root = SchemaIndex::root(operation.ty);
        pricer.set(&operation.selection_set.node, root, &PageSize::Known(1))
    }

    /// The cost of a request with these variables.
    pub(in crate::graphql) fn cost(&self, variables: &Variables) -> u64 {
        let pages = self.pages.iter().map(|(size, price)| {
            let size = match size {
                PageSize::Known(size) => *size,
                PageSize::Variable { name, default } => variables.get(name).map_or(*default, rows),
            };
            size.saturating_mul(price.cost(variables))
        });
        let fixed = self.fixed + self.row_fields.div_ceil(ROW_FIELDS);
        pages.fold(fixed, u64::saturating_add)
    }

    /// The cost of a row of each bulk change, by the response key of the change.
    pub(in crate::graphql) fn rows(&self, variables: &Variables) -> Vec<(Name, u64)> {
        let rows = self.rows.iter();
        rows.map(|(key, price)| (key.clone(), price.cost(variables)))
            .collect()
    }

    fn add(&mut self, other: Self) {
        self.fixed = self.fixed.saturating_add(other.fixed);
        self.row_fields = self.row_fields.saturating_add(other.row_fields);
        self.pages.extend(other.pages);
        self.rows.extend(other.rows);
    }

    /// The price multiplied by a page size.
    fn times(self, size: &PageSize) -> Self {
        match size {
            PageSize::Known(1) => self,
            PageSize::Known(size) if self.pages.is_empty() => Self {
                fixed: self.fixed.saturating_mul(*size),
                ..Self::default()
            },
            size => Self {
                pages: vec![(size.clone(), self)],
                ..Self::default()
            },
        }
    }
}

struct Pricer<'a> {
    document: &'a ExecutableDocument,
    index: &'a SchemaIndex,
    defaults: HashMap<&'a Name, &'a Given>,
}

impl Pricer<'_> {
    /// The price of an object's selection set. `size` is the page size if the object is a page: its
    /// rows count that many times.
    fn set(&self, set: &SelectionSet, object: Option<&str>, size: &PageSize) -> Price {
        let mut price = Price::default();
        for selection in &set.items {
            price.add(match &selection.node {
                Selection::Field(field) => self.field(&field.node, object, size),
                Selection::InlineFragment(inline) => {
                    let on = inline.node.type_condition.as_ref();
                    let object = on.map_or(object, |on| Some(on.node.on.node.as_str()));
                    self.set(&inline.node.selection_set.node, object, size)
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                    fragment.map_or_else(Price::default, |fragment| {
                        let on = fragment.node.type_condition.node.on.node.as_str();
                        self.set(&fragment.node.selection_set.node, Some(on), size)
                    })
                }
            });
        }
        price
    }

    fn field(&self, field: &Field, object: Option<&str>, size: &PageSize) -> Price {
        let name = field.name.node.as_str();
        if name.starts_with("__") {
            return Price::default();
        }
        let known = object.and_then(|object| self.index.field(object, name));
        let own_size = match known {
            Some(known) if known.is_paged => self.rows_of(field, &["first", "last"]),
            _ => PageSize::Known(1),
        };
        let is_own = object.is_some_and(|object| ROW.contains(&object));
        let weight = LONG_TEXTS
            .iter()
            .find(|(of, long, _)| Some(*of) == object && *long == name);
        let is_change = object == SchemaIndex::root(OperationType::Mutation);
        let object = known.map(|known| known.object.as_str());
        let mut price = self.set(&field.selection_set.node, object, &own_size);
        if known.is_some_and(|known| known.is_list && known.object == ROW[0]) {
            // The name of its change is set below.
            price = Price {
                rows: vec![(Name::new(""), price)],
                ..Price::default()
            };
        }
        if is_change {
            for (key, _) in &mut price.rows {
                *key = field.response_key().node.clone();
            }
        }
        price = match known {
            Some(known) if known.is_by_ids => price.times(&self.rows_of(field, &["ids"])),
            Some(known) if known.is_list && known.is_paged => price.times(&own_size),
            Some(known) if known.is_list => price.times(size),
            _ => price,
        };
        match is_own {
            true => price.row_fields = price.row_fields.saturating_add(1),
            false => price.fixed = price.fixed.saturating_add(weight.map_or(1, |(.., of)| *of)),
        }
        price
    }

    /// The number of rows that the client asks for, by the first of these arguments that it gives.
    fn rows_of(&self, field: &Field, arguments: &[&str]) -> PageSize {
        let asked = arguments.iter();
        let mut asked = asked.filter_map(|name| field.get_argument(name));
        match asked.next().map(|value| &value.node) {
            Some(Value::Variable(name)) => PageSize::Variable {
                name: name.clone(),
                default: self
                    .defaults
                    .get(name)
                    .map_or(page::DEFAULT as u64, |value| rows(value)),
            },
            Some(Value::List(items)) => PageSize::Known(items.len().min(page::LARGEST) as u64),
            Some(Value::Number(number)) => {
                PageSize::Known(number.as_u64().unwrap_or(0).min(page::LARGEST as u64))
            }
            _ => PageSize::Known(page::DEFAULT as u64),
        }
    }
}

/// The rows of a page of this size: at most those of the largest one, because a larger one is
/// refused by its field.
fn rows(size: &Given) -> u64 {
    match size {
        // `1.0` is a whole number in a variable; other numbers are refused before anything runs.
        Given::Number(number) => {
            let size = number.as_u64().or(number.as_f64().map(|size| size as u64));
            size.unwrap_or(0).min(page::LARGEST as u64)
        }
        Given::List(items) => items.len().min(page::LARGEST) as u64,
        _ => page::DEFAULT as u64,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Variables;
    use async_graphql::parser::parse_query;
    use serde_json::{Value, json};

    use crate::graphql::prepare::Limits;
    use crate::graphql::prepare::prepared::PreparedDocument;
    use crate::graphql::schema::index;

    fn prepared(text: &str) -> PreparedDocument {
        let document = parse_query(text).unwrap();
        PreparedDocument::of(document, text.len(), &Limits::default(), index()).unwrap()
    }

    fn cost(document: &str, variables: Value) -> u64 {
        prepared(document).cost(None, &Variables::from_json(variables))
    }

    #[test]
    fn a_list_counts_its_rows() {
        for (document, expected) in [
            ("{ me { id fullName } }", 3),
            (
                "{ leads(first: 50) { totalCount nodes { id fullName } } }",
                1 + 1 + 1 + 50 * 2,
            ),
            ("{ leads { nodes { id } } }", 2 + 25),
            (
                "{ leads(last: 3) { edges { cursor node { id } } } }",
                2 + 3 * 3,
            ),
            ("{ leads(first: 50) { pageInfo { hasNextPage } } }", 3),
            ("{ leads(first: 2000) { nodes { id } } }", 2 + 100),
            ("{ leads(first: -5) { nodes { id } } }", 2),
            (
                "{ a: leads { nodes { id } } b: leads { nodes { id } } }",
                2 * 27,
            ),
            ("{ nothing { first } }", 2),
            ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }", 1 + 3),
            ("{ nodes(ids: []) { id } }", 1),
            (
                "{ leadTags(first: 10) { tag count { value } } }",
                1 + 10 * 3,
            ),
        ] {
            assert_eq!(cost(document, json!({})), expected, "{document}");
        }
    }

    #[test]
    fn lists_in_lists_multiply_through_fragments_too() {
        let plain = "{ leads(first: 10) { nodes { id notes(first: 5) { nodes { id type } } } } }";
        let expected = 2 + 10 * (1 + 2 + 5 * 2);
        assert_eq!(cost(plain, json!({})), expected);
        let spread = "{ leads(first: 10) { ...page } }
            fragment page on LeadConnection { nodes { id ... on Lead { ...notes } } }
            fragment notes on Lead { notes(first: 5) { nodes { id type } } }";
        assert_eq!(cost(spread, json!({})), expected);
    }

    #[test]
    fn a_timeline_counts_its_rows_with_what_is_asked_of_each_kind() {
        let document = "{ lead(id: 1) { timeline(first: 7) { nodes { id position ... on Note { content by { id } }
            ... on Change { changes { field before { display } } } } } } }";
        let row = 2 + (10 + 1 + 1) + (1 + 1 + 1 + 16);
        assert_eq!(cost(document, json!({})), 3 + 7 * row);
    }

    #[test]
    fn a_long_text_counts_its_thousands() {
        let document = "{ leads(first: 10) { nodes { id customFields tags } } }";
        assert_eq!(cost(document, json!({})), 2 + 10 * (1 + 16 + 5));
    }

    #[test]
    fn rows_of_a_bulk_change_have_a_price_each() {
        let rows = |fields: &str| {
            let document = format!(
                "mutation {{ a: bulkTag(input: {{}}) {{ total {fields} }}
                    bulkArchive(input: {{}}) {{ total }} }}"
            );
            let (document, variables) = (prepared(&document), Variables::default());
            let prices = document.find(None).unwrap().price.rows(&variables);
            assert!(prices.iter().all(|(key, _)| key == "a"));
            (
                document.cost(None, &variables),
                prices.iter().map(|(_, price)| price).sum(),
            )
        };
        assert_eq!(rows(""), (4, 0));
        let own = "index id error { code message fields { field message } }";
        assert_eq!(rows(&format!("results {{ {own} }}")), (5, 1));
        assert_eq!(rows(&format!("results {{ {own} again: id }}")), (5, 2));
        let lead = "id lead { id notes(first: 10) { nodes { content } } }";
        let lead = format!("... {{ results {{ {lead} }} }}");
        assert_eq!(rows(&lead), (5, 1 + 1 + 1 + 1 + 10 * 10));
    }

    #[test]
    fn ids_in_a_variable_are_counted() {
        let document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Lead { company } } }";
        assert_eq!(cost(document, json!({ "ids": ["a", "b"] })), 1 + 2 * 2);
        assert_eq!(
            cost(document, json!({ "ids": vec!["a"; 2_000] })),
            1 + 100 * 2
        );
    }

    #[test]
    fn variables_say_how_many_rows() {
        let document = "query ($n: Int, $m: Int = 4) {
            leads(first: $n) { nodes { id notes(first: $m) { nodes { id } } } } }";
        let expected = |n: u64, m: u64| 2 + n * (1 + 2 + m);
        assert_eq!(cost(document, json!({})), expected(25, 4));
        assert_eq!(cost(document, json!({ "n": 10 })), expected(10, 4));
        assert_eq!(cost(document, json!({ "n": 10, "m": 2 })), expected(10, 2));
        assert_eq!(
            cost(document, json!({ "n": null, "m": 1_000 })),
            expected(25, 100)
        );
    }

    #[test]
    fn the_operation_that_is_asked_for_counts_and_what_the_schema_says_of_itself_is_free() {
        let document = "query A { me { id } } query B { leads { nodes { id } } }";
        let named = |name| prepared(document).cost(name, &Variables::default());
        assert_eq!(
            (named(Some("A")), named(Some("B")), named(None)),
            (2, 27, 27)
        );
        let introspection = "{ __schema { types { name fields { name } } } __typename }";
        assert_eq!(cost(introspection, json!({})), 0);
    }
}
