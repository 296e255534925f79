//! Which signals are left alone, read from the kernel's own words.

use super::switched_off;

#[test]
fn ignored_signals_are_bits() {
    let status = "Name:\tstead\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001003\nSigCgt:\t00000001800004e8\n";
    let mask = switched_off(status);
    assert!(mask & 1 == 1, "SIGHUP is 1");
    assert!(mask >> 1 & 1 == 1, "SIGINT is 2");
    assert!(mask >> 14 & 1 == 0, "SIGTERM is 15");
    assert_eq!(switched_off(""), 0);
    assert_eq!(switched_off("SigIgn:\tnonsense\n"), 0);
}
