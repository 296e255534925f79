//! Rows 111 to 118 for the embedded index, run with the real command.

use std::fs;

use stead_testkit::fixture::Fixture;

use crate::{project, ready};

/// Items in the thousands, without going through the seed.
fn fill(fixture: &Fixture, rows: u32) {
    let values: Vec<String> = (1..=rows).map(|row| format!("({}, 2, 'thing number {row}')", 1000 + row)).collect();
    fixture.sql("main", &format!("INSERT INTO items (id, kind, name) VALUES {}", values.join(", ")));
}

every_engine! {
    #[test]
    fn row_111_documents_go_in_batches_one_commit_each(fixture: ready) {
        fixture.sql("main", "DELETE FROM items");
        fill(&fixture, 1000);
        let built = fixture.run(["index", "build", "--json", "--set", "indexes.items.batch=150"]).exits(0).json();
        assert_eq!(built["indexes"][0]["built"]["documents"], 1000);
        assert_eq!(built["indexes"][0]["built"]["commits"], 7);
    }

    #[test]
    fn row_112_progress_counts_up_to_all_of_them(fixture: ready) {
        fill(&fixture, 3000);
        let built = fixture.run(["index", "build"]).exits(0);
        assert!(built.err.contains("3,004/3,004 documents (100 %)"), "{}", built.err);
        let built = fixture.run(["index", "build", "--json", "--set", "indexes.items.batch=500"]).exits(0);
        let done: Vec<u64> = built
            .err
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .filter(|event| event["event"] == "progress")
            .map(|event| event["done"].as_u64().expect("the test's own surroundings are sound"))
            .collect();
        assert!(done.is_sorted() && done.len() >= 7 && done.last() == Some(&3004), "{done:?}");
    }
}

every_engine! {
    #[test]
    fn row_114_dropping_an_index_asks(fixture: ready) {
        let before = fixture.tree(".stead/development/indexes");
        fixture.run(["index", "drop", "items"]).exits(4).says("--yes");
        assert_eq!(fixture.tree(".stead/development/indexes"), before);
        fixture.run(["index", "drop", "items", "--yes"]).exits(0);
        fixture.run(["search", "items", "hammer"]).exits(1).says("not built yet");
    }
}

/// An index has a life of its own: it stays when the project forgets it, until somebody drops it.
#[test]
fn an_index_that_left_the_project_is_named_and_can_be_dropped() {
    let fixture = ready();
    let section = fixture.read("stead.toml");
    let begin = section.find("[indexes.items]").expect("there is an index");
    let end = section.find("[storage]").expect("it comes next");
    fixture.write("stead.toml", format!("{}{}", &section[..begin], &section[end..]));
    fixture.run(["seed"]).exits(0);
    fixture.run(["index", "status"]).exits(0).prints("index items: not in the project any more, 4 documents");
    fixture.run(["status"]).exits(0).prints("`stead index drop items` removes it");
    fixture.run(["index", "status", "itmes"]).exits(2).says("unknown-index");
    fixture.run(["index", "build", "items"]).exits(2).says("unknown-index");
    fixture.run(["index", "drop", "items", "--yes"]).exits(0);
    assert_eq!(fixture.run(["index", "status"]).exits(0).out, "");
    fixture.run(["undo", "--prune", "--yes"]).exits(0);
    assert!(!fixture.tree(".stead/development/indexes").keys().any(|path| path.contains("stead-index.json")));
}

every_engine! {
    #[test]
    fn row_115_something_in_the_way_of_the_pointer_is_handled(fixture: ready) {
        let pointer = fixture.path(".stead/development/indexes/items/current");
        fs::remove_file(&pointer).expect("there is an index");
        fs::create_dir(&pointer).expect("the test's own surroundings are sound");
        fs::write(pointer.join("file"), "in the way").expect("the test's own surroundings are sound");
        fixture.run(["index", "build"]).exits(0);
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
        fs::write(&pointer, "garbage\n").expect("the test's own surroundings are sound");
        fixture.run(["init"]).exits(0);
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
    }
}

every_engine! {
    #[test]
    fn row_116_a_failed_batch_leaves_the_old_index_answering_and_no_leftovers(fixture: ready) {
        fill(&fixture, 1000);
        let before = fixture.tree(".stead/development/indexes");
        let failed = fixture.run_with(
            &[("STEAD_FAILPOINT", "index.batch@2=error")],
            ["index", "build", "--set", "indexes.items.batch=100"],
        );
        failed.exits(1);
        assert_eq!(fixture.tree(".stead/development/indexes"), before);
        fixture.run(["search", "items", "thing"]).exits(0).prints("0 found");
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
        // A key that comes twice is the documents query's mistake; the build says so and publishes nothing.
        fixture.write("indexes/items.sql", "SELECT kind, name FROM items");
        fixture.run(["index", "build"]).exits(1).says("two documents have the key `2`");
        fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
    }
}

