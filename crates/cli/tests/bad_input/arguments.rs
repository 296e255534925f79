//! Command lines that cannot be meant. All of it is exit 2 before a project is opened, or names the
//! project that is not there.

use crate::case::{Case, Start};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "no command",
        start: Start::Ready,
        prepare: |_| {},
        command: &[],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            One tool for the whole life of an application's databases

            Usage: stead [OPTIONS] <COMMAND>

            Commands:
              new          Make a new project, with SQLite and an embedded index, ready to run
              init         Bring this machine to a working state: databases, revisions, seed, storage, index
              status       Show what is there: databases with their revisions, storage, indexes, snapshots, undo
                           points
              check        Compare databases, ledgers, revision files and models; exit 3 on any difference
              wait         Wait until every database server answers
              up           Start the local servers of this project, then go on with `init`
              down         Stop the local servers of this project; their volumes stay
              volume       List or remove the volumes of local servers, or print where one is
              revision     Write the next revision file of an app, for you to fill
              upgrade      Apply the revisions that are pending, up to a target
              downgrade    Run the down sections of one app back to a target
              stamp        Record that one app stands at a target, without running anything
              history      List the revisions in the order they apply, and what each database has of them
              heads        List the revisions that no other one builds on; needs no database
              current      Show the newest applied revision of each app on each database
              show         Print a revision file and its place in the graph
              schema       Print a schema as DDL
              database     List databases, open a shell on one, or remove one
              seed         Build the databases anew, run the seed steps, and keep the result as the snapshot
                           `_init`
              dump         Keep rows and files together, as a snapshot
              load         Bring back the rows and files of a snapshot, then upgrade
              snapshots    List, show, verify or remove snapshots
              reset        Empty every database and every storage leaf, and drop the indexes
              undo         Take back the newest load, seed, reset, `init --clean`, `init --load` or undo
              index        Build, look at, check or drop search indexes
              search       Look for words in a search index
              config       Show every setting in force and the place it comes from; secrets are masked
              completions  Print the completions for a shell
              help         Print this message or the help of the given subcommand(s)

            Options:
              -h, --help     Print help
              -V, --version  Print version

            Options of every command:
              -C <DIR>                   Work as if started in that folder
                  --env <NAME>           The environment: `stead.NAME.toml` is laid over `stead.toml` [default:
                                         development, or STEAD_ENV]
                  --json                 Print one JSON document on standard output, and progress as JSON lines
                                         on standard error
                  --set <KEY=VALUE>      Set a value of the project file for this command, for example
                                         `undo.keep=5`
                  --lock-timeout <TIME>  How long to wait for a lock that others hold, for example `30s`
                                         [default: 10m]

            Examples:
              stead new shop               make a project that runs at once
              stead init                   bring this machine to a working state
              stead dump --name before     keep rows and files under a name
              stead load before            bring them back
              stead undo                   take back the last destructive command

            Exit codes: 0 done or equal, 1 failed, 2 usage or project file, 3 difference or pending, 4 refused
            for safety, 5 lock not obtained, 6 stopped half-way, 7 server unreachable or refusing, 70 a defect
            of stead.
            ")
        },
    },
    Case {
        name: "an unknown command",
        start: Start::Ready,
        prepare: |_| {},
        command: &["innit"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: unrecognized subcommand 'innit'

              tip: a similar subcommand exists: 'init'

            Usage: stead [OPTIONS] <COMMAND>

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "an unknown flag",
        start: Start::Ready,
        prepare: |_| {},
        command: &["init", "--cleen"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: unexpected argument '--cleen' found

              tip: a similar argument exists: '--clean'

            Usage: stead init --clean

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "a load without a name",
        start: Start::Ready,
        prepare: |_| {},
        command: &["load"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: the following required arguments were not provided:
              <NAME>

            Usage: stead load <NAME>

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "an unknown risk",
        start: Start::Ready,
        prepare: |_| {},
        command: &["upgrade", "--allow", "everything"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: invalid value 'everything' for '--allow <RISKS>'
              [possible values: destructive, rewrite, lock, edited, no-undo]

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "clean and load together",
        start: Start::Ready,
        prepare: |_| {},
        command: &["init", "--clean", "--load", "_init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[clean-and-load]: `--clean` and `--load` exclude each other; nothing was touched
              hint: `--load NAME` replaces everything already; leave `--clean` out
            ")
        },
    },
    Case {
        name: "clean in a variable and load together",
        start: Start::Ready,
        prepare: |scene| scene.variable("INIT_CLEAN", "true"),
        command: &["init", "--load", "_init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[clean-and-load]: `--clean` and `--load` exclude each other; nothing was touched
              hint: `--load NAME` replaces everything already; leave `--clean` out
            ")
        },
    },
    Case {
        name: "a lock timeout that is no time",
        start: Start::Ready,
        prepare: |_| {},
        command: &["--lock-timeout", "soon", "upgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[invalid-value]: `project.lock_timeout` is not a duration
             --> --set project.lock_timeout:1:22
              |
            1 | project.lock_timeout=soon
              |                      ^^^^
              hint: write a duration such as `500ms`, `30s`, `10m`, `1h30m` or `2d`
            ")
        },
    },
    Case {
        name: "a folder without a project",
        start: Start::Empty,
        prepare: |_| {},
        command: &["init"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[project-not-found]: no `stead.toml` in `[project]` or any folder above it
              hint: `stead new DIR` makes a project; `-C DIR` names the folder of one
            ")
        },
    },
    Case {
        name: "a file for a folder",
        start: Start::Ready,
        prepare: |_| {},
        command: &["-C", "notes.txt", "init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @r"error[no-folder]: `[project]/notes.txt` is not a folder"),
    },
    Case {
        name: "a folder that does not exist",
        start: Start::Ready,
        prepare: |_| {},
        command: &["-C", "nowhere", "init"],
        exit: 2,
        says: |said| insta::assert_snapshot!(said, @r"error[no-folder]: `[project]/nowhere` is not a folder"),
    },
    Case {
        name: "a dump to a name and to standard output",
        start: Start::Ready,
        prepare: |_| {},
        command: &["dump", "--stdout", "--force"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: the argument '--stdout' cannot be used with '--force'

            Usage: stead dump --stdout

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "a question that nobody can answer",
        start: Start::Ready,
        prepare: |_| {},
        command: &["reset"],
        exit: 4,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[confirmation-missing]: empty main, stats of `shop` (development), its storage and its indexes? (nobody can be asked here)
              hint: add `--yes` to answer the question beforehand
            ")
        },
    },
    Case {
        name: "a downgrade without a target",
        start: Start::Ready,
        prepare: |_| {},
        command: &["downgrade"],
        exit: 2,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error: the following required arguments were not provided:
              <TARGET>

            Usage: stead downgrade <TARGET>

            For more information, try '--help'.
            ")
        },
    },
    Case {
        name: "a new project in a folder that is not empty",
        start: Start::Ready,
        prepare: |_| {},
        command: &["new", "apps"],
        exit: 4,
        says: |said| {
            insta::assert_snapshot!(said, @r"
            error[folder-not-empty]: `[project]/apps` exists and is not empty
              hint: name a folder that does not exist yet
            ")
        },
    },
];
