//! Users: who there is, since when, and who of them publishes. Users are numbered in the order in which they joined, so
//! that the day of joining follows from the number, and nobody publishes or rates before it.

use std::collections::BTreeSet;

use super::whole;
use crate::calendar::{LAST_DAY, moment};
use crate::random::{Random, Stream};
use crate::words::{ANIMALS, MOODS};

/// The number of the first user that is made here; those below belong to `seed/base.sql`.
const FIRST_USER: i64 = 1001;

/// Somebody with an account.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) handle: String,
    pub(crate) email: String,
    pub(crate) created_at: String,
    pub(crate) locale: &'static str,
}

/// That many users, each with a handle that no other has.
pub(crate) fn users(count: usize) -> impl Iterator<Item = User> {
    let mut taken = BTreeSet::new();
    (0..count).map(move |index| user(index, count, &mut taken))
}

/// The number of the user at that place of the list.
pub(crate) fn number(index: usize) -> i64 {
    FIRST_USER + whole(index)
}

/// The day on which the user at that place joined, before [`LAST_DAY`]; they joined evenly over the years.
pub(crate) fn joined(index: usize, users: usize) -> i64 {
    whole(index) * LAST_DAY / whole(users)
}

/// One to three users who had joined by that day, the owner first. Every third user may publish, and those who came
/// first do so most.
pub(crate) fn authors(random: &mut Random, day: i64, users: usize) -> Vec<i64> {
    let members = members(day, users).div_ceil(3);
    let count = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3][random.place(10)].min(members);
    let mut authors = Vec::with_capacity(count);
    while authors.len() < count {
        let author = number(random.early(members) * 3);
        if !authors.contains(&author) {
            authors.push(author);
        }
    }
    authors
}

/// How many users had joined before that day.
fn members(day: i64, users: usize) -> usize {
    let day = usize::try_from(day).expect("the catalogue begins with day 0");
    (day * users).div_ceil(LAST_DAY.unsigned_abs() as usize).min(users)
}

fn user(index: usize, count: usize, taken: &mut BTreeSet<String>) -> User {
    let id = number(index);
    let random = &mut Random::new(Stream::User, id);
    let handle = handle(random, taken);
    User {
        id,
        email: format!("{handle}@people.example"),
        handle,
        created_at: moment(joined(index, count), random.between(0, 86_399)),
        locale: ["en", "en", "en", "en", "en", "de", "fr", "es", "ja", "en"][random.place(10)],
    }
}

/// A handle such as `quiet-otter-4821`. Numbers below 1000 are left to `seed/base.sql`.
fn handle(random: &mut Random, taken: &mut BTreeSet<String>) -> String {
    loop {
        let handle = format!("{}-{}-{}", random.pick(&MOODS), random.pick(&ANIMALS), random.between(1000, 9999));
        if taken.insert(handle.clone()) {
            return handle;
        }
    }
}
