//! The word banks that every text of the catalogue is put together from. They hold plain words only: no name of a
//! person and no name of a product, so that nothing made here can be mistaken for somebody's work.

mod themes;

pub(crate) use themes::THEMES;

/// What an add-on can be about.
pub(crate) struct Theme {
    /// Slugs in `seed/categories.csv`; the first is the main one.
    pub(crate) categories: &'static [&'static str],
    /// What it works on, as it stands in names.
    pub(crate) subjects: &'static [&'static str],
    /// What it is like, as it stands in names.
    pub(crate) agents: &'static [&'static str],
    /// What it deals with, inside a sentence.
    pub(crate) goal: &'static str,
    /// Whole summaries.
    pub(crate) summaries: &'static [&'static str],
    /// Whole sentences, each a feature.
    pub(crate) features: &'static [&'static str],
    /// Tags in small letters.
    pub(crate) tags: &'static [&'static str],
    /// A summary in each of [`LOCALES`], in that order.
    pub(crate) translations: [&'static str; 4],
}

/// The languages of `translations`, with the share of add-ons in percent that have each.
pub(crate) const LOCALES: [(&str, u64); 4] = [("de", 34), ("fr", 28), ("es", 25), ("ja", 12)];

/// Adjectives in front of names of add-ons.
pub(crate) const ADJECTIVES: [&str; 32] = [
    "Quiet", "Swift", "Tiny", "Gentle", "Plain", "Bright", "Clever", "Steady", "Humble", "Nimble", "Tidy", "Careful",
    "Silent", "Sunny", "Brisk", "Cosy", "Crisp", "Sturdy", "Modest", "Merry", "Patient", "Handy", "Mellow", "Keen",
    "Little", "Snug", "Lucid", "Breezy", "Frugal", "Mindful", "Wooden", "Copper",
];

/// Words behind names of add-ons; most names have none.
pub(crate) const EDITIONS: [&str; 5] = ["Lite", "Plus", "Mini", "Next", "Classic"];

/// The first half of a handle.
pub(crate) const MOODS: [&str; 40] = [
    "quiet", "brave", "amber", "mossy", "lucky", "sleepy", "rapid", "calm", "dusty", "eager", "fuzzy", "golden",
    "hasty", "icy", "jolly", "kind", "lone", "misty", "noble", "odd", "proud", "rusty", "shy", "tame", "urban",
    "vivid", "wild", "young", "zesty", "bold", "crimson", "dapper", "early", "frosty", "grand", "hidden", "ivory",
    "keen", "loyal", "mellow",
];

/// The second half of a handle.
pub(crate) const ANIMALS: [&str; 40] = [
    "otter", "heron", "beaver", "walrus", "magpie", "lynx", "ferret", "gecko", "ibis", "jackal", "koala", "lemur",
    "marten", "newt", "osprey", "plover", "quail", "raven", "stoat", "tapir", "urchin", "vole", "wombat", "yak",
    "zebra", "alpaca", "bison", "crane", "dingo", "egret", "finch", "gannet", "hare", "impala", "jay", "kestrel",
    "llama", "mole", "narwhal", "oriole",
];

/// Endings of summaries that fit every theme; most summaries have none.
pub(crate) const SUMMARY_ENDINGS: [&str; 10] = [
    "Small and fast.",
    "No account needed.",
    "Works offline.",
    "Free, without tracking.",
    "Made for keyboards.",
    "Simple settings.",
    "For one site or all of them.",
    "Does one thing well.",
    "Now with profiles.",
    "Light on memory.",
];

/// First sentences of descriptions; `{name}` and `{goal}` are filled in.
pub(crate) const OPENINGS: [&str; 10] = [
    "{name} helps you with {goal}.",
    "{name} began as a weekend project about {goal} and grew from there.",
    "There are many add-ons for {goal}; {name} is the small one.",
    "Whenever it comes to {goal}, {name} saves you a few clicks.",
    "{name} is for everybody who thinks about {goal} more than they would like.",
    "Use {name} for everything around {goal}.",
    "{name} is about {goal}, on every site and without setup.",
    "We wrote {name} because nothing else dealt with {goal} the way we wanted.",
    "{name} takes care of {goal} in the background.",
    "{name} is a careful take on {goal}.",
];

/// Last sentences of descriptions.
pub(crate) const CLOSINGS: [&str; 12] = [
    "It asks for no permission that it does not need.",
    "The source is open and bug reports are welcome.",
    "Settings can be exported and carried to another machine.",
    "It works on phones as well, with a smaller menu.",
    "Everything stays on your computer.",
    "Questions are answered in the forum, usually within a day.",
    "A short tour explains the rest when it is first opened.",
    "It is translated by volunteers; more languages are welcome.",
    "Tested with thousands of open pages.",
    "It is updated a few times a year and changes nothing behind your back.",
    "Keyboard shortcuts exist for everything.",
    "Please read the list of known problems before you report a new one.",
];

/// Tags that fit every theme.
pub(crate) const COMMON_TAGS: [&str; 8] = [
    "lightweight",
    "open source",
    "offline",
    "no account",
    "customisable",
    "mobile",
    "beginner friendly",
    "experimental",
];

/// Notes of releases that fit every theme.
pub(crate) const RELEASE_NOTES: [&str; 16] = [
    "Fixes a crash when the settings were opened twice.",
    "Starts faster and uses less memory.",
    "New icons for high-resolution screens.",
    "Updated translations.",
    "Settings can now be exported.",
    "Fixes the shortcut that stopped working in the last version.",
    "Works again in private windows.",
    "Smaller download: unused code was removed.",
    "The menu can be reached with the keyboard.",
    "Fixes a wrong count on the toolbar button.",
    "Remembers the size of its window.",
    "Corrects the layout for right-to-left languages.",
    "Asks for one permission less than before.",
    "Fixes two bugs that were reported in the forum.",
    "The options page was rewritten and is easier to understand.",
    "Maintenance release.",
];

/// The first half of a review, by score: one star first.
pub(crate) const VERDICTS: [&[&str]; 5] = [
    &["Stopped working after the update", "Does nothing for me", "Slows down every page", "Removed it after a day"],
    &["Good idea, too many bugs", "Breaks some of my sites", "Used to be better", "The settings are confusing"],
    &["Works, but not on every site", "Fine for a start", "Does what it says, no more", "Decent, could be faster"],
    &["Very useful", "Almost perfect", "Works well since the last version", "A great help, small rough edges"],
    &[
        "Exactly what I was looking for",
        "I could not browse without it",
        "Simply works",
        "The best of its kind",
        "Five stars",
    ],
];

/// The second half of a review; `{goal}` is filled in.
pub(crate) const REASONS: [&str; 14] = [
    "I use it every day for {goal}.",
    "I compared several add-ons for {goal}.",
    "The author answers questions.",
    "It was easy to set up.",
    "The memory use could be lower.",
    "My whole family has it installed.",
    "It survived three updates of the browser.",
    "Please add an option for the toolbar.",
    "I wish the icon were smaller.",
    "Took me a while to find the settings.",
    "Nothing else handles {goal} like this.",
    "I miss a dark theme for the menu.",
    "Works on my phone as well.",
    "I would like to see it in more languages.",
];
