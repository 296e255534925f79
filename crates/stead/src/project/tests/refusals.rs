//! Every error with its message, its place, its code and, where it has one, its hint.

use super::*;

/// A project file below its two-line `[project]` section must be refused with exactly this one error.
#[track_caller]
fn refused(text: &str, expected: &str) -> Vec<String> {
    refused_folder(&Folder::named(text), expected)
}

#[track_caller]
fn refused_folder(folder: &Folder, expected: &str) -> Vec<String> {
    assert_eq!(folder.errors(), [expected]);
    folder.load().unwrap_err().hints()
}

#[test]
fn broken_toml() {
    let cases = [
        ("[databases.a\n", "stead.toml:3:13:"),
        ("[undo]\nkeep = 1\nkeep = 2\n", "stead.toml:5:1:"),
        ("[undo]\nkeep = \n", "stead.toml:4:8:"),
        ("[undo]\nkeep = \"x\n", "stead.toml:4:10:"),
        ("é = 1\n", "stead.toml:3:1:"),
        ("[undo]\r\n\tkeep = = 3\r\n", "stead.toml:4:9:"),
    ];
    for (text, place) in cases {
        let errors = Folder::named(text).errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(place) && errors[0].ends_with("[toml-syntax]"), "{text:?}: {errors:?}");
        assert!(errors[0].contains("not valid TOML: "), "{errors:?}");
    }
}

