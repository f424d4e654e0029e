//! The cache of prepared documents, also for clients that send only a hash: Apollo's automatic persisted
//! queries.

use std::sync::Arc;

use async_graphql::{Value, Variables};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::graphql::prepare::cost::Cost;
use crate::graphql::prepare::limits::{self, Limits, truncate_message};
use crate::graphql::prepare::prepared::{PreparedDocument, PreparedRequest};
use crate::graphql::prepare::trusted::Trusted;
use crate::graphql::prepare::unusable::{Hash, Unusable};
use crate::graphql::prepare::variable_limits::check_variables;
use crate::graphql::prepare::{SchemaIndex, Unreadable, parse, read_object};
use crate::service::sha256;

/// The maximum length of all cached texts, in bytes; parsed, they are about ten times as large.
const MOST_TEXT: u64 = 2 * 1024 * 1024;
/// The expected number of cached documents, for the initial capacity only.
const TYPICAL: usize = 1_000;

/// The documents that are answered: any, with a cache of the latest ones, or only those that the
/// operator trusts. Clones share them.
#[derive(Clone)]
pub(in crate::graphql) struct DocumentCache {
    index: &'static SchemaIndex,
    limits: Arc<Limits>,
    remembered: Arc<Cache<Hash, Arc<PreparedDocument>, ByText>>,
    trusted: Option<Arc<Trusted>>,
}

/// The parameters of a GraphQL request, by their names in JSON. Other members are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// The document's text.
    pub query: Option<String>,
    /// The name of the operation to execute; not needed where there is only one.
    pub operation_name: Option<String>,
    /// The values of variables: a JSON object.
    pub variables: Option<Box<RawValue>>,
    /// A JSON object; only `persistedQuery` is used.
    pub extensions: Option<Box<RawValue>>,
}

#[derive(Clone)]
struct ByText;

impl Weighter<Hash, Arc<PreparedDocument>> for ByText {
    fn weight(&self, _: &Hash, known: &Arc<PreparedDocument>) -> u64 {
        known.length
    }
}

impl DocumentCache {
    /// Any documents within these limits.
    pub(in crate::graphql) fn new(limits: Limits, index: &'static SchemaIndex) -> Self {
        Self {
            index,
            limits: Arc::new(limits),
            remembered: Arc::new(Cache::with_weighter(TYPICAL, MOST_TEXT, ByText)),
            trusted: None,
        }
    }

    /// Only these documents, from now on.
    pub(in crate::graphql) fn trust(&mut self, trusted: Trusted) {
        self.trusted = Some(Arc::new(trusted));
    }

    pub(in crate::graphql) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Prepares a request: with the cached document of its text, or of its hash if the client sends only
    /// a hash. A document beyond the limits is refused before anything else is done with it.
    pub(in crate::graphql) fn prepare(
        &self,
        parameters: Parameters,
    ) -> Result<PreparedRequest, Unusable> {
        let variables = object("variables", parameters.variables)?;
        let extensions = object("extensions", parameters.extensions)?;
        let persisted = extensions.get("persistedQuery");
        if parameters.query.is_none() && persisted.is_none() {
            return Err(Unusable::Malformed("the query is missing".to_owned()));
        }
        let (text, hash) = (parameters.query.unwrap_or_default(), named(persisted)?);
        let document = match &self.trusted {
            Some(trusted) => trusted.find(&text, hash)?,
            None => self.find(&text, hash)?,
        };
        if document.uses.variables > 0 {
            check_variables(&variables, &document.document, document.uses, &self.limits)?;
        }
        let name = parameters.operation_name;
        let cost = Cost {
            requested: document.cost(name.as_deref(), &variables),
            limit: self.limits.cost,
        };
        if cost.requested > cost.limit {
            return Err(Unusable::TooExpensive(cost));
        }
        Ok(PreparedRequest::of(document, name, variables, cost))
    }

