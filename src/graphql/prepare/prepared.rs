use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};

use crate::graphql::prepare::cost::{Cost, Price};
use crate::graphql::prepare::limits::Limits;
use crate::graphql::prepare::merges::has_merges;
use crate::graphql::prepare::operation::{Operation, Roots};
use crate::graphql::prepare::query_meter::{MeterError, check_size};
use crate::graphql::prepare::weights::{Uses, Weights};
use crate::graphql::prepare::{SchemaIndex, is_plain, validate};

/// A document with the facts that do not depend on a request.
#[derive(Debug)]
pub(in crate::graphql) struct PreparedDocument {
    pub(in crate::graphql) document: ExecutableDocument,
    pub(super) length: u64,
    pub(super) uses: Uses,
    operations: Vec<PreparedOperation>,
    /// True if parts of its answer must be merged.
    pub(in crate::graphql) has_merges: bool,
    /// True if it can be executed unchanged, whatever the variables.
    pub(in crate::graphql) is_plain: bool,
    is_valid: AtomicBool,
}

/// An operation of a document.
#[derive(Debug)]
pub(in crate::graphql) struct PreparedOperation {
    name: Option<Name>,
    pub(in crate::graphql) operation: Arc<Operation>,
    pub(super) price: Price,
    /// The fields that ask about the schema, by their names in the answer.
    pub(in crate::graphql) introspection: Vec<(Name, Pos)>,
}

/// A request, ready to be executed for somebody.
#[derive(Debug)]
pub(in crate::graphql) struct PreparedRequest {
    pub(in crate::graphql) document: Arc<PreparedDocument>,
    /// The position of the operation, if the document has the one that is asked for.
    operation: Option<usize>,
    /// The name of the operation, as the client sent it.
    pub(in crate::graphql) operation_name: Option<String>,
    pub(in crate::graphql) variables: Variables,
    pub(in crate::graphql) cost: Cost,
}

impl PreparedDocument {
    /// Collects the facts of a parsed document. Errors: a limit that it goes beyond, a cycle.
    pub(in crate::graphql) fn of(
        document: ExecutableDocument,
        length: usize,
        limits: &Limits,
        index: &SchemaIndex,
    ) -> Result<Self, MeterError> {
        let uses = check_size(&document, &Weights::default(), limits)?;
        let operations = document.operations.iter().map(|(name, operation)| {
            let operation = &operation.node;
            let roots = Roots::of(&document, operation);
            PreparedOperation {
                name: name.cloned(),
                operation: Arc::new(Operation::of(name, operation, &roots, index)),
                price: Price::of(&document, operation, index),
                introspection: roots.introspection(),
            }
        });
        let operations = operations.collect();
        let has_merges = has_merges(&document);
        let is_plain = uses.variables == 0 && !has_merges && is_plain(&document, index);
        Ok(Self {
            document,
            length: length as u64,
            uses,
            operations,
            has_merges,
            is_plain,
            is_valid: AtomicBool::new(false),
        })
    }

    /// Holds the document against the schema, once. Errors: what is wrong with it; with names of the
    /// schema that may have been meant, if the client may know these.
    pub(in crate::graphql) fn validate(
        &self,
        index: &SchemaIndex,
        suggests: bool,
    ) -> Result<(), Vec<ServerError>> {
        if self.is_valid.load(Ordering::Relaxed) {
            return Ok(());
        }
        let errors = validate(&self.document, index, suggests);
        if !errors.is_empty() {
            return Err(errors);
        }
        self.is_valid.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The operation that is executed for this name: the only one if there is no name.
    pub(super) fn find(&self, name: Option<&str>) -> Option<&PreparedOperation> {
        self.position(name)
            .map(|position| &self.operations[position])
    }

    fn position(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.operations.iter().position(|of| of.is_called(name)),
            None => (self.operations.len() == 1).then_some(0),
        }
    }

    /// The cost of the operation that is asked for; of several without a name the dearest.
    pub(super) fn cost(&self, name: Option<&str>, variables: &Variables) -> u64 {
        if let Some(operation) = self.find(name) {
            return operation.price.cost(variables);
        }
        let all = self.operations.iter();
        let asked = all.filter(|operation| name.is_none() || operation.name.is_none());
        let costs = asked.map(|operation| operation.price.cost(variables));
        costs.max().unwrap_or(0)
    }
}

impl PreparedOperation {
    fn is_called(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|is| is == name)
    }
}

impl PreparedRequest {
    pub(super) fn of(
        document: Arc<PreparedDocument>,
        operation_name: Option<String>,
        variables: Variables,
        cost: Cost,
    ) -> Self {
        Self {
            operation: document.position(operation_name.as_deref()),
            document,
            operation_name,
            variables,
            cost,
        }
    }

    /// The operation that is executed, if the document has it.
    pub(in crate::graphql) fn operation(&self) -> Option<&PreparedOperation> {
        self.operation
            .map(|position| &self.document.operations[position])
    }

    /// The definition of the operation that is executed.
    pub(in crate::graphql) fn definition(&self) -> Option<&Positioned<OperationDefinition>> {
        match (&self.document.document.operations, &self.operation()?.name) {
            (DocumentOperations::Single(only), _) => Some(only),
            (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
            (DocumentOperations::Multiple(_), None) => None,
        }
    }

    /// True if it changes something.
    pub(in crate::graphql) fn is_change(&self) -> bool {
        let operation = self.operation();
        operation.is_some_and(|of| of.operation.kind == OperationType::Mutation)
    }

    /// True unless it is known not to be a query: an unknown operation fails later.
    pub(in crate::graphql) fn may_be_query(&self) -> bool {
        let operation = self.operation();
        operation.is_none_or(|of| of.operation.kind == OperationType::Query)
    }

    /// The cost of a row of each bulk change, by the response key of the change.
    pub(in crate::graphql) fn row_prices(&self) -> Vec<(Name, u64)> {
        let operation = self.operation();
        operation.map_or_else(Vec::new, |of| of.price.rows(&self.variables))
    }
}

/// The budget of a request for the rows of its bulk changes, besides the cost of it known before.
#[derive(Debug)]
pub(in crate::graphql) struct RowCosts {
    /// The price of a row, by the response key of the change.
    prices: Vec<(Name, u64)>,
    left: AtomicU64,
    limit: u64,
}

impl RowCosts {
    pub(in crate::graphql) fn new(cost: Cost, prices: Vec<(Name, u64)>) -> Self {
        let left = cost.limit.saturating_sub(cost.requested);
        Self {
            prices,
            left: AtomicU64::new(left),
            limit: left,
        }
    }

    /// The most rows that the change of this response key may have.
    pub(in crate::graphql) fn most(&self, key: &str) -> usize {
        let left = self.left.load(Ordering::Relaxed);
        let most = left.checked_div(self.price(key)).unwrap_or(u64::MAX);
        usize::try_from(most).unwrap_or(usize::MAX)
    }

    /// Counts the rows that a change has.
    pub(in crate::graphql) fn take(&self, key: &str, rows: usize) {
        let price = self.price(key).saturating_mul(rows as u64);
        let left = self.left.load(Ordering::Relaxed).saturating_sub(price);
        self.left.store(left, Ordering::Relaxed);
    }

    /// The cost counted so far.
    pub(in crate::graphql) fn taken(&self) -> u64 {
        self.limit - self.left.load(Ordering::Relaxed)
    }

    /// The price of a row; zero if no rows are selected.
    fn price(&self, key: &str) -> u64 {
        let mut prices = self.prices.iter();
        prices
            .find(|(of, _)| of == key)
            .map_or(0, |(_, price)| *price)
    }
}
