//! A blob's file: its content, and behind that what is known of it.
//!
//! The content stands first, so that others' programs can use the file as it is. Behind it are its etag and its content type, as JSON,
//! the number of bytes of that, and a mark. A file without them is one that somebody else has put there: its content is all of it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::UNIX_EPOCH;

use guru_core::ports::{BlobInfo, Version};
use serde::{Deserialize, Serialize};

const MARK: &[u8; 8] = b"guruBlob";

/// The bytes of the number and the mark.
const END: u64 = 12;

/// The most bytes of what is known.
const KNOWN: u32 = 4096;

/// The type of what somebody else has put there.
const UNKNOWN: &str = "application/octet-stream";

#[derive(Serialize, Deserialize)]
struct Known {
    etag: String,
    #[serde(rename = "type")]
    content_type: String,
}

/// Writes what is known behind the content.
pub(super) fn finish(file: &mut File, info: &BlobInfo) -> io::Result<()> {
    let mut known = serde_json::to_vec(&Known {
        etag: info.etag.to_string(),
        content_type: info.content_type.clone(),
    })?;
    let size = u32::try_from(known.len()).unwrap_or(u32::MAX);
    known.extend(size.to_le_bytes());
    known.extend(MARK);
    file.write_all(&known)?;
    file.sync_all()
}

/// What is known of a file. Reading goes on anywhere afterwards.
pub(super) fn info(file: &mut File) -> io::Result<BlobInfo> {
    let all = file.metadata()?;
    if let Some((known, size)) = known(file, all.len())? {
        return Ok(BlobInfo {
            size,
            etag: Version::new(known.etag),
            content_type: known.content_type,
        });
    }
    let changed = all.modified()?.duration_since(UNIX_EPOCH);
    let changed = changed.unwrap_or_default().as_nanos();
    Ok(BlobInfo {
        size: all.len(),
        etag: Version::new(format!("{changed:x}-{:x}", all.len())),
        content_type: UNKNOWN.to_owned(),
    })
}

fn known(file: &mut File, all: u64) -> io::Result<Option<(Known, u64)>> {
    let Some(end) = all.checked_sub(END) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(end))?;
    let (mut size, mut mark) = ([0; 4], [0; 8]);
    file.read_exact(&mut size)?;
    file.read_exact(&mut mark)?;
    let size = u32::from_le_bytes(size);
    let content = end.checked_sub(size.into());
    let Some(content) = content.filter(|_| mark == *MARK && size <= KNOWN) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(content))?;
    let mut known = vec![0; usize::try_from(size).unwrap_or_default()];
    file.read_exact(&mut known)?;
    Ok(serde_json::from_slice(&known)
        .ok()
        .map(|known| (known, content)))
}
