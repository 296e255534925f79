//! Building beside, publishing in one step, keeping and cleaning; and what happens to data that does not fit.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use stead_engine::search::{Definition, FieldKind};
use stead_engine::{ErrorClass, SearchEngine, Value};
use stead_tantivy::{FORMAT, TantivyEngine};
use tantivy::schema::{FieldType, IndexRecordOption};

use crate::common::{
    NAME, TIME, addons, build, definition, engine, field, keys, published, request, row, search, wait,
};

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn row_111_every_batch_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let rows: Vec<_> = (1..=1000).map(|id| row(id, "name", "words")).collect();
    let built = build(&engine, &definition(), rows.chunks(150).map(<[_]>::to_vec).collect()).unwrap();
    assert_eq!((built.documents, built.commits), (1000, 7));
    assert_eq!((built.hash.as_str(), built.built_at.as_str()), ("hash-1", TIME));
}

#[test]
fn row_109_the_old_index_answers_whole_until_the_new_one_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let old = wait(engine.current(NAME)).unwrap().unwrap();
    wait(async {
        let mut build = engine.begin(&definition(), TIME).await.unwrap();
        for id in 100..150 {
            build.add(vec![row(id, "fresh dark", "")]).await.unwrap();
            let found = engine.search(NAME, &request("dark")).await.unwrap();
            assert_eq!(found.total, 2);
        }
        let built = build.finish().await.unwrap();
        assert_eq!(engine.search(NAME, &request("dark")).await.unwrap().total, 2);
        assert_eq!(engine.publish(NAME, &built.id).await.unwrap(), Some(old.id.clone()));
        assert_eq!(engine.search(NAME, &request("dark")).await.unwrap().total, 50);
        assert_eq!(engine.publish(NAME, &old.id).await.unwrap(), Some(built.id), "and back again");
    });
    assert_eq!(search(&engine, "dark").total, 2);
}

#[test]
fn row_118_fields_of_the_built_index_equal_the_declared() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let built = wait(engine.current(NAME)).unwrap().unwrap();
    let path = folder.path().join(NAME).join(&built.id);
    let record: serde_json::Value = serde_json::from_slice(&fs::read(path.join("stead-index.json")).unwrap()).unwrap();
    assert_eq!(serde_json::from_value::<Definition>(record["definition"].clone()).unwrap(), definition());
    assert_eq!(record["format"], FORMAT);
    let index = tantivy::Index::open_in_dir(&path).unwrap();
    for (place, declared) in definition().fields.iter().enumerate() {
        let inner = index.schema().get_field(&format!("field_{place}")).unwrap();
        let schema = index.schema();
        let entry = schema.get_field_entry(inner);
        assert!(entry.is_indexed() && entry.is_fast() == (declared.kind != FieldKind::Text), "{declared:?}");
        let kind = match entry.field_type() {
            FieldType::Str(options) => {
                let indexing = options.get_indexing_options().unwrap();
                let exact = indexing.tokenizer() == "raw" && indexing.index_option() == IndexRecordOption::Basic;
                let english = indexing.tokenizer() == "words_en";
                assert!(exact || (english && indexing.index_option() == IndexRecordOption::WithFreqsAndPositions));
                if exact { FieldKind::Keyword } else { FieldKind::Text }
            }
            FieldType::I64(_) => FieldKind::Integer,
            FieldType::F64(_) => FieldKind::Float,
            FieldType::Bool(_) => FieldKind::Boolean,
            FieldType::Date(_) => FieldKind::Date,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind, declared.kind, "{}", declared.name);
    }
}

#[test]
fn two_builds_within_one_second_have_ids_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let (first, second) = wait(async {
        let first = engine.begin(&definition(), TIME).await.unwrap();
        let second = engine.begin(&definition(), TIME).await.unwrap();
        (first.id().to_owned(), second.id().to_owned())
    });
    assert_eq!((first.as_str(), second.as_str()), ("20240531235959-1", "20240531235959-2"));
}

