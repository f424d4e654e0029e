//! Documents that were parsed before, and clients that only name them: Apollo's automatic
//! persisted queries.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, ServerError, Value};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::graphql::execute::truncate_errors::truncate_message;
use crate::graphql::prepare::cost::{Cost, Priced};
use crate::graphql::prepare::limits::{self, LimitExceeded, Limits};
use crate::graphql::prepare::merges::has_merges;
use crate::graphql::prepare::operation::{Operation, Operations};
use crate::graphql::prepare::query_meter::{Fault, check_size};
use crate::graphql::prepare::row_costs::RowCosts;
use crate::graphql::prepare::trusted::Trusted;
use crate::graphql::prepare::weights::{Uses, Weights, check_variables};
use crate::graphql::prepare::{Unreadable, is_plain, parse};
use crate::graphql::schema::index;
use crate::service::sha256;

/// The maximum length of the remembered text, in bytes; parsed, it is about ten times as large.
const MOST_TEXT: u64 = 2 * 1024 * 1024;
/// The number of documents that this comes to, by and by: for the cache's first size only.
const TYPICAL: usize = 1_000;

/// The documents that are answered: any, the latest of which are remembered, or only those that
/// the operator trusts. Clones share them.
#[derive(Clone)]
pub struct DocumentCache {
    limits: Arc<Limits>,
    remembered: Arc<Cache<Hash, Arc<PreparedDocument>, ByText>>,
    trusted: Option<Arc<Trusted>>,
}

/// The SHA-256 of a document's text.
pub(in crate::graphql) type Hash = [u8; 32];

/// A document, and what there is to know of it before it is asked.
#[derive(Debug)]
pub(in crate::graphql) struct PreparedDocument {
    pub(in crate::graphql) document: ExecutableDocument,
    length: u64,
    uses: Uses,
    price: Priced,
    operations: Operations,
    /// True if parts of its answer must be merged.
    pub(in crate::graphql) has_merges: bool,
    /// True if it can be executed as it stands, whatever a request brings for variables.
    pub(in crate::graphql) is_plain: bool,
    is_valid: AtomicBool,
}

/// The document that a request asks for, and its cost.
#[derive(Debug)]
pub(in crate::graphql) struct PreparedRequest {
    pub(in crate::graphql) cost: Cost,
    pub(in crate::graphql) row_costs: Arc<RowCosts>,
    pub(in crate::graphql) known: Arc<PreparedDocument>,
}

/// The [`PreparedRequest`] of a request, if its document was read.
pub(in crate::graphql) fn asked(request: &Request) -> Option<&PreparedRequest> {
    request
        .data
        .get(&TypeId::of::<PreparedRequest>())?
        .downcast_ref()
}

#[derive(Clone)]
struct ByText;

impl Weighter<Hash, Arc<PreparedDocument>> for ByText {
    fn weight(&self, _: &Hash, known: &Arc<PreparedDocument>) -> u64 {
        known.length
    }
}

/// Why a document is not answered.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// It cannot be parsed.
    Unreadable(ServerError),
    /// It, or what comes with it, is larger than allowed.
    TooLarge(LimitExceeded),
    /// It would cost more than allowed.
    TooExpensive(Cost),
    /// A fragment of this name spreads itself.
    Cycle(String),
    /// It is not one of those that are trusted.
    NotTrusted,
    /// It was named by its hash only, and nobody has sent it lately.
    NotFound,
    /// It has another hash than the client says, or is named in another way than by SHA-256.
    Misnamed(&'static str),
}

impl From<Fault> for Unusable {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::LimitExceeded(excess) => Self::TooLarge(excess),
            Fault::Cycle(name) => Self::Cycle(name.to_string()),
        }
    }
}

impl PreparedDocument {
    /// Collects the facts of a parsed document. Errors: a limit that it goes beyond, a cycle.
    pub(in crate::graphql) fn of(
        document: ExecutableDocument,
        length: usize,
        limits: &Limits,
    ) -> Result<Self, Fault> {
        let uses = check_size(&document, &Weights::default(), limits)?;
        let price = Priced::of(&document, index());
        let operations = Operations::of(&document, index());
        let has_merges = has_merges(&document);
        let is_plain = uses.variables == 0 && !has_merges && is_plain(&document, index());
        Ok(Self {
            document,
            length: length as u64,
            uses,
            price,
            operations,
            has_merges,
            is_plain,
            is_valid: AtomicBool::new(false),
        })
    }

    /// The operation that a request names, if the document has it.
    pub(in crate::graphql) fn operation(&self, request: &Request) -> Option<Arc<Operation>> {
        let name = request.operation_name.as_deref();
        self.operations.chosen(name).cloned()
    }

