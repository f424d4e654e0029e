//! The costs of the rows of bulk changes, which are known when their leads are selected.

use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::Name;

use crate::graphql::prepare::cost::Cost;

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

    /// Nothing where no rows are selected.
    fn price(&self, key: &str) -> u64 {
        let mut prices = self.prices.iter();
        prices
            .find(|(of, _)| of == key)
            .map_or(0, |(_, price)| *price)
    }
}
