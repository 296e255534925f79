//! Ratings of one add-on: who gave how many stars, when, and sometimes why. Good add-ons get mostly fives, and even
//! the worst ones get some, which is what real ratings look like.

use super::people::{joined, number};
use crate::calendar::{LAST_DAY, moment};
use crate::random::{Random, Stream};
use crate::words::{REASONS, Theme, VERDICTS};

/// One user's rating.
#[derive(Debug)]
pub(crate) struct Rating {
    pub(crate) user: i64,
    /// One to five.
    pub(crate) score: i64,
    pub(crate) body: Option<String>,
    pub(crate) created_at: String,
}

/// How often each score is given, in percent, from bad add-ons to good ones.
const SCORES: [[u64; 5]; 5] =
    [[34, 20, 16, 14, 16], [16, 14, 22, 24, 24], [8, 7, 17, 32, 36], [4, 4, 10, 28, 54], [2, 2, 5, 19, 72]];

/// Most add-ons are good: bad ones do not stay.
const QUALITIES: [usize; 12] = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4];

/// Steps through the users that share no factor with their number, so that nobody is met twice.
const STEPS: [usize; 4] = [4099, 5003, 6151, 7919];

/// That many ratings by different users, none of them an author of the add-on.
pub(crate) fn ratings(
    id: i64,
    created: i64,
    authors: &[i64],
    count: usize,
    users: usize,
    theme: &Theme,
) -> Vec<Rating> {
    let random = &mut Random::new(Stream::Rating, id);
    let scores = &SCORES[random.pick(&QUALITIES)];
    let (start, step) = (random.place(users), random.pick(&STEPS));
    let raters = (0..users).map(|turn| (start + turn * step) % users);
    let raters = raters.filter(|index| !authors.contains(&number(*index))).take(count);
    let rate = |index| rating(random, number(index), created.max(joined(index, users) + 1), scores, theme);
    raters.map(rate).collect()
}

/// A rating on some day from `earliest`, when both the user and the add-on were there.
fn rating(random: &mut Random, user: i64, earliest: i64, scores: &[u64; 5], theme: &Theme) -> Rating {
    let place = score_place(random, scores);
    Rating {
        user,
        score: super::whole(place) + 1,
        body: random.chance(28).then(|| body(random, place, theme)),
        created_at: moment(random.between(earliest, LAST_DAY), random.between(0, 86_399)),
    }
}

fn score_place(random: &mut Random, scores: &[u64; 5]) -> usize {
    let mut left = random.below(100);
    for (place, share) in scores.iter().enumerate() {
        if left < *share {
            return place;
        }
        left -= share;
    }
    scores.len() - 1
}

fn body(random: &mut Random, place: usize, theme: &Theme) -> String {
    let verdict = random.pick(VERDICTS[place]);
    let reason = random.pick(&REASONS).replace("{goal}", theme.goal);
    if random.chance(45) { format!("{verdict}.") } else { format!("{verdict}. {reason}") }
}
