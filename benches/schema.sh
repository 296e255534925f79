#!/bin/sh
# Reads the schema of 10,000 tables of 12 columns beside `mariadb-dump --no-data`, on the servers that the variables of the tests
# name. Usage: benches/schema.sh [TABLES]. The database `stead_scale` is made where it is missing and stays for the next run.
set -eu
cd "$(dirname "$0")/.."
tables=${1:-10000}
dump=${MARIADB_DUMP:-mariadb-dump}
client=${MARIADB:-mariadb}

address() { # the URL of a server as options of its client
    echo "$1" | sed -E 's|^[a-z]+://([^:@]*)(:([^@]*))?@([^:/]*):([0-9]+)/?$|--user=\1 --password=\3 --host=\4 --port=\5|'
}

create() {
    echo 'CREATE DATABASE stead_scale; USE stead_scale; SET foreign_key_checks = 0;'
    number=0
    while [ "$number" -lt "$tables" ]; do
        target=$(((number * 7919 + 1) % tables))
        echo "CREATE TABLE t$number (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, code VARCHAR(40) NOT NULL, title VARCHAR(200) NOT NULL" \
            "DEFAULT 'none', body TEXT, price DECIMAL(12,2) NOT NULL DEFAULT 0, flag TINYINT(1) NOT NULL DEFAULT 1, kind ENUM('a','b','c')" \
            "DEFAULT 'a', made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, due DATE, score DOUBLE, total" \
            "DECIMAL(14,2) GENERATED ALWAYS AS (price * 2) VIRTUAL, other BIGINT UNSIGNED, PRIMARY KEY (id), UNIQUE KEY code (code)," \
            "KEY made (made, flag), KEY title (title(20)), CONSTRAINT fk$number FOREIGN KEY (other) REFERENCES t$target (id)" \
            "ON DELETE CASCADE, CHECK (price >= 0));"
        number=$((number + 1))
    done
}

cargo bench -p stead-mysql --bench schema --no-run
for url in "${STEAD_TEST_MARIADB_URL:-}" "${STEAD_TEST_MYSQL_URL:-}"; do
    [ -n "$url" ] || continue
    options=$(address "$url")
    # shellcheck disable=SC2086
    "$client" --no-defaults $options -e 'USE stead_scale' 2>/dev/null || create | "$client" --no-defaults $options
    echo "$url"
    STEAD_SCALE_URL=$url cargo bench -q -p stead-mysql --bench schema
    start=$(date +%s.%N)
    # shellcheck disable=SC2086
    "$dump" --no-defaults $options --no-data stead_scale >/dev/null
    echo "$dump --no-data: $(echo "$(date +%s.%N) - $start" | bc) s"
done