#[test]
fn row_115_stray_file_at_the_pointer_is_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let built = build(&engine, &definition(), vec![addons()]).unwrap();
    let (home, pointer) = (folder.path().join(NAME), folder.path().join(NAME).join("current"));
    let strays: [&dyn Fn(); 5] = [
        &|| fs::create_dir_all(pointer.join("with/content")).unwrap(),
        &|| fs::write(&pointer, [0xff, 0x00, 0x41]).unwrap(),
        &|| fs::write(&pointer, "20200101000000-1\n").unwrap(),
        &|| fs::write(&pointer, "../../elsewhere").unwrap(),
        &|| std::os::unix::fs::symlink("/nowhere/at/all", &pointer).unwrap(),
    ];
    for (number, stray) in (1..).zip(strays) {
        stray();
        assert_eq!(wait(engine.current(NAME)).unwrap(), None);
        let error = wait(engine.search(NAME, &request("dark"))).unwrap_err();
        assert_eq!(error.class, ErrorClass::Unreachable);
        assert!(error.message.contains("index `addons` cannot be read: its pointer `current`"), "{error}");
        assert!(error.hints[0].contains("`stead index build addons`"));
        assert_eq!(wait(engine.withdraw(NAME)).unwrap(), None);
        assert_eq!(wait(engine.publish(NAME, &built.id)).unwrap(), None);
        assert!(home.join(format!("current.stray-{number}")).symlink_metadata().is_ok(), "it was kept");
        assert_eq!(keys(&engine, "dark theme"), ["2", "1"]);
        assert_eq!(wait(engine.withdraw(NAME)).unwrap(), Some(built.id.clone()));
    }
    assert!(home.join("current.stray-1/with/content").is_dir());
}

#[test]
fn row_115_a_file_where_the_index_belongs_is_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(NAME), "not a folder").unwrap();
    let engine = TantivyEngine::new(folder.path());
    assert_eq!(wait(engine.current(NAME)).unwrap(), None);
    assert!(wait(engine.list(NAME)).unwrap().is_empty());
    published(&engine, &definition(), addons());
    assert_eq!(keys(&engine, "reader"), ["1"]);
    assert_eq!(fs::read_to_string(folder.path().join("addons.stray-1")).unwrap(), "not a folder");
}

#[test]
fn row_116_failed_batch_does_not_publish() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let old = wait(engine.current(NAME)).unwrap();
    let mut wrong = row(7, "wrong", "");
    wrong[5] = "four stars".into();
    let error = build(&engine, &definition(), vec![addons(), vec![row(8, "right", ""), wrong]]).unwrap_err();
    assert_eq!(error.class, ErrorClass::Constraint);
    assert_eq!(error.message, "document `7` does not fit field `rating`: the text `four stars` is not a float");
    assert!(!error.hints.is_empty());
    assert_eq!(wait(engine.current(NAME)).unwrap(), old);
    assert_eq!(wait(engine.list(NAME)).unwrap().len(), 1);
    assert_eq!(wait(engine.clean(NAME, &[])).unwrap(), 1, "what was half built is removed");
    assert_eq!(entries(&folder.path().join(NAME)), [old.unwrap().id, "current".to_owned()]);
    assert_eq!(keys(&engine, "reader"), ["1"]);
}

#[test]
fn row_116_a_refused_batch_leaves_nothing_of_itself_behind() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let built = wait(async {
        let mut build = engine.begin(&definition(), TIME).await.unwrap();
        build.add(vec![row(1, "one", "")]).await.unwrap();
        let mut wrong = row(3, "three", "");
        wrong[0] = Value::Null;
        let error = build.add(vec![row(2, "two", ""), wrong]).await.unwrap_err();
        assert_eq!(error.message, "a document does not fit field `id`: the key is `NULL`");
        build.add(Vec::new()).await.unwrap();
        build.add(vec![row(4, "four", "")]).await.unwrap();
        build.finish().await.unwrap()
    });
    assert_eq!((built.documents, built.commits), (2, 2));
    wait(engine.publish(NAME, &built.id)).unwrap();
    assert_eq!(keys(&engine, "*"), ["1", "4"]);
}