#[test]
fn columns_are_characters_and_a_byte_order_mark_is_none() {
    let text = "\u{feff}project = { name = \"ä\", namé = 1, 'größe' = \"é\", ö_ = 2 }\n"
        .replace("namé", "'namé'")
        .replace("ö_", "o_");
    let errors = Folder::new(&text).errors();
    let expected = [
        "stead.toml:1:20: `ä` is not a name for a project [invalid-name]",
        "stead.toml:1:25: unknown key `namé` in `project` [unknown-key]",
        "stead.toml:1:37: unknown key `größe` in `project` [unknown-key]",
        "stead.toml:1:52: unknown key `o_` in `project` [unknown-key]",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::named("").file("stead.toml", b"[project]\nname = \"\xff\"\n");
    refused_folder(&folder, "cannot read `stead.toml`: byte 19 is not UTF-8 text [file-unreadable]");
    let folder = Folder::named("include = [\"app\"]\n");
    refused_folder(&folder, "stead.toml:3:12: cannot read `app`: it is a folder [file-unreadable]");
    let folder = Folder::named("include = [\"/dev/zero\"]\n");
    if exists(Path::new("/dev/zero")) {
        refused_folder(&folder, "stead.toml:3:12: cannot read `/dev/zero`: it is not a regular file [file-unreadable]");
    }
    let folder = Folder::named("include = [\"app/base.toml/below.toml\"]\n").file("app/base.toml", "");
    refused_folder(
        &folder,
        "stead.toml:3:12: the included file `app/base.toml/below.toml` does not exist [include-missing]",
    );
}

#[test]
fn a_later_format_is_refused_before_its_keys_are() {
    let folder = Folder::named("format = 2\nnovelty = 1\n");
    let hints = refused_folder(
        &folder,
        "stead.toml:3:10: the project file has format 2, this program reads format 1 [format-unknown]",
    );
    assert_eq!(hints, ["use a newer stead for this project"]);
    assert_eq!(Folder::named("format = 1\n").project().name, "addons");
}

#[test]
fn includes_of_the_wrong_type() {
    refused(
        "include = \"base.toml\"\n",
        "stead.toml:3:11: `project.include` must be an array of strings, found a string [wrong-type]",
    );
    refused("include = [1]\n", "stead.toml:3:12: `project.include[0]` must be a string, found an integer [wrong-type]");
}

#[test]
fn what_only_a_file_can_say() {
    let folder = Folder::named("").argument("project.include", "[]");
    refused_folder(&folder, "--set project.include:1:17: `project.include` can only be set in a file [file-only]");
    let folder = Folder::named("").variable("STEAD__PROJECT__INCLUDE", "[]");
    refused_folder(&folder, "STEAD__PROJECT__INCLUDE:1:25: `project.include` can only be set in a file [file-only]");
}

#[test]
fn environments_without_an_overlay() {
    let folder = || Folder::named("").file("stead.production.toml", "").file("stead.staging.toml", "");
    let hints = refused_folder(
        &folder().environment("prodution"),
        "--env:1:7: the environment `prodution` has no file `stead.prodution.toml` [environment-unknown]",
    );
    assert_eq!(hints, ["did you mean `production`?"]);
    let hints = refused_folder(
        &folder().variable("STEAD_ENV", "test"),
        "STEAD_ENV:1:11: the environment `test` has no file `stead.test.toml` [environment-unknown]",
    );
    assert_eq!(hints, ["environments: `development`, `production`, `staging`"]);
    refused_folder(&folder().environment("../x"), "--env:1:7: `../x` is not a name for an environment [invalid-name]");
    refused_folder(&folder().environment(""), "--env:1:7: `` is not a name for an environment [invalid-name]");
    refused(
        "environment = 5\n",
        "stead.toml:3:15: `project.environment` must be a string, found an integer [wrong-type]",
    );
    let folder = folder().file("stead.production.toml", "project.environment = \"staging\"").environment("production");
    refused_folder(
        &folder,
        "stead.production.toml:1:23: `project.environment` is `staging` in the overlay of `production` [environment-in-overlay]",
    );
}

#[test]
fn references_that_lead_nowhere() {
    let hints = refused(
        "[databases.main]\nurl = \"postgres://u:${PASSWORD}@db/main\"\n",
        "stead.toml:4:21: the environment variable `PASSWORD` is not set [variable-unset]",
    );
    assert_eq!(hints, ["set `PASSWORD`, or write `$${` for a literal `${`"]);
    for text in ["${", "${}", "${A-B}", "${1}", "a ${A B}", "${A"] {
        let text = format!("[storage]\npath = \"{text}\"\n");
        let errors = Folder::named(&text).errors();
        assert!(
            errors.len() == 1 && errors[0].contains("`${` is not followed by a variable's name and `}`"),
            "{errors:?}"
        );
    }
}

#[test]
fn variables_and_arguments_that_name_no_setting() {
    let folder = Folder::named("")
        .variable("STEAD__", "1")
        .variable("STEAD__undo__keep", "1")
        .variable("STEAD__UNDO____KEEP", "1");
    let errors = folder.errors();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].contains("write the parts of its path with two underscores between them"), "{errors:?}");
    assert!(errors[2].contains("`STEAD__undo__keep` does not name a setting: write it in upper case"), "{errors:?}");
    for path in ["", "a..b", "a b", ".", "a.", "ü", "a=b"] {
        let errors = Folder::named("").argument(path, "1").errors();
        assert!(errors.len() == 1 && errors[0].ends_with("[setting-path]"), "{path}: {errors:?}");
    }
    let errors = Folder::named("").argument(&["a"; 50_000].join("."), "1").errors();
    assert!(errors.len() == 1 && errors[0].ends_with("[setting-path]"), "{errors:?}");
    refused_folder(
        &Folder::named("").variable("STEAD__UNDO__KEP", "1"),
        "STEAD__UNDO__KEP:1:18: unknown key `kep` in `undo` [unknown-key]",
    );
    let errors = Folder::named("").argument("storage.leaves", "[\"a\", ").errors();
    assert!(errors.len() == 1 && errors[0].starts_with("--set storage.leaves:1:16: not valid TOML"), "{errors:?}");
}

#[test]
fn unknown_keys_with_a_near_miss() {
    let hints = refused("[databse.main]\n", "stead.toml:3:2: unknown key `databse` at the top level [unknown-key]");
    assert_eq!(hints.len(), 1);
    let hints = refused(
        "[databases.main]\nurI = \"sqlite:x.db\"\n",
        "stead.toml:4:1: unknown key `urI` in `databases.main` [unknown-key]",
    );
    assert_eq!(hints, ["did you mean `url`?"]);
    let hints = refused(
        "[apps.catalog]\npth = \"x\"\npath = \"app\"\ndatabase = \"d\"\n[databases.d]\n",
        "stead.toml:4:1: unknown key `pth` in `apps.catalog` [unknown-key]",
    );
    assert_eq!(hints, ["did you mean `path`?"]);
    let hints =
        refused("[undo]\nsomething_else = 1\n", "stead.toml:4:1: unknown key `something_else` in `undo` [unknown-key]");
    assert_eq!(hints, ["keys here: `keep`, `max_size`"]);
    let hints = refused("[undo]\nmax-size = 1\n", "stead.toml:4:1: unknown key `max-size` in `undo` [unknown-key]");
    assert_eq!(hints, ["did you mean `max_size`?"]);
    refused("\"a\\u001bb\" = 1\n", "stead.toml:3:1: unknown key `a\\u{1b}b` in `project` [unknown-key]");
}

