use super::Position;

fn at(text: &str, offset: usize) -> (usize, u32, u32) {
    let place = Position::of(text, offset);
    (place.offset, place.line, place.column)
}

#[test]
fn lines_and_columns_count_from_one() {
    assert_eq!(at("", 0), (0, 1, 1));
    assert_eq!(at("ab\ncd", 1), (1, 1, 2));
    assert_eq!(at("ab\ncd", 3), (3, 2, 1));
    assert_eq!(at("ab\r\ncd", 5), (5, 2, 2));
}

#[test]
fn columns_are_characters_and_a_byte_order_mark_has_none() {
    assert_eq!(at("äö x", 5), (5, 1, 4));
    assert_eq!(at("\u{feff}x y", 5), (5, 1, 3));
}

#[test]
fn an_offset_that_does_not_exist_is_brought_back() {
    assert_eq!(at("ä", 1), (0, 1, 1));
    assert_eq!(at("ab", 99), (2, 1, 3));
}

#[test]
fn a_place_in_a_part_is_a_place_in_the_whole() {
    let whole = "-- up\n  SELECT\n 1";
    let start = Position::of(whole, 8);
    assert_eq!(Position::of(&whole[8..], 0).within(start), Position::of(whole, 8));
    assert_eq!(Position::of(&whole[8..], 8).within(start), Position::of(whole, 16));
}
