//! Who wins, and what is remembered about it.

use super::*;

const KEEP: &str = "undo.keep";

#[test]
fn row_135_precedence_default_file_environment_argument() {
    type Layer = (&'static str, fn(Folder) -> Folder, &'static str, &'static str);
    let layers: [Layer; 6] = [
        ("default", |folder| folder, "3", "default"),
        ("include", |folder| folder.file("base.toml", "[undo]\nkeep = 10\n"), "10", "base.toml:2:8"),
        ("file", |folder| append(folder, "[undo]\nkeep = 11\n"), "11", "stead.toml:5:8"),
        (
            "overlay",
            |folder| folder.file("stead.development.toml", "undo.keep = 12"),
            "12",
            "stead.development.toml:1:13",
        ),
        ("variable", |folder| folder.variable("STEAD__UNDO__KEEP", "13"), "13", "STEAD__UNDO__KEEP"),
        ("argument", |folder| folder.argument(KEEP, "14"), "14", "--set undo.keep"),
    ];
    for stated in 0..64_u32 {
        let mut folder = Folder::named("include = [\"base.toml\"]\n").file("base.toml", "");
        let mut expected = ("3", "default");
        for (index, (_, state, value, origin)) in layers.iter().enumerate() {
            if stated & (1 << index) != 0 {
                folder = state(folder);
                expected = (value, origin);
            }
        }
        let (value, origin) = setting(&folder.project(), KEEP);
        assert_eq!((value.as_str(), origin.as_str()), expected, "layers {stated:06b}");
    }
}

fn append(folder: Folder, text: &str) -> Folder {
    let whole = std::fs::read_to_string(folder.at("stead.toml")).unwrap() + text;
    folder.file("stead.toml", whole)
}

#[test]
fn row_133_includes_with_precedence_main_first_second() {
    let first = "[databases.a]\nurl = \"sqlite:first.db\"\n[databases.b]\nurl = \"sqlite:first-b.db\"\n";
    let second = "[databases.a]\nurl = \"sqlite:second.db\"\n[databases.b]\nurl = \"sqlite:second-b.db\"\n[databases.c]\nurl = \"sqlite:second-c.db\"\n";
    let main = "include = [\"one/first.toml\", \"second.toml\"]\n[databases.a]\nurl = \"sqlite:main.db\"\n";
    let project = Folder::named(main).file("one/first.toml", first).file("second.toml", second).project();
    assert_eq!(setting(&project, "databases.a.url"), ("\"sqlite:main.db\"".into(), "stead.toml:5:7".into()));
    assert_eq!(setting(&project, "databases.b.url"), ("\"sqlite:first-b.db\"".into(), "one/first.toml:4:7".into()));
    assert_eq!(setting(&project, "databases.c.url"), ("\"sqlite:second-c.db\"".into(), "second.toml:6:7".into()));
}

#[test]
fn row_133_includes_of_includes_are_below_their_parent() {
    let folder = Folder::named("include = [\"first.toml\", \"second.toml\"]\n")
        .file("first.toml", "project.include = [\"deep/third.toml\"]\nundo.keep = 5\n")
        .file("deep/third.toml", "undo = { keep = 6, max_size = \"1GB\" }\n")
        .file("second.toml", "undo.max_size = \"2GB\"\nproject.protected = true\n");
    let project = folder.project();
    assert_eq!(
        (project.undo.keep, project.undo.max_size),
        (5, Some(1_000_000_000)),
        "a first include's own include beats the second"
    );
    assert!(project.protected);
    let names: Vec<_> =
        project.files.iter().map(|file| file.strip_prefix(&folder.path).unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["deep/third.toml", "first.toml", "second.toml", "stead.toml"]);
}

#[test]
fn row_133_a_missing_include_is_named_with_its_line() {
    let folder =
        Folder::named("include = [\n  \"here.toml\",\n  \"../platform/gone.toml\",\n]\n").file("here.toml", "");
    let expected = "stead.toml:5:3: the included file `../platform/gone.toml` does not exist [include-missing]";
    assert_eq!(folder.errors(), [expected]);
}

#[test]
fn row_133_circles_of_includes_are_refused_with_the_chain() {
    let folder = Folder::named("include = [\"a.toml\"]\n")
        .file("a.toml", "project.include = [\"b/b.toml\"]")
        .file("b/b.toml", "project.include = [\"../stead.toml\"]");
    let expected = "b/b.toml:1:20: files include each other in a circle: stead.toml → a.toml → b/b.toml → stead.toml \
                    [include-cycle]";
    assert_eq!(folder.errors(), [expected]);
    let folder = Folder::named("include = [\"./stead.toml\"]\n");
    assert!(folder.errors()[0].contains("stead.toml → stead.toml"), "{:?}", folder.errors());
}

#[test]
fn a_file_that_is_included_twice_is_no_circle_and_a_thousandfold_diamond_is_quick() {
    let mut folder = Folder::named("include = [\"x0.toml\", \"y0.toml\"]\n");
    for level in 0..30 {
        let next = format!("project.include = [\"x{0}.toml\", \"y{0}.toml\"]", level + 1);
        folder = folder.file(&format!("x{level}.toml"), &next).file(&format!("y{level}.toml"), &next);
    }
    let project = folder.file("x30.toml", "undo.keep = 7").file("y30.toml", "undo.keep = 8").project();
    assert_eq!(project.undo.keep, 7);
}

#[test]
fn includes_that_nest_without_end_are_refused() {
    let mut folder = Folder::named("include = [\"f0.toml\"]\n");
    for level in 0..70 {
        folder = folder.file(&format!("f{level}.toml"), format!("project.include = [\"f{}.toml\"]", level + 1));
    }
    assert_eq!(folder.errors(), ["f62.toml:1:20: includes are nested more than 64 deep [include-too-deep]"]);
}

#[test]
fn an_overlay_is_above_the_project_and_its_own_includes() {
    let main =
        "include = [\"base.toml\"]\nprotected = false\n[databases.main]\nurl = \"sqlite:main.db\"\n[undo]\nkeep = 4\n";
    let folder = Folder::named(main)
        .file("base.toml", "[undo]\nmax_size = 5\n")
        .file("stead.production.toml", "[project]\nprotected = true\ninclude = [\"shared.toml\"]\n")
        .file("shared.toml", "undo.keep = 9\ndatabases.main.url = \"postgres://db/main\"\nproject.protected = false\n")
        .environment("production");
    let project = folder.project();
    assert!(project.protected, "the overlay beats what it includes");
    assert_eq!((project.undo.keep, project.undo.max_size), (9, Some(5)), "what the overlay includes beats the project");
    assert_eq!(setting(&project, "databases.main.url").1, "shared.toml:2:22");
    assert_eq!(project.environment, "production");
}

#[test]
fn the_environment_is_chosen_by_argument_then_variable_then_file_then_default() {
    let bare = || Folder::named("").file("stead.one.toml", "").file("stead.two.toml", "").file("stead.three.toml", "");
    let stated = || bare().file("stead.toml", "[project]\nname = \"addons\"\nenvironment = \"three\"\n");
    let chosen = |folder: Folder| setting(&folder.project(), "project.environment");
    assert_eq!(chosen(bare()), ("\"development\"".into(), "default".into()));
    assert_eq!(chosen(stated()), ("\"three\"".into(), "stead.toml:3:15".into()));
    assert_eq!(chosen(stated().variable("STEAD_ENV", "two")), ("\"two\"".into(), "STEAD_ENV".into()));
    let both = stated().variable("STEAD_ENV", "two").environment("one");
    assert_eq!(chosen(both), ("\"one\"".into(), "--env".into()));
    assert_eq!(chosen(bare().variable("STEAD_ENV", "")), ("\"development\"".into(), "default".into()));
    assert_eq!(chosen(bare().argument("project.environment", "two")).0, "\"two\"");
    assert_eq!(chosen(bare().variable("STEAD__PROJECT__ENVIRONMENT", "two")).0, "\"two\"");
}

#[test]
fn tables_merge_and_arrays_replace() {
    let main = "[storage]\npath = \"files\"\nleaves = [\"a\", \"b\"]\n";
    let folder = Folder::named(main).file("stead.development.toml", "storage.leaves = [\"c\"]");
    let storage = folder.project().storage.unwrap();
    assert_eq!((storage.path, storage.leaves), (folder.at("files"), vec!["c".to_owned()]));
}

#[test]
fn relative_paths_belong_to_the_file_that_states_them() {
    let folder =
        Folder::named("include = [\"../platform/base.toml\"]\n[databases.here]\nurl = \"sqlite:data/here.db\"\n")
            .file(
                "../platform/base.toml",
                "[databases.there]\nurl = \"sqlite://there.db\"\n[databases.argument]\n[databases.variable]\n",
            )
            .argument("databases.argument.url", "sqlite:argument.db")
            .variable("STEAD__DATABASES__VARIABLE__URL", "sqlite:./x/../variable.db");
    let project = folder.project();
    let file = |name: &str| match project.database_location(name) {
        Some(super::super::DatabaseLocation::File(file)) => file.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(file("here"), folder.at("data/here.db"));
    assert_eq!(file("there"), folder.path.parent().unwrap().join("platform/there.db"));
    assert_eq!(file("argument"), folder.at("argument.db"));
    assert_eq!(file("variable"), folder.at("variable.db"));
    assert_eq!(setting(&project, "databases.there.url").1, "../platform/base.toml:2:7");
}

#[test]
fn references_are_replaced_after_merging_and_can_be_escaped() {
    let main = "[databases.main]\nurl = \"${MAIN_URL}\"\n[seed]\nsteps = [{ sql = \"$${A}-$B-${B}${B}-$$c.sql\" }]\n";
    let folder = Folder::named(main).variable("MAIN_URL", "sqlite:${B}.db").variable("B", "bee");
    let project = folder.project();
    let file = folder.at("${A}-$B-beebee-$$c.sql");
    assert!(
        matches!(&project.seed[0].action, super::super::SeedAction::Sql { file: found } if *found == file),
        "{:?}",
        project.seed
    );
    let location = super::super::DatabaseLocation::File(folder.at("${B}.db"));
    assert_eq!(project.database_location("main"), Some(&location), "what a variable holds is not looked into again");
}

#[test]
fn a_reference_that_a_higher_layer_replaced_asks_for_nothing() {
    let main = "include = [\"base.toml\"]\n[databases.main]\nurl = \"sqlite:main.db\"\n";
    let folder =
        Folder::named(main).file("base.toml", "databases.main.url = \"postgres://${NOBODY_SET_THIS}@db/main\"");
    assert_eq!(setting(&folder.project(), "databases.main.url").0, "\"sqlite:main.db\"");
}

#[test]
fn includes_may_hold_references() {
    let folder = Folder::named("include = [\"${WHERE}/base.toml\"]\n").file("deep/base.toml", "undo.keep = 8");
    assert_eq!(folder.variable("WHERE", "deep").project().undo.keep, 8);
    let refused = Folder::named("include = [\"${WHERE}/base.toml\"]\n").errors();
    assert_eq!(refused, ["stead.toml:3:13: the environment variable `WHERE` is not set [variable-unset]"]);
}

#[test]
fn variables_find_keys_with_hyphens_and_make_new_ones_with_underscores() {
    let folder = Folder::named("[databases.my-data]\n[databases.other_data]\n")
        .variable("STEAD__DATABASES__MY_DATA__URL", "sqlite:one.db")
        .variable("STEAD__DATABASES__OTHER_DATA__URL", "sqlite:two.db")
        .variable("STEAD__DATABASES__BRAND_NEW__URL", "sqlite:three.db");
    let project = folder.project();
    assert_eq!(project.databases.keys().collect::<Vec<_>>(), ["brand_new", "my-data", "other_data"]);
    assert_eq!(setting(&project, "databases.my-data.url").0, "\"sqlite:one.db\"");
}

#[test]
fn a_variable_that_means_two_keys_is_refused() {
    let folder =
        Folder::named("[databases.a-b]\n[databases.a_b]\n").variable("STEAD__DATABASES__A_B__URL", "sqlite:x.db");
    let expected =
        "`STEAD__DATABASES__A_B__URL` does not name a setting: both `a-b` and `a_b` are meant by it [setting-path]";
    assert_eq!(folder.errors(), [expected]);
}

#[test]
fn loose_values_are_toml_or_the_characters_themselves() {
    let folder = Folder::named("[storage]\npath = \"files\"\n[servers.search]\nkind = \"opensearch\"\n[seed]\n")
        .argument("storage.leaves", "[\"icons\", 'files']")
        .argument("servers.search.version", "2.10")
        .argument("servers.search.port", " 9200 ")
        .argument("project.protected", "true")
        .argument("project.name", "true")
        .argument("project.lock_timeout", "30s")
        .argument("project.lock_timeout", "45s")
        .argument("storage.path", "2024-01-01");
    let project = folder.project();
    assert_eq!(project.name, "true", "a bare word is a string where a string is wanted");
    assert!(project.protected);
    assert_eq!(project.lock_timeout.as_secs(), 45, "a later argument beats an earlier one");
    let server = &project.servers["search"];
    assert_eq!((server.version.as_deref(), server.port), (Some("2.10"), Some(9200)));
    let storage = project.storage.as_ref().unwrap();
    assert_eq!((storage.path.clone(), storage.leaves.len()), (folder.at("2024-01-01"), 2));
}

#[test]
fn the_lock_timeout_has_a_variable_of_its_own() {
    let folder = || Folder::named("lock_timeout = \"1m\"\n").variable("STEAD_LOCK_TIMEOUT", "2m");
    let project = folder().project();
    assert_eq!(project.lock_timeout.as_secs(), 120);
    assert_eq!(setting(&project, "project.lock_timeout").1, "STEAD_LOCK_TIMEOUT");
    assert_eq!(folder().argument("project.lock_timeout", "3m").project().lock_timeout.as_secs(), 180);
    assert_eq!(folder().variable("STEAD__PROJECT__LOCK_TIMEOUT", "4m").project().lock_timeout.as_secs(), 240);
    assert_eq!(folder().variable("STEAD_LOCK_TIMEOUT", "").project().lock_timeout.as_secs(), 60);
}

#[test]
fn the_project_is_found_from_any_folder_below_it() {
    let folder = Folder::named("").file("app/models/deep/x.sql", "");
    assert_eq!(Project::find(&folder.at("app/models/deep")).unwrap(), folder.path);
    assert_eq!(Project::find(&folder.path).unwrap(), folder.path);
    let outside = folder.path.parent().unwrap();
    let errors = Project::find(outside).unwrap_err();
    assert_eq!(errors.to_string(), format!("no `stead.toml` in `{}` or any folder above it", outside.display()));
    assert!(errors.hints()[0].contains("stead new DIR"), "{:?}", errors.hints());
    assert_eq!(errors.code(), "project-not-found");
    let options = LoadOptions { directory: folder.at("app"), ..LoadOptions::default() };
    assert!(Project::load(&options).unwrap_err().to_string().ends_with("/project/app`"));
}