#[test]
fn wrong_types_say_what_was_expected_and_what_was_found() {
    let cases = [
        ("protected = \"yes\"\n", "3:13: `project.protected` must be a boolean, found a string"),
        ("lock_timeout = 600\n", "3:16: `project.lock_timeout` must be a duration such as \"10m\", found an integer"),
        ("databases.a = 1\n", "3:1: unknown key `databases` in `project`"),
        ("[databases]\na = 1\n", "4:5: `databases.a` must be a table, found an integer"),
        (
            "[databases.a]\nurl = 1\n",
            "4:7: `databases.a.url` must be a URL or `{ secret = \"NAME\" }`, found an integer",
        ),
        ("[undo]\nkeep = \"3\"\n", "4:8: `undo.keep` must be an integer, found a string"),
        ("[undo]\nmax_size = 1.5\n", "4:12: `undo.max_size` must be a size such as \"20GB\", found a float"),
        (
            "[storage]\npath = \"a\"\nleaves = \"x\"\n",
            "5:10: `storage.leaves` must be an array of strings, found a string",
        ),
        (
            "[storage]\npath = \"a\"\nleaves = [\"x\", 2024-01-01]\n",
            "5:16: `storage.leaves[1]` must be a string, found a date or time",
        ),
        ("[seed]\nsteps = {}\n", "4:9: `seed.steps` must be an array of tables, found a table"),
        ("[seed]\nsteps = [true]\n", "4:10: `seed.steps[0]` must be a table, found a boolean"),
        ("[[services]]\n", "3:1: `services` must be a table, found an array"),
    ];
    for (text, expected) in cases {
        let errors = Folder::named(text).errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with(&format!("stead.toml:{expected} [")), "{text:?}: {errors:?}");
    }
    let folder = Folder::new("project = 5\n");
    refused_folder(&folder, "stead.toml:1:11: `project` must be a table, found an integer [wrong-type]");
    let folder = Folder::named("").file("stead.development.toml", "undo = 5");
    refused_folder(&folder, "stead.development.toml:1:8: `undo` must be a table, found an integer [wrong-type]");
}

#[test]
fn missing_keys() {
    let hints = refused_folder(&Folder::new(""), "stead.toml:1:1: `project.name` is missing [missing-key]");
    assert_eq!(hints, ["write `name = \"…\"` under `[project]`"]);
    refused_folder(
        &Folder::new("\n[project]\nprotected = true\n"),
        "stead.toml:2:1: `project.name` is missing [missing-key]",
    );
    refused("[databases.d]\n[apps.a]\n", "stead.toml:4:1: `apps.a.path` is missing [missing-key]");
    let hints = refused(
        "[databases.d]\n[databases.e]\n[apps.a]\npath = \"app\"\n",
        "stead.toml:5:1: `apps.a.database` is missing [missing-key]",
    );
    assert_eq!(hints, ["name one of the databases d, e"]);
    let hints = refused("[apps.a]\npath = \"app\"\n", "stead.toml:3:1: `apps.a.database` is missing [missing-key]");
    assert_eq!(hints, ["declare a database first: `[databases.NAME]`"]);
    refused("[storage]\n", "stead.toml:3:1: `storage.path` is missing [missing-key]");
    refused("[servers.s]\n", "stead.toml:3:1: `servers.s.kind` is missing [missing-key]");
    refused("[databases.d]\nurl = {}\n", "stead.toml:4:7: `databases.d.url.secret` is missing [missing-key]");
    refused("[databases.d]\n[indexes.i]\n", "stead.toml:4:1: `indexes.i.documents` is missing [missing-key]");
    refused(
        "[databases.d]\n[indexes.i]\ndocuments = {}\n",
        "stead.toml:5:13: `indexes.i.documents.default` is missing [missing-key]",
    );
    refused(
        "[storage]\npath = \"s\"\nreferences = [{ query = \"SELECT 1\" }]\n[databases.d]\n[databases.e]\n",
        "stead.toml:5:15: `storage.references[0].database` is missing [missing-key]",
    );
    refused(
        "[databases.d]\n[apps.a]\npath = \"app\"\nmigrations = { tool = \"command\" }\n",
        "stead.toml:6:14: `apps.a.migrations.command` is missing [missing-key]",
    );
}