#[test]
fn a_key_that_comes_twice_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    for batches in [vec![vec![row(5, "a", ""), row(5, "b", "")]], vec![vec![row(5, "a", "")], vec![row(5, "b", "")]]] {
        let error = build(&engine, &definition(), batches).unwrap_err();
        assert_eq!(error.class, ErrorClass::Constraint);
        assert_eq!(error.message, "index `addons`: two documents have the key `5`");
    }
    assert!(wait(engine.list(NAME)).unwrap().is_empty());
    let many: Vec<_> = (0..3000).map(|id| row(id, "a", "")).chain([row(1234, "b", "")]).collect();
    let error = build(&engine, &definition(), many.chunks(500).map(<[_]>::to_vec).collect()).unwrap_err();
    assert!(error.message.ends_with("`1234`"), "{error}");
}

#[test]
fn nulls_leave_fields_out_and_values_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let sparse = [vec![Value::Integer(1)], vec![Value::Null; 7]].concat();
    let loose: Vec<Value> =
        ["2", "42", "", "k", " 7 ", "4.50", "t", "2024-05-31 10:00:00.123+00"].map(Value::from).into();
    let built = published(&engine, &definition(), vec![sparse, loose.clone()]);
    assert_eq!(built.documents, 2);
    let found = wait(engine.fetch(NAME, &["2".to_owned(), "1".to_owned()])).unwrap();
    let names = definition().fields.into_iter().map(|field| field.name);
    assert_eq!(found[0], names.zip(loose).collect::<BTreeMap<_, _>>());
    assert_eq!(found[1], BTreeMap::from([("id".to_owned(), Value::Integer(1))]));
    assert_eq!(keys(&engine, "downloads:7 rating:4.5 featured:yes updated:2024-05-31"), ["2"]);
    let before = wait(engine.fetch_built(NAME, &built.id, &["1".to_owned()])).unwrap();
    assert_eq!(before, found[1..]);
    assert_eq!(wait(engine.fetch_built(NAME, "1-1", &[])).unwrap_err().class, ErrorClass::Syntax);
}

#[test]
fn clean_keeps_what_answers_what_is_kept_and_what_is_being_built() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let kept = build(&engine, &definition(), vec![addons()]).unwrap();
    let unwanted = build(&engine, &definition(), vec![addons()]).unwrap();
    fs::create_dir(folder.path().join(NAME).join("20200101000000-1")).unwrap();
    fs::write(folder.path().join(NAME).join(".new-1"), "").unwrap();
    wait(async {
        let mut build = engine.begin(&definition(), TIME).await.unwrap();
        build.add(addons()).await.unwrap();
        assert_eq!(engine.list(NAME).await.unwrap().len(), 3);
        assert_eq!(engine.clean(NAME, std::slice::from_ref(&kept.id)).await.unwrap(), 2);
        let other = TantivyEngine::new(folder.path());
        assert_eq!(other.clean(NAME, std::slice::from_ref(&kept.id)).await.unwrap(), 0);
        let built = build.finish().await.unwrap();
        let list = engine.list(NAME).await.unwrap();
        assert_eq!(list.last(), Some(&built));
        assert!(list.contains(&kept) && !list.contains(&unwanted));
    });
    assert_eq!(keys(&engine, "reader"), ["1"]);
}