    /// True if the document was found to be valid before.
    pub(in crate::graphql) fn is_valid(&self) -> bool {
        self.is_valid.load(Ordering::Relaxed)
    }

    /// Takes note of that it is.
    pub(in crate::graphql) fn found_valid(&self) {
        self.is_valid.store(true, Ordering::Relaxed);
    }
}

impl DocumentCache {
    /// Any documents within these limits.
    pub(in crate::graphql) fn new(limits: Limits) -> Self {
        Self {
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

    /// Gives the request what is known of its document: of the one remembered of this text, or of this name if
    /// the client sends a name only.
    pub(in crate::graphql) fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        let name = name(request)?;
        let known = match &self.trusted {
            Some(trusted) => trusted.find(&request.query, name)?,
            None => self.find(request, name)?,
        };
        check_variables(request, &known.document, known.uses, &self.limits)?;
        let cost = Cost {
            requested: known.price.cost(request),
            limit: self.limits.cost,
        };
        if cost.requested > cost.limit {
            return Err(Unusable::TooExpensive(cost));
        }
        let rows = known.price.rows(request);
        request.data.insert(PreparedRequest {
            cost,
            row_costs: Arc::new(RowCosts::new(cost, rows)),
            known: Arc::clone(&known),
        });
        Ok(())
    }

    fn find(
        &self,
        request: &mut Request,
        name: Option<Hash>,
    ) -> Result<Arc<PreparedDocument>, Unusable> {
        if request.query.is_empty()
            && let Some(name) = name
        {
            return self.remembered.get(&name).ok_or(Unusable::NotFound);
        }
        let hash = sha256(&request.query);
        if name.is_some_and(|name| name != hash) {
            return Err(Unusable::Misnamed("sha256Hash is not the query's SHA-256"));
        }
        if let Some(known) = self.remembered.get(&hash) {
            return Ok(known);
        }
        let document = parse(&request.query, &self.limits).map_err(|fault| match fault {
            Unreadable::LimitExceeded(excess) => Unusable::TooLarge(excess),
            Unreadable::Syntax(mut error) => {
                truncate_message(&mut error, limits::ERROR_LENGTH);
                Unusable::Unreadable(error)
            }
        })?;
        let known = Arc::new(PreparedDocument::of(
            document,
            request.query.len(),
            &self.limits,
        )?);
        self.remembered.insert(hash, Arc::clone(&known));
        Ok(known)
    }
}

/// The name that the client gives the document, if any.
fn name(request: &Request) -> Result<Option<Hash>, Unusable> {
    let Some(Value::Object(named)) = request.extensions.get("persistedQuery") else {
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
    use async_graphql::{Request, Value};
    use serde_json::json;

    use super::{DocumentCache, Limits, Unusable, sha256};

    fn named(query: &str, name: &str) -> Request {
        let mut request = Request::new(query);
        let extension = json!({ "version": 1, "sha256Hash": name });
        let extension = Value::from_json(extension).unwrap();
        request
            .extensions
            .insert("persistedQuery".into(), extension);
        request
    }

    fn hex(text: &str) -> String {
        sha256(text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn a_document_is_found_by_its_name_once_it_was_sent_with_it() {
        let (documents, query) = (DocumentCache::new(Limits::default()), "{ me { id } }");
        let by_name = || documents.read(&mut named("", &hex(query)));
        assert_eq!(by_name(), Err(Unusable::NotFound));
        assert_eq!(documents.read(&mut named(query, &hex(query))), Ok(()));
        assert_eq!(by_name(), Ok(()));
        let wrong = documents.read(&mut named("{ leads { totalCount } }", &hex(query)));
        assert!(matches!(wrong, Err(Unusable::Misnamed(_))));
        let wrong = documents.read(&mut named(query, "abc"));
        assert!(matches!(wrong, Err(Unusable::Misnamed(_))));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_holds_nothing_harmful() {
        let documents = DocumentCache::new(Limits::default());
        for number in 0..2_000 {
            let padding = " ".repeat(10_000);
            let query = format!("{{ me {{ id{number}{padding} }} }}");
            assert_eq!(documents.read(&mut Request::new(query)), Ok(()));
        }
        assert!(documents.remembered.weight() <= super::MOST_TEXT);
        assert!(documents.remembered.len() > 100);
        let nested = format!("{}{}", "{a".repeat(100), "}".repeat(100));
        for _ in 0..2 {
            let refused = documents.read(&mut named(&nested, &hex(&nested)));
            assert!(matches!(refused, Err(Unusable::TooLarge(_))));
        }
        assert_eq!(
            documents.read(&mut named("", &hex(&nested))),
            Err(Unusable::NotFound)
        );
    }
}
