//! How releases and ratings are spread over the add-ons. A few have very many and most have a handful, as in every
//! catalogue, and the sums are exact, so that tests and readers can count on them.

use super::Scale;
use crate::random::{Random, Stream};

/// Who is how popular. Add-ons are named by their place in the list, ranks begin with 0 for the most popular.
pub(crate) struct Popularity {
    ranks: Vec<usize>,
    versions: Vec<usize>,
    ratings: Vec<usize>,
}

impl Popularity {
    /// Draws the ranks, then shares out versions and ratings by rank.
    pub(crate) fn new(scale: &Scale) -> Self {
        let random = &mut Random::new(Stream::Popularity, 0);
        let mut ranks: Vec<usize> = (0..scale.addons).collect();
        random.shuffle(&mut ranks);
        Self { ranks, versions: versions(random, scale), ratings: ratings(scale) }
    }

    /// The rank of an add-on.
    pub(crate) fn rank(&self, index: usize) -> usize {
        self.ranks[index]
    }

    /// How many versions an add-on has; at least one.
    pub(crate) fn versions(&self, index: usize) -> usize {
        self.versions[self.ranks[index]]
    }

    /// How many ratings an add-on has.
    pub(crate) fn ratings(&self, index: usize) -> usize {
        self.ratings[self.ranks[index]]
    }

    /// The places of the most popular add-ons, most popular first.
    pub(crate) fn most_popular(&self, count: usize) -> impl Iterator<Item = usize> {
        let mut places: Vec<usize> = (0..self.ranks.len()).filter(|index| self.ranks[*index] < count).collect();
        places.sort_by_key(|index| self.ranks[*index]);
        places.into_iter()
    }
}

/// One version for each rank, and the others mostly to the upper ones.
fn versions(random: &mut Random, scale: &Scale) -> Vec<usize> {
    let mut counts = vec![1; scale.addons];
    for _ in scale.addons..scale.versions {
        let reach = random.place(scale.addons) + 1;
        counts[random.place(reach)] += 1;
    }
    counts
}

/// A power law: the share of a rank is one by the rank. What rounding leaves over goes to the upper ranks.
fn ratings(scale: &Scale) -> Vec<usize> {
    const SCALE: usize = 1_000_000_000;
    let weights: Vec<usize> = (0..scale.rated).map(|rank| SCALE / (rank + 8)).collect();
    let sum: usize = weights.iter().sum();
    let mut counts: Vec<usize> = weights.iter().map(|weight| scale.ratings * weight / sum).collect();
    let missing = scale.ratings - counts.iter().sum::<usize>();
    counts.iter_mut().take(missing).for_each(|count| *count += 1);
    counts.resize(scale.addons, 0);
    counts
}