#[test]
fn names_that_are_none() {
    for (section, what) in [("databases", "a database"), ("services", "a service")] {
        for name in ["Catalog", "\"\"", "1a", "\"a.b\"", "\"a/b\"", "\"..\"", "_a", "\"ä\"", &"a".repeat(64)] {
            let errors = Folder::named(&format!("[{section}.{name}]\n")).errors();
            let ending = format!("is not a name for {what} [invalid-name]");
            assert!(errors.len() == 1 && errors[0].ends_with(&ending), "{name}: {errors:?}");
            assert!(errors[0].starts_with(&format!("stead.toml:3:{}: ", section.len() + 3)), "{errors:?}");
        }
    }
    assert!(Folder::named(&format!("[databases.{}]\n", "a".repeat(63))).load().is_ok());
    let hints = Folder::new("project.name = \"My Project\"").load().unwrap_err().hints();
    assert_eq!(hints, ["a name is a lower-case letter, then letters, digits, `_` or `-`, at most 63 in all"]);
    refused(
        "[servers.s]\nkind = \"mysql\"\nvolume = \"../x\"\n",
        "stead.toml:5:10: `../x` is not a name for a volume [invalid-name]",
    );
}

#[test]
fn urls_of_databases() {
    let url = |url: &str| Folder::named(&format!("[databases.d]\nurl = '{url}'\n")).load();
    let error = |text: &str| written(&url(text).unwrap_err().errors()[0]);
    let hints = |text: &str| url(text).unwrap_err().hints();
    assert_eq!(
        error("postgress://h/d"),
        "stead.toml:4:7: `databases.d.url` has the unknown scheme `postgress` [unknown-scheme]"
    );
    assert_eq!(hints("postgress://h/d"), ["did you mean `postgres`?"]);
    assert_eq!(hints("oracle://h/d"), ["schemes: `sqlite:`, `postgres://`, `postgresql://`, `mysql://`, `mariadb://`"]);
    assert_eq!(error("data/x.db"), "stead.toml:4:7: `databases.d.url` is not a URL [invalid-value]");
    assert!(hints("data/x.db")[0].starts_with("write `sqlite:PATH`"));
    assert!(error("postgres:d").contains("is not a server's URL"));
    assert!(error("mysql://").contains("is not a server's URL"));
    assert!(error("mysql://a b/c").contains("has a space or a control character in it"));
    assert!(error("sqlite:").contains("names no file"));
    assert!(error("sqlite:///").contains("names no file"));
    assert!(error("sqlite::memory:").contains("is a database in memory"));
    assert!(error("sqlite:x.db?mode=ro").contains("has parameters"));
    for good in
        ["SQLite:x.db", "sqlite:///tmp/x.db", "Postgres://h/d", "postgresql:///d", "mysql://u:p@h:1/d", "mariadb://h/d"]
    {
        assert!(url(good).is_ok(), "{good}");
    }
}

