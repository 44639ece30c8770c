//! A record as a line of a journal: a JSON object whose last entry is a checksum of all before it.

use std::io::{self, Write};

use serde::Serialize;

/// The entry with the checksum, as far as it is the same in every line.
const ENTRY: &[u8] = b",\"crc32\":\"";
/// The end of the entry, and of the object.
const END: &[u8] = b"\"}";
/// The digits of a checksum.
const DIGITS: usize = 8;

/// The reason for which a line is not a record as it was written.
pub(super) const DAMAGED: &str =
    "it is not as it was written, because its checksum is missing or does not fit";

/// A record that is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The object, without the checksum.
    pub json: Vec<u8>,
    /// The checksum.
    pub checksum: u32,
}

/// Writes a record with its checksum, and ends its line. The record must be an object that is not empty.
pub(crate) fn write_record(out: &mut dyn Write, record: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    // The entry takes the place of the brace that ends the object.
    line.pop();
    let checksum = crc32fast::hash(&line);
    line.extend_from_slice(ENTRY);
    write!(line, "{checksum:08x}")?;
    line.extend_from_slice(END);
    line.push(b'\n');
    out.write_all(&line)
}

impl Record {
    /// Reads a line without its end; `None` if it is not as it was written.
    pub fn of_line(line: &[u8]) -> Option<Self> {
        let rest = line.strip_suffix(END)?;
        let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(DIGITS)?)?;
        let object = rest.strip_suffix(ENTRY)?;
        let checksum = crc32fast::hash(object);
        (format!("{checksum:08x}").as_bytes() == digits)
            .then(|| Self { json: [object, b"}"].concat(), checksum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Vec<u8> {
        let mut line = Vec::new();
        write_record(&mut line, &serde_json::json!({ "point": 17, "text": "a \"b\"}" }))
            .expect("memory is written");
        assert_eq!(line.pop(), Some(b'\n'));
        line
    }

    #[test]
    fn a_record_is_read_back_and_is_json_with_its_checksum() {
        let record = Record::of_line(&line()).expect("as it was written");
        assert_eq!(record.json, br#"{"point":17,"text":"a \"b\"}"}"#);
        let json: serde_json::Value = serde_json::from_slice(&line()).expect("JSON");
        assert_eq!(json["crc32"], format!("{:08x}", record.checksum));
    }

    #[test]
    fn no_bit_of_a_line_can_change_and_none_of_its_beginnings_is_a_record() {
        for place in 0..line().len() {
            assert_eq!(Record::of_line(&line()[..place]), None, "{place}");
            for bit in 0..8 {
                let mut changed = line();
                changed[place] ^= 1 << bit;
                assert_eq!(Record::of_line(&changed), None, "bit {bit} of byte {place}");
            }
        }
    }
}
