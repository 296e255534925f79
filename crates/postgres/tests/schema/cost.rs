//! What an inspection costs: a number of queries that does not depend on the number of tables (invariant 9).

use crate::scene::{Scene, VERSIONS, wait};

#[test]
fn three_tables_cost_what_three_hundred_cost() {
    for version in VERSIONS {
        let Some(scene) = Scene::new(version, "cost") else { continue };
        wait(async {
            let name = scene.name("a");
            let client = scene.database(&name).await;
            let mut costs = Vec::new();
            for (first, last) in [(0, 3), (3, 300)] {
                for number in first..last {
                    let table = format!(
                        "CREATE TABLE t{number} (id serial PRIMARY KEY, up integer REFERENCES t{} (id), t text UNIQUE);
                         CREATE INDEX ON t{number} (t, up); CREATE VIEW v{number} AS SELECT id FROM t{number};
                         COMMENT ON TABLE t{number} IS 'a table'",
                        if number == 0 { 0 } else { number - 1 }
                    );
                    client.batch_execute(&table).await.unwrap();
                }
                costs.push(scene.cost(&name).await);
            }
            assert_eq!(costs[0], costs[1]);
            assert!(costs[0] < 40, "{} queries", costs[0]);
            scene.remove(&name).await;
        });
    }
}