#[test]
fn names_that_lead_nowhere() {
    let known = "[databases.catalog]\n[databases.usage]\n";
    let app = format!("{known}[apps.a]\npath = \"app\"\ndatabase = \"catalogue\"\n");
    let hints =
        refused(&app, "stead.toml:7:12: `apps.a.database` names the unknown database `catalogue` [unknown-database]");
    assert_eq!(hints, ["did you mean `catalog`?"]);
    let app = format!("{known}[apps.accounts]\npath = \"app\"\ndatabase = \"usage\"\ndepends = [\"accounts2\"]\n");
    let hints =
        refused(&app, "stead.toml:8:12: `apps.accounts.depends[0]` names the unknown app `accounts2` [unknown-app]");
    assert_eq!(hints, ["did you mean `accounts`?"]);
    let index = format!("{known}[indexes.i]\ndocuments = \"i.sql\"\ndatabase = \"x\"\n");
    let hints =
        refused(&index, "stead.toml:7:12: `indexes.i.database` names the unknown database `x` [unknown-database]");
    assert_eq!(hints, ["databases: `catalog`, `usage`"]);
    let routes = format!("{known}[services.s.routes]\nnobody = \"nowhere\"\n");
    let expected = [
        "stead.toml:6:1: `services.s.routes.nobody` names the unknown app `nobody` [unknown-app]",
        "stead.toml:6:10: `services.s.routes.nobody` names the unknown database `nowhere` [unknown-database]",
    ];
    assert_eq!(Folder::named(&routes).errors(), expected);
    let step = format!("{known}[seed]\nsteps = [{{ sql = \"x.sql\", database = \"x\" }}]\n");
    refused(&step, "stead.toml:6:38: `seed.steps[0].database` names the unknown database `x` [unknown-database]");
    let reference = format!("{known}[storage]\npath = \"s\"\nreferences = [{{ query = \"q\", database = \"x\" }}]\n");
    refused(
        &reference,
        "stead.toml:7:41: `storage.references[0].database` names the unknown database `x` [unknown-database]",
    );
}

#[test]
fn circles_of_apps() {
    let app = |name: &str, depends: &str| format!("[apps.{name}]\npath = \"app\"\ndepends = [{depends}]\n");
    let text = format!(
        "[databases.d]\n{}{}{}{}",
        app("a", "\"b\""),
        app("b", "\"c\""),
        app("c", "\"d\", \"b\""),
        app("d", "")
    );
    refused(&text, "stead.toml:9:11: apps depend on each other in a circle: b → c → b [depends-cycle]");
    let text = format!("[databases.d]\n{}", app("a", "\"a\""));
    refused(&text, "stead.toml:6:11: apps depend on each other in a circle: a → a [depends-cycle]");
}

#[test]
fn two_databases_in_one_place() {
    let text = "[databases.a]\nurl = \"sqlite:data/x.db\"\n[databases.b]\nurl = \"sqlite:./data/../data//x.db\"\n";
    let hints = refused(text, "stead.toml:6:7: the databases `a` and `b` are the same: `data/x.db` [shared-database]");
    assert_eq!(hints, ["`a` is set at stead.toml:4:7; give each database a place of its own"]);
    refused(
        "[databases.a]\n[databases.b]\nurl = \"sqlite:.stead/development/a.db\"\n",
        "stead.toml:5:7: the databases `a` and `b` are the same: `.stead/development/a.db` [shared-database]",
    );
    let text =
        "[databases.a]\nurl = \"postgres://one:x@db/main\"\n[databases.b]\nurl = \"postgresql://two:y@db/main\"\n";
    refused(
        text,
        "stead.toml:6:7: the databases `a` and `b` are the same: `postgresql://two:***@db/main` [shared-database]",
    );
    assert!(
        Folder::named("[databases.a]\nurl = \"mysql://db/one\"\n[databases.b]\nurl = \"mysql://db/two\"\n")
            .load()
            .is_ok()
    );
}

#[test]
fn two_ways_to_write_one_place() {
    let both = |first: &str, second: &str| {
        let text = format!("[databases.a]\nurl = \"{first}\"\n[databases.b]\nurl = \"{second}\"\n");
        Folder::named(&text).load().is_ok()
    };
    let same = [
        ("postgres://db/x", "postgres://DB:5432/x?application_name=a"),
        ("postgres://db/x", "postgres://db/y?dbname=x"),
        ("postgres://localhost/x", "postgresql://me@127.0.0.1:5432/x"),
        ("postgres:///x?host=/run&port=1", "postgres://%2Frun:1/x"),
        ("mysql://db/x", "mysql://db:3306/x?ssl-mode=required"),
        ("mariadb://root@h/x?socket=/s", "mariadb://other/x?socket=/s"),
        ("mysql://db/b", "mysql://db"),
    ];
    for (first, second) in same {
        assert!(!both(first, second), "{first} {second}");
    }
    for (first, second) in [
        ("postgres://db/x", "postgres://db/y"),
        ("postgres://db:1/x", "postgres://db:2/x"),
        ("postgres:///x?host=/a", "postgres:///x?host=/A"),
        ("mysql://db/x?socket=/s", "mysql://db/x?socket=/t"),
        ("postgres://db", "postgres://db/"),
    ] {
        assert!(both(first, second), "{first} {second}");
    }
}

