//! What readers of the catalogue rely on: texts without gaps, slugs that are links, a few popular add-ons and many
//! small ones, and words that find their theme.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Addon, Scale, World};
use crate::words::THEMES;

fn world() -> World {
    World::new(Scale { addons: 3_000, versions: 9_000, ratings: 20_000, rated: 2_200, icons: 50, ..Scale::FULL })
}

fn addons() -> Vec<Addon> {
    world().addons().collect()
}

#[test]
fn slugs_are_links_and_differ() {
    let addons = addons();
    let slugs: BTreeSet<&str> = addons.iter().map(|addon| addon.slug.as_str()).collect();
    assert_eq!(slugs.len(), addons.len());
    let odd = |slug: &&str| {
        let plain = slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        !plain || slug.contains("--") || slug.starts_with('-') || slug.ends_with('-')
    };
    assert_eq!(slugs.into_iter().find(odd), None);
}

#[test]
fn texts_are_complete() {
    for addon in addons() {
        let notes = addon.releases.iter().map(|release| release.notes.as_str());
        let reviews = addon.ratings.iter().filter_map(|rating| rating.body.as_deref());
        for text in [&*addon.name, &addon.summary, &addon.description].into_iter().chain(notes).chain(reviews) {
            assert!(!text.is_empty() && !text.contains(['{', '}']) && !text.contains("  "), "{}: {text:?}", addon.slug);
        }
        assert!(addon.description.starts_with(|first: char| first.is_uppercase()), "{}", addon.description);
    }
}

#[test]
fn versions_grow_and_dates_follow() {
    for addon in addons() {
        let number = |text: &str| text.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>();
        for pair in addon.releases.windows(2) {
            assert!(number(&pair[0].number) < number(&pair[1].number), "{}", addon.slug);
            assert!(pair[0].released_at <= pair[1].released_at, "{}", addon.slug);
        }
        assert_eq!(addon.releases.last().unwrap().channel, "stable");
        assert_eq!(addon.releases[0].released_at, addon.created_at, "{}", addon.slug);
    }
}

#[test]
fn popularity_is_a_power_law() {
    let addons = addons();
    let mut counts: Vec<usize> = addons.iter().map(|addon| addon.ratings.len()).collect();
    counts.sort_unstable_by(|left, right| right.cmp(left));
    assert_eq!(counts.iter().sum::<usize>(), 20_000);
    assert_eq!(counts.iter().filter(|count| **count == 0).count(), 800);
    let top: usize = counts[..30].iter().sum();
    assert!((4_000..9_000).contains(&top), "one in a hundred add-ons has {top} of 20,000 ratings");
    assert_eq!(addons.iter().map(|addon| addon.releases.len()).sum::<usize>(), 9_000);
}

#[test]
fn the_most_popular_come_first() {
    let users: Vec<i64> = world().most_popular().map(|(_, users)| users).collect();
    assert_eq!(users.len(), Scale::FULL.counted);
    assert!(users[0] > 50 * users[users.len() - 1], "{} and {}", users[0], users[users.len() - 1]);
}

#[test]
fn ratings_lean_to_five() {
    let mut scores = [0; 5];
    for rating in addons().iter().flat_map(|addon| &addon.ratings) {
        scores[usize::try_from(rating.score - 1).unwrap()] += 1;
    }
    assert!(scores[4] > scores[3] && scores[3] > scores[2] && scores[0] > 500, "{scores:?}");
}

#[test]
fn an_ad_blocker_is_found_by_its_words() {
    let addons = addons();
    let blockers = addons.iter().filter(|addon| addon.tags.contains(&"ad blocker"));
    let mentions = |addon: &&Addon| {
        let text = format!("{} {}", addon.summary, addon.description).to_lowercase();
        text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "ads")
    };
    let (found, other): (Vec<&Addon>, Vec<&Addon>) = blockers.partition(mentions);
    let elsewhere = addons.iter().filter(|addon| !addon.tags.contains(&"ad blocker")).filter(mentions).count();
    assert!(found.len() > 50 && other.is_empty(), "{} found, {} not", found.len(), other.len());
    assert!(elsewhere < addons.len() / 5, "{elsewhere} of {} others speak of ads", addons.len());
}

#[test]
fn themes_name_categories_that_are_seeded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("categories.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let slugs: BTreeSet<&str> = text.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
    let used: BTreeSet<&str> = THEMES.iter().flat_map(|theme| theme.categories).copied().collect();
    assert_eq!(used, slugs, "every category has add-ons, and every theme a category");
}

#[test]
fn tags_are_small_and_not_repeated() {
    for addon in addons() {
        let tags: BTreeSet<&str> = addon.tags.iter().copied().collect();
        assert_eq!(tags.len(), addon.tags.len(), "{:?}", addon.tags);
        assert!(tags.iter().all(|tag| *tag == tag.to_lowercase()), "{tags:?}");
    }
}
