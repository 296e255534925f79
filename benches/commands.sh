#!/usr/bin/env bash
# Whole commands of the release build, each beside what it is held against, in turns, so that a busy machine slows both alike.
# Prints the median of each and their ratio. Everything it makes lies under target/bench and can be thrown away.
#
#   benches/commands.sh [RUNS]          5 runs unless told
#   STEAD=path/to/stead                 the program to measure; built with `cargo build --release` if absent
#   BENCH_ROWS, BENCH_ARTICLES          rows of the database (1,300,000: 1.1 GB) and documents of the index (200,000)
#
# Needs sqlite3 and zstd.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
work=${BENCH_FOLDER:-$root/target/bench}
runs=${1:-5}
rows=${BENCH_ROWS:-1300000}
articles=${BENCH_ARTICLES:-200000}

for program in sqlite3 zstd awk; do
    command -v "$program" >/dev/null || { echo "this needs the program $program" >&2; exit 1; }
done
if [ -z "${STEAD:-}" ]; then
    (cd "$root" && cargo build --quiet --release -p stead-cli)
    STEAD=${CARGO_TARGET_DIR:-$root/target}/release/stead
fi

# Seconds that a command takes.
seconds() {
    local begun ended
    begun=$(date +%s%N)
    "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; exit 1; }
    ended=$(date +%s%N)
    awk "BEGIN { printf \"%.4f\n\", ($ended - $begun) / 1e9 }"
}

# Seconds of one step as the command itself reports it: the database part of a load or a dump, alone.
step() {
    local name=$1
    shift
    seconds "$@" >/dev/null
    grep '"event":"done"' "$work/err" | grep "\"step\":\"$name\"" | sed 's/.*"seconds":\([0-9.e-]*\).*/\1/'
}

median() {
    sort -g | awk '{ value[NR] = $1 } END { print (NR % 2) ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

# A line of the table: what, ours, theirs, target. The files hold one number a line.
compare() {
    local ours theirs
    ours=$(median <"$2")
    theirs=$(median <"$3")
    awk -v what="$1" -v ours="$ours" -v theirs="$theirs" -v target="$4" \
        'BEGIN { printf "%-58s %8.3f s %8.3f s   %5.2f  (target %s)\n", what, ours, theirs, ours / theirs, target }'
}

make_database() {
    [ -f "$work/rows-$rows-$articles.db" ] && return
    echo "making a database of $rows rows" >&2
    rm -f "$work"/rows-*.db
    { printf '.parameter init\n.parameter set :rows %s\n.parameter set :articles %s\n' "$rows" "$articles"
      cat "$here/rows.sql"; } | sqlite3 -batch -bail "$work/rows.new" >/dev/null
    mv "$work/rows.new" "$work/rows-$rows-$articles.db"
}

make_project() {
    rm -rf "$work/project"
    mkdir -p "$work/project/apps/bench/migrations" "$work/project/.stead/development"
    cat >"$work/project/stead.toml" <<'TOML'
[project]
name = "bench"

[databases.main]

[apps.bench]
path = "apps/bench"
database = "main"

[indexes.articles]
database = "main"
documents = "articles.sql"

[indexes.articles.fields]
name = { type = "text", language = "en" }
summary = { type = "text", language = "en" }
kind = { type = "keyword" }
rating = { type = "float" }

[undo]
keep = 1
TOML
    echo 'SELECT id, name, summary, kind, rating FROM articles ORDER BY id' >"$work/project/articles.sql"
    printf -- '-- What was there\n-- revision: bec000000001\n\n-- up\nSELECT 1;\n\n-- down\nSELECT 1;\n' \
        >"$work/project/apps/bench/migrations/0001_what_was_there.sql"
    cp "$work/rows-$rows-$articles.db" "$work/project/.stead/development/main.db"
    stead init --skip-index
}

stead() {
    "$STEAD" -C "$work/project" "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; exit 1; }
}

# A small project that is initialised already: `stead new` makes it.
start_up() {
    rm -rf "$work/small"
    "$STEAD" new "$work/small" >/dev/null 2>&1
    "$STEAD" -C "$work/small" init >/dev/null 2>&1
    local try
    for try in $(seq $((runs * 4))); do
        seconds "$STEAD" --version >>"$work/version"
        seconds "$STEAD" --help >>"$work/help"
        seconds "$STEAD" -C "$work/small" init >>"$work/again"
    done
    awk -v version="$(median <"$work/version")" -v help="$(median <"$work/help")" -v again="$(median <"$work/again")" 'BEGIN {
        printf "start-up of `stead --help`: %.1f ms; `stead --version`: %.1f ms\n", help * 1000, version * 1000
        printf "second `stead init`: %.1f ms, %.1f ms above `stead --version` (target 30 ms)\n", again * 1000, (again - version) * 1000
    }'
}