#[test]
fn a_password_that_ends_the_host_is_not_shown() {
    for url in [
        "postgres://u:12/canary@h/db",
        "postgres://u:12?canary@h/db",
        "postgres://u:a@canary/b@h/db",
        "mysql://u:12#canary@h/db",
        "mariadb://u:12/canary@h/db",
    ] {
        let text = format!("[databases.a]\nurl = \"{url}\"\n");
        let hints = refused(
            &text,
            "stead.toml:4:7: `databases.a.url` has an `@` behind the first `/`, `?` or `#`, so that it is not clear where \
             the password ends [invalid-value]",
        );
        assert!(hints[0].contains("`%2F`") && !hints[0].contains("canary"), "{hints:?}");
    }
}

#[test]
fn a_home_folder_is_a_thing_of_shells() {
    for setting in ["[databases.a]\nurl = \"sqlite:~/x.db\"\n", "[storage]\npath = \"~/files\"\n"] {
        let errors = Folder::named(setting).errors();
        assert!(errors.len() == 1 && errors[0].contains("begins with `~`"), "{errors:?}");
    }
    assert!(Folder::named("[storage]\npath = \"./~/files\"\n").load().is_ok());
}

#[test]
fn two_databases_with_one_variable() {
    let hints = refused(
        "[databases.a-b]\n[databases.a_b]\n",
        "stead.toml:4:1: `databases.a_b` is too like `a-b`: programs find both under `STEAD_DATABASE_A_B_URL` [invalid-value]",
    );
    assert_eq!(hints, ["give one of the two another name; `-` and `_` are one letter in variables"]);
}

#[cfg(unix)]
#[test]
fn two_databases_behind_a_link() {
    let folder =
        Folder::named("[databases.a]\nurl = \"sqlite:real/x.db\"\n[databases.b]\nurl = \"sqlite:link/x.db\"\n")
            .file("real/y", "");
    std::os::unix::fs::symlink(folder.at("real"), folder.at("link")).unwrap();
    refused_folder(&folder, "stead.toml:6:7: the databases `a` and `b` are the same: `link/x.db` [shared-database]");
}

#[test]
fn app_folders_that_are_not_there() {
    refused(
        "[databases.d]\n[apps.a]\npath = \"apps/none\"\n",
        "stead.toml:5:8: the folder of the app `a` does not exist: `apps/none` [app-path-missing]",
    );
    refused(
        "[databases.d]\n[apps.a]\npath = \"stead.toml\"\n",
        "stead.toml:5:8: the folder of the app `a` does not exist: `stead.toml` [app-path-missing]",
    );
}

#[test]
fn leaves_that_escape_or_overlap() {
    for leaf in ["..", "a/../..", "/etc", "", ".", "./", "a/../b", "a\\\\b", "C:x"] {
        let errors = Folder::named(&format!("[storage]\npath = \"s\"\nleaves = [\"ok\", \"{leaf}\"]\n")).errors();
        assert!(errors.len() == 1 && errors[0].starts_with("stead.toml:5:17: the leaf `"), "{leaf}: {errors:?}");
        assert!(errors[0].ends_with("leaves the storage folder [leaf-escapes]"), "{errors:?}");
    }
    for (one, other) in [("a", "a"), ("a", "./a/"), ("a", "a/b"), ("a/b", "a")] {
        let errors = Folder::named(&format!("[storage]\npath = \"s\"\nleaves = [\"{one}\", \"{other}\"]\n")).errors();
        assert!(errors.len() == 1 && errors[0].ends_with("[leaf-overlap]"), "{one} {other}: {errors:?}");
    }
    assert!(Folder::named("[storage]\npath = \"s\"\nleaves = [\"a\", \"ab\", \"c/d\", \"c/e\"]\n").load().is_ok());
}

