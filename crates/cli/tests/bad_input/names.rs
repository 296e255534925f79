//! Names that are paths in disguise, or nothing at all. A name is checked before a path is made of it, so nothing outside
//! the project's own folders can be reached by one.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a name that climbs, to dump",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", "../x"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../x` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that climbs, to load",
        start: Start::Ready,
        prepare: |_| {},
        command: &["load", "../x"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../x` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that climbs, to init --load",
        start: Start::Ready,
        prepare: |_| {},
        command: &["init", "--load", "../x"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../x` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that climbs, to snapshots remove",
        start: Start::Ready,
        prepare: |_| {},
        command: &["snapshots", "remove", "../notes", "--yes"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../notes` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that climbs, to snapshots show",
        start: Start::Ready,
        prepare: |_| {},
        command: &["snapshots", "show", "../../etc"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../../etc` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "an absolute path for a name",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", "/tmp/x"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `/tmp/x` cannot be the name of a snapshot: it is an absolute path
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a folder for a name",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", "a/b"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `a/b` cannot be the name of a snapshot: it holds a path separator
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "an empty name",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", ""],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `` cannot be the name of a snapshot: it is empty
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that is an environment's",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", "@staging"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `@staging` cannot be the name of a snapshot: it begins with `@`, which marks the folder of an environment
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name that is too long",
        start: Start::Ready,
        prepare: |_| {},
        command: &[
            "dump",
            "--name",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` cannot be the name of a snapshot: it is longer than 100 characters
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a name with a line break",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--name", "a\nb"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `a\nb` cannot be the name of a snapshot: it holds a character that names do not have
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a climbing name in a variable",
        start: Start::Ready,
        prepare: |scene| scene.variable("INIT_LOAD", "../x"),
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[snapshot-name]: `../x` cannot be the name of a snapshot: it begins with a dot
              hint: a name begins with a letter, a digit or `_`; letters, digits, `.`, `_` and `-` follow, 100 at most
            ")
        },
    },
    Case {
        name: "a climbing name for an environment",
        start: Start::Ready,
        prepare: |_| {},
        command: &["--env", "../x", "status"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[invalid-name]: `../x` is not a name for an environment
             --> --env:1:7
              |
            1 | --env=../x
              |       ^^^^
              hint: a name is a lower-case letter, then letters, digits, `_` or `-`, at most 63 in all
            ")
        },
    },
    Case {
        name: "a climbing name for another environment's snapshots",
        start: Start::Ready,
        prepare: |_| {},
        command: &["load", "x", "--from", "../x"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[invalid-name]: `../x` is not a name for an environment
              hint: a name is a lower-case letter, then letters, digits, `_` or `-`, at most 63 in all
            ")
        },
    },
    Case {
        name: "an unknown index",
        start: Start::Ready,
        prepare: |_| {},
        command: &["index", "build", "itms"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-index]: there is no index `itms` in this project
              hint: did you mean `items`?
              hint: there are: `items`
            ")
        },
    },
    Case {
        name: "an unknown index to search",
        start: Start::Ready,
        prepare: |_| {},
        command: &["search", "itms", "kite"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[unknown-index]: there is no index `itms` in this project
              hint: did you mean `items`?
              hint: there are: `items`
            ")
        },
    },
    Case {
        name: "a revision without a word",
        start: Start::Ready,
        prepare: |_| {},
        command: &["revision", "-m", "  ", "--app", "shop"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[message-empty]: a revision needs a message
              hint: say in a few words what it changes
            ")
        },
    },
    Case {
        name: "a new project whose name is none",
        start: Start::Empty,
        prepare: |_| {},
        command: &["new", "12"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[project-name]: `[project]/12` gives no name for a project
              hint: name a folder that begins with a letter
            ")
        },
    },
];
