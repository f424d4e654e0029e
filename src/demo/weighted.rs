use rand::RngExt;
use rand::rngs::StdRng;

/// Things of which some are drawn more often than others.
pub(super) struct Weighted<T> {
    things: Vec<T>,
    /// The sum of the weights up to and including each thing's.
    sums: Vec<f64>,
}

impl<T> Weighted<T> {
    pub(super) fn new(weighted: impl IntoIterator<Item = (T, f64)>) -> Self {
        let (mut things, mut sums, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (thing, weight) in weighted {
            sum += weight;
            things.push(thing);
            sums.push(sum);
        }
        Self { things, sums }
    }

    /// Weights that fall with the place in the list, the faster the higher `steepness` (Zipf's
    /// law): few very frequent ones and a long tail.
    pub(super) fn long_tail(things: Vec<T>, steepness: f64) -> Self {
        let weighted = things.into_iter().enumerate();
        Self::new(weighted.map(|(place, thing)| (thing, (place as f64 + 1.0).powf(-steepness))))
    }

    /// Draws one; there must be any.
    pub(super) fn draw(&self, random: &mut StdRng) -> &T {
        &self.things[self.place(random.random())]
    }

    /// The place of the thing that lies that far, 0–1, along the sum of the weights.
    pub(super) fn place(&self, quantile: f64) -> usize {
        let at = quantile * self.sums.last().copied().unwrap_or_default();
        let place = self.sums.partition_point(|&sum| sum <= at);
        place.min(self.sums.len().saturating_sub(1))
    }

    /// The position, 0–1, of `quantile` inside its thing's own weight.
    pub(super) fn inside(&self, quantile: f64) -> f64 {
        let place = self.place(quantile);
        let before = place.checked_sub(1).map_or(0.0, |place| self.sums[place]);
        let at = quantile * self.sums.last().copied().unwrap_or_default();
        ((at - before) / (self.sums[place] - before)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Weighted;

    #[test]
    fn a_quantile_falls_into_the_thing_whose_share_it_is() {
        let weighted = Weighted::new([("rare", 1.0), ("frequent", 3.0)]);
        assert_eq!(weighted.place(0.0), 0);
        assert_eq!(weighted.place(0.25), 1);
        assert_eq!(weighted.place(1.0), 1);
        assert_eq!(weighted.inside(0.625), 0.5);
    }
}