#[test]
fn leaves_over_what_must_not_be_swapped() {
    let hints = refused(
        "[storage]\npath = \".\"\nleaves = [\"backups\"]\n",
        "stead.toml:5:11: the leaf `backups` overlaps with the snapshots, `backups` [leaf-reserved]",
    );
    assert_eq!(hints, ["a leaf is swapped as a whole: choose another folder for it"]);
    refused(
        "[storage]\npath = \".\"\nleaves = [\".stead\"]\n",
        "stead.toml:5:11: the leaf `.stead` overlaps with the state folder, `.stead` [leaf-reserved]",
    );
    refused(
        "[storage]\npath = \"s\"\nleaves = [\"x\"]\n[databases.d]\nurl = \"sqlite:s/x/d.db\"\n",
        "stead.toml:5:11: the leaf `x` overlaps with the database `d`, `s/x/d.db` [leaf-reserved]",
    );
    refused(
        "[storage]\npath = \"..\"\nleaves = [\"project\"]\n",
        "stead.toml:5:11: the leaf `project` overlaps with the state folder, `.stead` [leaf-reserved]",
    );
}

#[test]
fn seed_steps_of_no_kind_or_of_two() {
    let hints = refused(
        "[databases.d]\n[seed]\nsteps = [{ database = \"d\" }]\n",
        "stead.toml:5:10: `seed.steps[0]` has none of `sql`, `csv`, `run` [seed-step-kind]",
    );
    assert_eq!(hints, ["give each step exactly one of `sql`, `csv` and `run`"]);
    refused(
        "[databases.d]\n[seed]\nsteps = [{ sql = \"a\", run = [\"b\"] }]\n",
        "stead.toml:5:10: `seed.steps[0]` has `sql`, `run` at once [seed-step-kind]",
    );
    refused(
        "[databases.d]\n[seed]\nsteps = [{ csv = \"a\" }]\n",
        "stead.toml:5:10: `seed.steps[0].table` is missing [missing-key]",
    );
    refused(
        "[databases.d]\n[[seed.steps]]\nsql = \"a\"\ntable = \"t\"\n",
        "stead.toml:4:1: `seed.steps[0].table` belongs to a `csv` step, and this one is `sql` [invalid-value]",
    );
    refused(
        "[databases.d]\n[[seed.steps]]\nrun = []\n",
        "stead.toml:4:1: `seed.steps[0].run` names no program [invalid-value]",
    );
    refused(
        "[databases.d]\n[[seed.steps]]\ncsv = \"a\"\ntable = \"t\"\ndelimiter = \";;\"\n",
        "stead.toml:7:13: `seed.steps[0].delimiter` is not one character that can stand between fields [invalid-value]",
    );
    let hints = refused(
        "[databases.d]\n[[seed.steps]]\nsql = \"a\"\nengines = [\"postgresq\"]\n",
        "stead.toml:6:12: `seed.steps[0].engines[0]` is `postgresq`, which is not one of `postgres`, `mysql`, `mariadb`, `sqlite` [unknown-word]",
    );
    assert_eq!(hints, ["did you mean `postgres`?"]);
    refused(
        "[databases.d]\n[[seed.steps]]\nsql = \"a\"\nengines = []\n",
        "stead.toml:4:1: `seed.steps[0].engines` is empty, so the step would never run [invalid-value]",
    );
}

#[test]
fn fields_and_engines_of_indexes() {
    let index = |text: &str| format!("[databases.d]\n[indexes.i]\ndocuments = \"i.sql\"\n{text}\n");
    let hints = refused(
        &index("fields.a.type = \"txt\""),
        "stead.toml:6:17: `indexes.i.fields.a.type` is `txt`, which is not one of `text`, `keyword`, `integer`, `float`, `boolean`, `date` [unknown-word]",
    );
    assert_eq!(hints, ["did you mean `text`?"]);
    refused(
        &index("fields.a = { type = \"text\", boost = 0 }"),
        "stead.toml:6:37: `indexes.i.fields.a.boost` must be a number above zero [invalid-value]",
    );
    refused(
        &index("fields.a.boost = 1e-300"),
        "stead.toml:6:18: `indexes.i.fields.a.boost` must be a number above zero [invalid-value]",
    );
    refused(&index("batch = 0"), "stead.toml:6:9: `indexes.i.batch` must be between 1 and 1000000 [invalid-value]");
    refused(
        &index("fields.a = { type = \"text\", boost = nan }"),
        "stead.toml:6:37: `indexes.i.fields.a.boost` must be a number above zero [invalid-value]",
    );
    refused(
        &index("fields.a = { type = \"text\", language = \"english\" }"),
        "stead.toml:6:40: `indexes.i.fields.a.language` is `english`, which is not a language's code [invalid-value]",
    );
    refused(
        &index("fields.a = { type = \"date\", language = \"en\" }"),
        "stead.toml:6:40: `indexes.i.fields.a.language` belongs to fields of the type `text` [invalid-value]",
    );
    refused(
        &index("fields.a = { type = \"date\", highlight = true }"),
        "stead.toml:6:41: `indexes.i.fields.a.highlight` asks for marks in a field that is not a stored text [invalid-value]",
    );
    let hints = refused(
        &index("engine = \"embeded\""),
        "stead.toml:6:10: `indexes.i.engine` is neither `embedded` nor a server's URL [invalid-value]",
    );
    assert_eq!(hints, ["did you mean `embedded`?"]);
}

