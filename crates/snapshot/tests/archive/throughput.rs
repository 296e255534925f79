//! Writing held against `zstd -1 -T2` on the same bytes. It takes a gigabyte of disk and a while, so it runs only when it
//! is asked for: `cargo test --release -p stead-snapshot --test archive -- throughput --ignored --nocapture`. On a machine with
//! other work, the seconds of processor time say more than those of the clock.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::process::Command;
use std::time::Instant;

use stead_snapshot::Shelf;

use crate::common;

const SIZE: usize = 1 << 30;

#[test]
#[ignore = "a measurement of a minute, not a check"]
fn writing_is_as_fast_as_zstd() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    let mut file = File::create(&raw).unwrap();
    for seed in 0..(SIZE >> 24) as u64 {
        file.write_all(&common::bytes(1 << 24, seed + 1)).unwrap();
    }
    file.sync_all().unwrap();
    for round in 1..=4 {
        let zstd = timed(|| {
            let out = folder.path().join("peer.zst");
            let status = Command::new("zstd").args(["-q", "-f", "-1", "-T2"]).arg(&raw).arg("-o").arg(&out).status();
            assert!(status.unwrap().success());
            File::open(&out).unwrap().sync_all().unwrap();
        });
        let shelf = Shelf::new(folder.path().join("backups"));
        let mut draft = shelf.begin(&common::name("speed"), "test").unwrap();
        let ours = timed(|| {
            let mut stream = draft.sink(common::catalog()).stream("pages").unwrap();
            io::copy(&mut BufReader::with_capacity(1 << 18, File::open(&raw).unwrap()), &mut stream).unwrap();
            stream.finish().unwrap();
            draft.complete(common::manifest("2026-01-02T03:04:05Z", None)).unwrap();
        });
        let snapshot = shelf.publish(draft, true).unwrap();
        let verify = timed(|| snapshot.verify(&common::quiet()).unwrap());
        let read = timed(|| {
            let source = snapshot.source(&common::catalog(), None).unwrap();
            io::copy(&mut BufReader::with_capacity(1 << 18, source.open("pages").unwrap()), &mut io::sink()).unwrap();
        });
        let packed = snapshot.manifest().packed_bytes as f64 / SIZE as f64 * 100.0;
        println!(
            "round {round}: ours {ours}, zstd -1 -T2 {zstd}, verify {verify}, read {read}; packed to {packed:.1} %"
        );
    }
}

/// Seconds by the clock and of processor time, children included.
fn timed(work: impl FnOnce()) -> String {
    let (begin, used) = (Instant::now(), processor());
    work();
    format!("{:.2} s ({:.2} s of processors)", begin.elapsed().as_secs_f64(), processor() - used)
}

fn processor() -> f64 {
    let status = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = status.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..15].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}
