//! Documents that were parsed before, and clients that only name them: Apollo's automatic
//! persisted queries.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Value};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use ring::digest::{SHA256, digest};

use crate::graphql::guard::{check_size, check_text};

/// How much text is remembered, in bytes; parsed, it is about ten times as large.
const MOST_TEXT: u64 = 2 * 1024 * 1024;
/// How many documents that is, by and by: for the cache's first size only.
const TYPICAL: usize = 1_000;

/// The documents that were asked lately. Clones share them.
#[derive(Clone)]
pub struct Documents(Arc<Cache<Hash, Known, ByText>>);

/// The SHA-256 of a document's text.
type Hash = [u8; 32];

#[derive(Clone)]
struct Known {
    document: Arc<ExecutableDocument>,
    length: u64,
}

#[derive(Clone)]
struct ByText;

impl Weighter<Hash, Known> for ByText {
    fn weight(&self, _: &Hash, known: &Known) -> u64 {
        known.length
    }
}

/// Why a document is not answered.
#[derive(Debug, PartialEq)]
pub enum Unusable {
    /// It is made to harm; in words for the client.
    TooLarge(String),
    /// It was named by its hash only, and nobody has sent it lately.
    NotFound,
    /// It has another hash than the client says, or is named in another way than by SHA-256.
    Misnamed(&'static str),
}

impl Default for Documents {
    fn default() -> Self {
        Self(Arc::new(Cache::with_weighter(TYPICAL, MOST_TEXT, ByText)))
    }
}

impl Documents {
    /// Gives the request its parsed document: the one remembered of this text, or of this name if
    /// the client sends a name only. A text that cannot be parsed is left to the schema, which
    /// says where.
    pub fn read(&self, request: &mut Request) -> Result<(), Unusable> {
        let name = name(request)?;
        if request.query.is_empty()
            && let Some(name) = name
        {
            let known = self.0.get(&name).ok_or(Unusable::NotFound)?;
            request.set_parsed_query((*known.document).clone());
            return Ok(());
        }
        check_text(&request.query).map_err(Unusable::TooLarge)?;
        let hash = hash(&request.query);
        if name.is_some_and(|name| name != hash) {
            return Err(Unusable::Misnamed("sha256Hash is not the query's SHA-256"));
        }
        if let Some(known) = self.0.get(&hash) {
            request.set_parsed_query((*known.document).clone());
            return Ok(());
        }
        let length = request.query.len() as u64;
        let Ok(document) = request.parsed_query() else {
            return Ok(());
        };
        check_size(document).map_err(Unusable::TooLarge)?;
        let document = Arc::new(document.clone());
        self.0.insert(hash, Known { document, length });
        Ok(())
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

fn hash(text: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
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

    use super::{Documents, Unusable, hash};

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
        hash(text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    #[test]
    fn a_document_is_found_by_its_name_once_it_was_sent_with_it() {
        let (documents, query) = (Documents::default(), "{ me { id } }");
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
        let documents = Documents::default();
        for number in 0..2_000 {
            let padding = " ".repeat(10_000);
            let query = format!("{{ me {{ id{number}{padding} }} }}");
            assert_eq!(documents.read(&mut Request::new(query)), Ok(()));
        }
        assert!(documents.0.weight() <= super::MOST_TEXT);
        assert!(documents.0.len() > 100);
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