#[test]
fn quantities_that_are_none() {
    for (text, reason) in [
        ("600", "is a number without a unit"),
        ("10 parsecs", "is not a duration"),
        ("", "is not a duration"),
        ("-1s", "is not a duration"),
        ("1m1h", "is not a duration"),
        ("99999999999999999999s", "is not a duration"),
        ("9999999999999999999d", "is too long a duration"),
    ] {
        let errors = Folder::named(&format!("lock_timeout = \"{text}\"\n")).errors();
        assert_eq!(errors, [format!("stead.toml:3:16: `project.lock_timeout` {reason} [invalid-value]")], "{text}");
    }
    for (text, reason) in [
        ("\"20 GBs\"", "is not a size"),
        ("\"1.5GB\"", "is not a size"),
        ("\"20G\"", "is not a size"),
        ("-1", "is negative"),
        ("\"99999999999TB\"", "is too large a size"),
    ] {
        let errors = Folder::named(&format!("[undo]\nmax_size = {text}\n")).errors();
        assert_eq!(errors, [format!("stead.toml:4:12: `undo.max_size` {reason} [invalid-value]")], "{text}");
    }
    refused("[undo]\nkeep = 0\n", "stead.toml:4:8: `undo.keep` must be between 1 and 1000 [invalid-value]");
    refused(
        "[servers.s]\nkind = \"mysql\"\nport = 65536\n",
        "stead.toml:5:8: `servers.s.port` must be between 1 and 65535 [invalid-value]",
    );
}

#[test]
fn all_errors_of_a_file_come_at_once_up_to_twenty() {
    let text = "[undo]\nkep = 1\nkeep = true\n[databases.X]\n[apps.a]\npath = \"none\"\ndatabase = \"d\"\n[databases.d]\nurl = \"mssql://x\"\n";
    let errors = Folder::named(text).errors();
    let lines: Vec<_> = errors.iter().map(|error| error.split(':').nth(1).unwrap()).collect();
    assert_eq!(lines, ["4", "5", "6", "8", "11"], "{errors:?}");
    let many: String = (0..30).map(|number| format!("key{number} = 1\n")).collect();
    let errors = Folder::named(&format!("[undo]\n{many}")).load().unwrap_err();
    assert_eq!((errors.errors().len(), errors.omitted()), (20, 10));
    assert!(errors.to_string().ends_with("\nand 10 more"), "{errors}");
}

#[test]
fn errors_of_several_files_come_at_once() {
    let folder =
        Folder::named("include = [\"a.toml\", \"b.toml\", \"gone.toml\"]\n").file("a.toml", "x = ").file("b.toml", "[");
    let codes: Vec<_> = folder.load().unwrap_err().errors().iter().map(super::super::ProjectError::code).collect();
    assert_eq!(codes, ["toml-syntax", "toml-syntax", "include-missing"]);
}

#[test]
fn a_label_has_the_text_and_the_span_to_draw() {
    let folder = Folder::named("[apps.a]\n# comment\npath = \"none\" # behind\n[databases.d]\n");
    let errors = folder.load().unwrap_err();
    let label = errors.errors()[0].label().unwrap();
    assert_eq!(&label.text[label.span.clone()], "\"none\"");
    assert_eq!(label.text.lines().nth(label.line - 1), Some("path = \"none\" # behind"));
    assert_eq!(label.file, Some(folder.at("stead.toml")));
    assert_eq!(errors.to_string(), "stead.toml:5:8: the folder of the app `a` does not exist: `none`");
}
