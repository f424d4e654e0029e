//! The description of the schema, where whoever opens it in a tool begins to read. The library has no
//! setting for it: introspection answers a sentence of its own, which is replaced where the resolved
//! fields are counted.

/// The description, as introspection and the schema definition language have it.
pub(in crate::graphql) const DESCRIPTION: &str = "\
Leads, from the first contact to the customer.

Sign in with `login`, and send its token with every later request: `Authorization: Bearer <token>`. Lists, counts
and statistics have what the viewer may see and nothing else. Lists are Relay connections of at most 100 rows a page.
Every error has a code in `extensions.code`: see `ErrorCode`. `extensions.cost` shows what a query cost.";
