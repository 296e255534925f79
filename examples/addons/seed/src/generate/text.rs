//! Names, summaries, descriptions and tags, put together from the words of a theme. They read like what authors write,
//! and whoever searches for a theme's subject finds the add-ons of that theme.

use std::collections::BTreeMap;

use super::Translation;
use crate::random::Random;
use crate::words::{ADJECTIVES, ANIMALS, CLOSINGS, COMMON_TAGS, EDITIONS, LOCALES, OPENINGS, SUMMARY_ENDINGS, Theme};

/// Slugs in `seed/licences.csv`, the most usual first.
const LICENCES: [&str; 7] =
    ["mit", "gpl-3.0", "mpl-2.0", "apache-2.0", "bsd-2-clause", "all-rights-reserved", "cc0-1.0"];

/// The slugs given so far, with how often each was asked for.
#[derive(Default)]
pub(crate) struct Slugs {
    taken: BTreeMap<String, u32>,
}

impl Slugs {
    /// A slug for a name. The second add-on of that name gets `-2`, and so on; names hold no digits, so that such a
    /// slug never meets another name's.
    pub(crate) fn claim(&mut self, name: &str) -> String {
        let slug = name.to_lowercase().replace([' ', '&'], "-").replace("---", "-");
        let count = self.taken.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(1);
        if *count == 1 { slug } else { format!("{slug}-{count}") }
    }
}

/// A name in one of six patterns.
pub(crate) fn name(random: &mut Random, theme: &Theme) -> String {
    let (subject, agent) = (random.pick(theme.subjects), random.pick(theme.agents));
    let adjective = random.pick(&ADJECTIVES);
    match random.below(100) {
        0..3 => format!("{subject} {agent}"),
        3..9 => format!("{adjective} {agent}"),
        9..15 => format!("{adjective} {}", random.sample(theme.agents, 2).join(" & ")),
        15..50 => format!("{adjective} {subject} {agent}"),
        50..62 => format!("{adjective} {subject} {agent} {}", random.pick(&EDITIONS)),
        _ => format!("{} {subject} {agent}", capitalised(random.pick(&ANIMALS))),
    }
}

/// A sentence of the theme, often with a second one behind it.
pub(crate) fn summary(random: &mut Random, theme: &Theme) -> String {
    let summary = random.pick(theme.summaries);
    match random.below(100) {
        0..35 => format!("{summary} {}", random.pick(&SUMMARY_ENDINGS)),
        35..70 => format!("{summary} {}", random.pick(theme.features)),
        _ => summary.to_owned(),
    }
}

/// Two paragraphs: what it is with some features, and a closing word.
pub(crate) fn description(random: &mut Random, theme: &Theme, name: &str) -> String {
    let opening = random.pick(&OPENINGS).replace("{name}", name).replace("{goal}", theme.goal);
    let count = 2 + random.place(3);
    let features = random.sample(theme.features, count).join(" ");
    let closings = random.sample(&CLOSINGS, 2).join(" ");
    format!("{opening} {features}\n\n{closings}")
}

/// Two to four tags of the theme and up to two common ones.
pub(crate) fn tags(random: &mut Random, theme: &Theme) -> Vec<&'static str> {
    let (own, common) = (2 + random.place(3), random.place(3));
    let mut tags = random.sample(theme.tags, own);
    let common = random.sample(&COMMON_TAGS, common);
    tags.extend(common.into_iter().filter(|tag| !theme.tags.contains(tag)));
    tags
}

/// The languages that somebody translated it into.
pub(crate) fn translations(random: &mut Random, theme: &Theme) -> Vec<Translation> {
    let pairs = LOCALES.iter().zip(theme.translations);
    let present = pairs.filter(|((_, share), _)| random.chance(*share));
    present.map(|((locale, _), summary)| Translation { locale, summary }).collect()
}

/// The slug of a licence.
pub(crate) fn licence(random: &mut Random) -> &'static str {
    LICENCES[random.early(LICENCES.len())]
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
