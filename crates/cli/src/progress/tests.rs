use std::time::Duration;

use super::{amount, bytes, duration, grouped};

#[test]
fn numbers_are_grouped_by_thousands() {
    assert_eq!(grouped(0), "0");
    assert_eq!(grouped(999), "999");
    assert_eq!(grouped(1_000), "1,000");
    assert_eq!(grouped(1_234_567), "1,234,567");
}

#[test]
fn sizes_and_times_read_well() {
    assert_eq!(bytes(512), "512 B");
    assert_eq!(bytes(1_572_864), "1.5 MiB");
    assert_eq!(duration(Duration::from_millis(25)), "0.03 s");
    assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
}

#[test]
fn amounts_carry_share_and_rate() {
    let second = Duration::from_secs(1);
    assert_eq!(amount(600, Some(1_000), "rows", second), "600/1,000 rows (60 %), 600/s");
    assert_eq!(amount(600, None, "rows", Duration::ZERO), "600 rows");
    assert_eq!(amount(1024, Some(2048), "bytes", Duration::ZERO), "1.0 KiB/2.0 KiB (50 %)");
}