every_engine! {
    #[test]
    fn row_116_killed_at_any_point_one_whole_index_answers(fixture: ready) {
        let points =
            ["index.batch", "index.finished", "index.publish", "index.before-publish", "index.published", "index.swept"];
        for (round, point) in points.into_iter().enumerate() {
            let insert = format!("INSERT INTO items (id, kind, name) VALUES ({}, 2, 'anvil')", 60 + round);
            fixture.sql("main", &insert);
            let killed = fixture.run_with(&[("STEAD_FAILPOINT", &format!("{point}=kill"))], ["index", "build"]);
            assert_eq!(killed.code, -9, "{point} was not passed: {}", killed.err);
            fixture.run(["search", "items", "hammer"]).exits(0).prints("1 found");
            fixture.run(["index", "build"]).exits(0);
            fixture.run(["search", "items", "anvil"]).exits(0).prints(&format!("{} found", round + 1));
            let builds = fs::read_dir(fixture.path(".stead/development/indexes/items")).expect("there is an index");
            let builds = builds.flatten().filter(|entry| entry.path().is_dir()).count();
            assert_eq!(builds, 1, "{point} left something behind");
        }
    }
}

every_engine! {
    #[test]
    fn row_117_several_indexes_by_name_and_an_unknown_one_lists_them(fixture: ready) {
        fixture.write("indexes/kinds.sql", "SELECT id, name FROM kinds");
        let more = format!(
            "{}\n[indexes.kinds]\ndatabase = \"main\"\ndocuments = \"indexes/kinds.sql\"\n",
            fixture.read("stead.toml")
        );
        fixture.write("stead.toml", more);
        fixture.run(["init"]).exits(0);
        fixture.run(["search", "kinds", "toys"]).exits(0).prints("1 found");
        fixture.run(["search", "items", "toys"]).exits(0).prints("0 found");
        fixture.run(["search", "itms", "toys"]).exits(2).says("did you mean `items`?").says("`kinds`");
        fixture.run(["index", "build", "nothing"]).exits(2).says("`items`, `kinds`");
    }

    #[test]
    fn row_118_the_declared_fields_are_the_built_ones(fixture: ready) {
        let indexes = fixture.tree(".stead/development/indexes/items");
        let record = indexes.keys().find(|path| path.ends_with("stead-index.json")).expect("the test's own surroundings are sound");
        let record = fixture.read(&format!(".stead/development/indexes/items/{record}"));
        let record: serde_json::Value = serde_json::from_str(&record).expect("the test's own surroundings are sound");
        let fields = record["definition"]["fields"].as_array().expect("the test's own surroundings are sound");
        let field = |name: &str| fields.iter().find(|field| field["name"] == name).expect("the test's own surroundings are sound");
        assert_eq!(field("name")["kind"], "text");
        assert_eq!(field("name")["language"], "en");
        assert_eq!(field("name")["boost"], 2.0);
        assert_eq!(field("price")["kind"], "float");
        assert_eq!(field("id")["kind"], "integer");
        let fixture = project();
        fixture.replace("stead.toml", "fields = { name =", "fields = { nme =");
        fixture.run(["init"]).exits(2).says("did you mean `name`?");
    }
}

#[test]
fn searches_are_ranked_highlighted_and_paged() {
    let fixture = ready();
    fill(&fixture, 30);
    fixture.run(["index", "build"]).exits(0);
    fixture.run(["search", "items", "hammering"]).exits(0).prints("name: *Hammer*");
    let page = |offset: &str| {
        let document =
            fixture.run(["search", "items", "thing", "--limit", "10", "--offset", offset, "--json"]).exits(0).json();
        assert_eq!(document["result"]["total"], 30);
        let hits = document["result"]["hits"].as_array().unwrap();
        hits.iter().map(|hit| hit["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut keys = [page("0"), page("10"), page("20")].concat();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 30, "pages neither overlap nor leave anything out");
    for odd in ["\"unbalanced", "a:b:c", "*", "((", "-", "🙂", "AND OR"] {
        assert!(fixture.run(["search", "items", "--", odd]).code == 0, "{odd}");
    }
}