    fn find(&self, text: &str, name: Option<Hash>) -> Result<Arc<PreparedDocument>, Unusable> {
        if text.is_empty()
            && let Some(name) = name
        {
            return self.remembered.get(&name).ok_or(Unusable::NotFound);
        }
        let hash = sha256(text);
        if name.is_some_and(|name| name != hash) {
            return Err(Unusable::Misnamed("sha256Hash is not the query's SHA-256"));
        }
        if let Some(known) = self.remembered.get(&hash) {
            return Ok(known);
        }
        let document = parse(text, &self.limits).map_err(|fault| match fault {
            Unreadable::LimitExceeded(excess) => Unusable::TooLarge(excess),
            Unreadable::Syntax(mut error) => {
                truncate_message(&mut error, limits::ERROR_LENGTH);
                Unusable::Unreadable(error)
            }
        })?;
        let document = PreparedDocument::of(document, text.len(), &self.limits, self.index)?;
        let document = Arc::new(document);
        self.remembered.insert(hash, Arc::clone(&document));
        Ok(document)
    }
}

/// A parameter that must be an object, if it is there.
fn object(name: &str, parameter: Option<Box<RawValue>>) -> Result<Variables, Unusable> {
    let Some(text) = parameter else {
        return Ok(Variables::default());
    };
    match read_object(text.get()) {
        Ok(object) => Ok(Variables::from_value(Value::Object(object))),
        Err(error) => {
            let message = format!("{name} is not a JSON object: {error}");
            Err(Unusable::Malformed(message))
        }
    }
}

/// The hash by which the client names the document, if it does.
fn named(persisted: Option<&Value>) -> Result<Option<Hash>, Unusable> {
    let Some(Value::Object(named)) = persisted else {
        return Ok(None);
    };
    if named.get("version") != Some(&Value::from(1)) {
        return Err(Unusable::Misnamed("persistedQuery.version must be 1"));
    }
    match named.get("sha256Hash") {
        Some(Value::String(text)) => from_hex(text).map(Some),
        _ => None,
    }
    .ok_or(Unusable::Misnamed(
        "persistedQuery.sha256Hash must be 64 hexadecimal digits",
    ))
}

fn from_hex(text: &str) -> Option<Hash> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut hash = Hash::default();
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::to_raw_value;

    use super::{DocumentCache, Limits, Parameters, Unusable, sha256};
    use crate::graphql::schema::index;

    fn plain(query: &str) -> Parameters {
        Parameters {
            query: Some(query.to_owned()),
            ..Parameters::default()
        }
    }

    fn named(query: &str, name: &str) -> Parameters {
        let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": name } });
        Parameters {
            extensions: Some(to_raw_value(&extensions).unwrap()),
            ..plain(query)
        }
    }

    fn refusal(documents: &DocumentCache, parameters: Parameters) -> Option<Unusable> {
        documents.prepare(parameters).err()
    }

    fn hex(text: &str) -> String {
        sha256(text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn a_document_is_found_by_its_name_once_it_was_sent_with_it() {
        let documents = DocumentCache::new(Limits::default(), index());
        let query = "{ me { id } }";
        let by_name = || refusal(&documents, named("", &hex(query)));
        assert_eq!(by_name(), Some(Unusable::NotFound));
        assert_eq!(refusal(&documents, named(query, &hex(query))), None);
        assert_eq!(by_name(), None);
        let wrong = refusal(&documents, named("{ leads { totalCount } }", &hex(query)));
        assert!(matches!(wrong, Some(Unusable::Misnamed(_))));
        let wrong = refusal(&documents, named(query, "abc"));
        assert!(matches!(wrong, Some(Unusable::Misnamed(_))));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_holds_nothing_harmful() {
        let documents = DocumentCache::new(Limits::default(), index());
        for number in 0..2_000 {
            let padding = " ".repeat(10_000);
            let query = format!("{{ me {{ id{number}{padding} }} }}");
            assert_eq!(refusal(&documents, plain(&query)), None);
        }
        assert!(documents.remembered.weight() <= super::MOST_TEXT);
        assert!(documents.remembered.len() > 100);
        let nested = format!("{}{}", "{a".repeat(100), "}".repeat(100));
        for _ in 0..2 {
            let refused = refusal(&documents, named(&nested, &hex(&nested)));
            assert!(matches!(refused, Some(Unusable::TooLarge(_))));
        }
        assert_eq!(
            refusal(&documents, named("", &hex(&nested))),
            Some(Unusable::NotFound)
        );
    }
}
