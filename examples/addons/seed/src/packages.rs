//! The packages that lie in storage: small zip files with a manifest and a text. They are written by hand and without
//! compression, after the format description in PKWARE's APPNOTE, because that takes one page and gives the same bytes
//! everywhere.

/// The date 1980-01-01, the first one that the format knows.
const DATE: u16 = 0x0021;
/// The oldest version of the format; more is not needed for files that are stored as they are.
const FORMAT: u16 = 10;

/// A package with `manifest.json` and `CHANGES.txt`.
pub(crate) fn package(slug: &str, number: &str, summary: &str, notes: &str) -> Vec<u8> {
    let manifest = format!(
        "{{\n  \"name\": {},\n  \"version\": {},\n  \"description\": {}\n}}\n",
        quoted(slug),
        quoted(number),
        quoted(summary)
    );
    let changes = format!("{number}\n\n{notes}\n");
    zip(&[("manifest.json", manifest.as_bytes()), ("CHANGES.txt", changes.as_bytes())])
}

/// A zip file of entries that are stored as they are.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in entries {
        let offset = size(archive.len());
        let description = description(name, content);
        archive.extend(b"PK\x03\x04");
        archive.extend(&description);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02");
        directory.extend(FORMAT.to_le_bytes());
        directory.extend(&description);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, length) = (size(archive.len()), size(directory.len()));
    let count = u16::try_from(entries.len()).expect("a package holds two files");
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    archive
}

/// The fields that an entry has in front of its content and again in the directory.
fn description(name: &str, content: &[u8]) -> Vec<u8> {
    let mut fields = Vec::with_capacity(26);
    // No flags, stored as it is, at midnight.
    for field in [FORMAT, 0, 0, 0, DATE] {
        fields.extend(field.to_le_bytes());
    }
    for field in [checksum(content), size(content.len()), size(content.len())] {
        fields.extend(field.to_le_bytes());
    }
    fields.extend(u16::try_from(name.len()).expect("the names of the two files are short").to_le_bytes());
    fields.extend([0; 2]);
    fields
}

/// CRC-32 as zip and PNG use it, with the polynomial 0xEDB88320.
fn checksum(content: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for byte in content {
        remainder ^= u32::from(*byte);
        for _ in 0..8 {
            remainder = (remainder >> 1) ^ if remainder & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    !remainder
}

fn size(length: usize) -> u32 {
    u32::try_from(length).expect("a package holds a few hundred bytes")
}

/// A JSON string. The texts hold no control characters.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests;
