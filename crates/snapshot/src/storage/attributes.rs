//! Extended attributes of the user's namespace, which applications may hang on their files. Those of other namespaces
//! belong to the machine (capabilities, labels, access lists) and are not carried to another one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;

use rustix::fs::{XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fsetxattr};
use rustix::io::Errno;

use super::entry::{escape, hex, unescape, unhex};

const NAMESPACE: &[u8] = b"user.";

/// The attributes of a file or folder: names escaped like paths, values in hexadecimal digits.
pub(super) fn read(file: &File) -> io::Result<BTreeMap<String, String>> {
    let mut attributes = BTreeMap::new();
    for name in names(file)? {
        let Some(value) = grown(|| fgetxattr_query(file, &*name), |buffer| fgetxattr(file, &*name, buffer))? else {
            continue;
        };
        attributes.insert(escape(&name), hex(&value));
    }
    Ok(attributes)
}

/// Sets attributes that [`check`] found to be such.
pub(super) fn write(file: &File, attributes: &BTreeMap<String, String>) -> io::Result<()> {
    for (name, value) in attributes {
        let (name, value) = (unescape(name).unwrap_or_default(), unhex(value.as_bytes()).unwrap_or_default());
        fsetxattr(file, &*name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

/// Why these cannot be attributes, if they cannot.
pub(super) fn check(attributes: &BTreeMap<String, String>) -> Result<(), &'static str> {
    for (name, value) in attributes {
        let name = unescape(name).ok_or("the name of an attribute is not escaped as it should be")?;
        if !name.starts_with(NAMESPACE) || name.contains(&0) {
            return Err("an attribute is not of the user's namespace");
        }
        unhex(value.as_bytes()).ok_or("the value of an attribute is not written in hexadecimal digits")?;
    }
    Ok(())
}

fn names(file: &File) -> io::Result<Vec<Vec<u8>>> {
    let list = grown(|| flistxattr_query(file), |buffer| flistxattr(file, buffer))?.unwrap_or_default();
    let names = list.split(|byte| *byte == 0).filter(|name| name.starts_with(NAMESPACE));
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// Reads a value whose length may change between the question and the answer; `None` where there is none, or where the
/// file system has no such thing.
fn grown(
    length: impl Fn() -> rustix::io::Result<usize>,
    read: impl Fn(&mut [u8]) -> rustix::io::Result<usize>,
) -> io::Result<Option<Vec<u8>>> {
    loop {
        let mut buffer = match length() {
            Ok(length) => vec![0; length],
            Err(Errno::NODATA | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match read(&mut buffer) {
            Ok(read) => {
                buffer.truncate(read);
                return Ok(Some(buffer));
            }
            Err(Errno::RANGE) => {}
            Err(Errno::NODATA) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
}
