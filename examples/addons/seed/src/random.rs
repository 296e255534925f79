//! A small generator of random numbers with a fixed seed. The catalogue must be equal on every machine and for years,
//! which no library promises of its generators, so the one used here is written out: SplitMix64, after Steele, Lea and
//! Flood, "Fast splittable pseudorandom number generators", 2014.

/// What a number is drawn for. Each kind of row has its own stream, so that a change to one leaves the others alone.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// The order of popularity, and the number of versions.
    Popularity = 1,
    /// Users.
    User,
    /// Add-ons and what hangs on them.
    Addon,
    /// Versions and files.
    Version,
    /// Ratings.
    Rating,
    /// Daily counts.
    Usage,
}

/// A stream of numbers.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream for one row of one kind.
    pub(crate) fn new(stream: Stream, row: i64) -> Self {
        let mut random = Self { state: 0x5EED_ADD0 ^ ((stream as u64) << 48) };
        random.state = random.next() ^ row.unsigned_abs().wrapping_mul(0xD6E8_FEB8_6659_FD93);
        random
    }

    /// A number below `limit`, which is not zero. The bias is below one in 2^40 for the small limits used here.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: i64, last: i64) -> i64 {
        first + self.below(last.abs_diff(first) + 1).cast_signed()
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A place in a list of that length; places near the start come up more often than those near the end.
    pub(crate) fn early(&mut self, length: usize) -> usize {
        self.place(length).min(self.place(length))
    }

    /// A place in a list of that length, which is not zero.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("a place in a list fits its own length")
    }

    /// One of the items.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.place(items.len())]
    }

    /// So many different items, in the order of the list.
    pub(crate) fn sample<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut missing = count.min(items.len());
        let mut chosen = Vec::with_capacity(missing);
        for (index, item) in items.iter().enumerate() {
            if self.place(items.len() - index) < missing {
                chosen.push(*item);
                missing -= 1;
            }
        }
        chosen
    }

    /// Puts the items into a random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.place(index + 1));
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
