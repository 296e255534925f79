//! The shape of a line in the file of skips. The file itself is read by the test command.

use super::*;

#[test]
fn a_skip_is_one_line_whatever_the_reason_holds() {
    assert_eq!(line("corpus", "row_001", "no\tfolder\n`x`"), "corpus\trow_001\tno folder `x`\n");
}