database() {
    local live=$work/project/.stead/development/main.db try
    for try in $(seq "$runs"); do
        step 'dump main' "$STEAD" -C "$work/project" dump --name bench --force --json >>"$work/dump"
        rm -f "$work/backup.db" "$work/packed.zst"
        seconds sqlite3 "$live" ".backup $work/backup.db" >>"$work/backup"
        rm -f "$work/backup.db"
        seconds zstd -q -1 "$live" -o "$work/packed.zst" >>"$work/zstd"
        rm -f "$work/packed.zst"
    done
    # What stead itself compresses with is zstd's level 1 to 3; the baseline decompresses what `zstd -3` made.
    zstd -q -3 -T0 -f "$live" -o "$work/packed.zst"
    for try in $(seq "$runs"); do
        rm -rf "$work/project/.stead/development/kept" "$work/copy.db"
        step 'load main' "$STEAD" -C "$work/project" load bench --skip-index --json >>"$work/first"
        seconds sh -c 'zstd -q -d "$1" -o "$2" && sqlite3 "$2" "PRAGMA quick_check"' - "$work/packed.zst" "$work/copy.db" >>"$work/unpack"
        rm -f "$work/copy.db"
        # A second load comes later; what the first one left to be written out must not be charged to it.
        sync
        step 'load main' "$STEAD" -C "$work/project" load bench --skip-index --json >>"$work/second"
        seconds cp "$live" "$work/copy.db" >>"$work/cp"
        rm -f "$work/copy.db"
        seconds sh -c 'cp "$1" "$2" && sync "$2"' - "$live" "$work/copy.db" >>"$work/cpsync"
        rm -f "$work/copy.db"
    done
    rm -f "$work/packed.zst"
    compare 'dump : sqlite3 .backup' "$work/dump" "$work/backup" 'the slower of both ≤ 1.2'
    compare 'dump : zstd -1' "$work/dump" "$work/zstd" 'the slower of both ≤ 1.2'
    compare 'first load : zstd -d, then quick_check' "$work/first" "$work/unpack" '≤ 1.3'
    compare 'load from the kept copy : cp' "$work/second" "$work/cp" '≤ 1.3'
    compare 'load from the kept copy, which is synced : cp and sync' "$work/second" "$work/cpsync" '-'
}

# The bare loop reads the same rows from a file and prints the seconds of the loop alone.
index() {
    local bare try
    sqlite3 -separator $'\t' "$work/project/.stead/development/main.db" "$(cat "$work/project/articles.sql")" >"$work/articles.tsv"
    bare=$(cd "$root" && cargo bench --quiet -p stead-tantivy --bench build --no-run --message-format=json |
        sed -n 's/.*"executable":"\([^"]*\/build-[^"]*\)".*/\1/p' | tail -1)
    for try in $(seq "$runs"); do
        step 'index articles' "$STEAD" -C "$work/project" index build articles --json >>"$work/ours"
        STEAD_BENCH_ROWS=$work/articles.tsv "$bare" >>"$work/bare"
    done
    awk -v ours="$(median <"$work/ours")" -v bare="$(median <"$work/bare")" -v count="$articles" 'BEGIN {
        printf "index build: %.0f documents/s, bare tantivy loop: %.0f documents/s, %.2f (target ≥ 0.8)\n", count / ours, count / bare, bare / ours
    }'
}

mkdir -p "$work"
for file in version help again dump backup zstd first unpack second cp cpsync ours bare; do rm -f "${work:?}/$file"; done
echo "$(nproc) cores, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB of memory; medians of $runs runs"
start_up
make_database
make_project
database
index