#[test]
fn withdrawn_and_dropped_indexes_do_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let built = wait(engine.current(NAME)).unwrap().unwrap();
    assert_eq!(wait(engine.withdraw(NAME)).unwrap(), Some(built.id.clone()));
    assert_eq!(wait(engine.withdraw(NAME)).unwrap(), None);
    let error = wait(engine.search(NAME, &request("dark"))).unwrap_err();
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Syntax, "no index `addons` has been built"));
    assert!(error.hints[0].contains("`stead index build addons`"));
    assert_eq!(wait(engine.list(NAME)).unwrap(), std::slice::from_ref(&built));
    wait(engine.publish(NAME, &built.id)).unwrap();
    assert_eq!(keys(&engine, "reader"), ["1"]);
    wait(engine.drop_index(NAME)).unwrap();
    wait(engine.drop_index(NAME)).unwrap();
    assert!(entries(folder.path()).is_empty());
    assert_eq!(wait(engine.current(NAME)).unwrap(), None);
    assert_eq!(wait(engine.publish(NAME, &built.id)).unwrap_err().class, ErrorClass::Syntax);
}

#[test]
fn an_index_without_documents_answers_with_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let built = published(&engine, &definition(), Vec::new());
    assert_eq!((built.documents, built.commits), (0, 0));
    assert_eq!(search(&engine, "dark").total, 0);
    assert_eq!(search(&engine, "*").total, 0);
    assert_eq!(wait(engine.verify(NAME)).unwrap(), 0);
}

#[test]
fn names_are_names_of_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path().join("indexes"));
    for name in ["", ".", "..", "../x", "a/b", "/", "a\\b", ".hidden", "a\0b", "a\nb", "a/", "./a", &"n".repeat(201)] {
        let error = wait(engine.current(name)).unwrap_err();
        assert_eq!(error.class, ErrorClass::Syntax, "{name:?}");
        let definition = Definition { name: name.to_owned(), ..definition() };
        assert!(wait(engine.begin(&definition, TIME)).is_err());
        assert!(wait(engine.drop_index(name)).is_err());
    }
    assert!(entries(folder.path()).is_empty());
    let definition = Definition { name: "Übersicht 2 (neu)".to_owned(), ..definition() };
    published(&engine, &definition, addons());
    assert_eq!(wait(engine.verify(&definition.name)).unwrap(), 4);
}

#[test]
fn definitions_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let refused = |change: &dyn Fn(&mut Definition)| {
        let mut wrong = definition();
        change(&mut wrong);
        let error = wait(engine.begin(&wrong, TIME)).err().unwrap();
        assert_eq!(error.class, ErrorClass::Syntax);
        error.message
    };
    assert_eq!(refused(&|d| d.key = "uid".to_owned()), "index `addons`: the key `uid` is not among the fields");
    assert_eq!(
        refused(&|d| d.fields.push(field("name", FieldKind::Text))),
        "index `addons`: there are two fields `name`"
    );
    let message = refused(&|d| d.fields[1].boost = -1.0);
    assert_eq!(message, "index `addons`: the boost of field `name` is -1, not a positive number");
    refused(&|d| d.fields[1].boost = f32::NAN);
    assert!(entries(folder.path()).is_empty(), "nothing was begun");
}

#[test]
fn fields_may_be_called_anything() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let names = ["-id", "key", "document", "field_0", "a.b", "avg(rating)", "", "naïve name", "x:y"];
    let fields = names.map(|name| field(name, FieldKind::Keyword)).to_vec();
    let definition = Definition { name: NAME.to_owned(), key: "-id".to_owned(), fields, hash: "h".to_owned() };
    published(&engine, &definition, vec![names.map(Value::from).to_vec()]);
    assert_eq!(keys(&engine, "a.b:a.b"), ["-id"]);
    assert_eq!(keys(&engine, "x:y:x:y"), ["-id"]);
    assert_eq!(keys(&engine, "document"), ["-id"]);
    let found = wait(engine.fetch(NAME, &["-id".to_owned()])).unwrap();
    assert_eq!(found[0].len(), names.len());
}

#[test]
fn a_row_of_the_wrong_length_is_our_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let engine = TantivyEngine::new(folder.path());
    let error = build(&engine, &definition(), vec![vec![vec![Value::Integer(1)]]]).unwrap_err();
    assert_eq!(error.class, ErrorClass::Bug);
}
