//! Blobs in memory, with faults to order.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use core::cell::{Cell, RefCell};
use core::fmt;
use core::future::ready;

use bytes::Bytes;

use crate::adapter::overtaken;
use crate::ports::{self, BlobEntry, BlobInfo, BlobPage, BlobRange, Called, Condition, Error};
use crate::ports::{ErrorKind, FoundBlob, ListQuery, Version};

/// What errors call it.
const NAME: &str = "memory";

/// The most of one blob in memory. A test that needs more is not one of memory.
const LIMIT: usize = 256 * 1024 * 1024;

/// A store of blobs in memory: the reference of [`ports::Blob`]. Clones are the same store.
///
/// It can be as bad as the real ones are: [failing](Self::fails_once), and [overtaken](Self::conflicts).
///
/// ```
/// use guru_core::ports::ErrorKind;
/// use guru_core::{App, Blob, Context, Request, Response, Result, memory};
/// # fn files(cx: &Context) -> Blob { Blob::new(cx, "files", |_| unreachable!()) }
///
/// async fn read(cx: Context, req: Request) -> Result<Response> {
///     files(&cx).serve("a.txt", &req).await
/// }
///
/// let client = memory::Client::new(App::new().get("/", read))?;
/// client.blobs("files").fill("a.txt", "text/plain", "content");
/// client.blobs("files").fails_once(ErrorKind::Unavailable);
/// assert_eq!(client.get("/").status().as_u16(), 503);
/// assert_eq!(client.get("/").body().as_bytes(), Some(&b"content"[..]));
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Blob(Rc<Inner>);

#[derive(Default)]
struct Inner {
    kept: RefCell<BTreeMap<String, Kept>>,
    version: Cell<u64>,
    failure: Cell<Option<ErrorKind>>,
    conflicts: Cell<u32>,
}

#[derive(Clone)]
struct Kept {
    info: BlobInfo,
    bytes: Bytes,
}

impl Blob {
    /// Has the next call fail, which does nothing then.
    pub fn fails_once(&self, kind: ErrorKind) {
        self.0.failure.set(Some(kind));
    }

    /// Has the next so many conditional writes conflict, as if somebody else had just written.
    pub fn conflicts(&self, count: u32) {
        self.0.conflicts.set(count);
    }

    /// Stores content, whatever was ordered.
    pub fn fill(&self, key: &str, content_type: &str, content: impl Into<Bytes>) {
        self.0.write(key, content_type, content.into());
    }

    /// The content of a key, whatever was ordered.
    #[must_use]
    pub fn content(&self, key: &str) -> Option<Bytes> {
        let kept = self.0.kept.borrow();
        kept.get(key).map(|kept| kept.bytes.clone())
    }

    fn failure(&self) -> Result<(), Error> {
        match self.0.failure.take() {
            Some(kind) => Err(Error::new(kind, "the store fails, as the test says")),
            None => Ok(()),
        }
    }

    fn done<T: 'static>(&self, call: impl FnOnce(&Inner) -> Result<T, Error>) -> Called<T> {
        Box::pin(ready(self.failure().and_then(|()| call(&self.0))))
    }
}

impl Inner {
    fn write(&self, key: &str, content_type: &str, bytes: Bytes) -> BlobInfo {
        self.version.set(self.version.get() + 1);
        let info = BlobInfo {
            size: bytes.len() as u64,
            etag: Version::new(self.version.get().to_string()),
            content_type: content_type.to_owned(),
        };
        let kept = Kept {
            info: info.clone(),
            bytes,
        };
        self.kept.borrow_mut().insert(key.to_owned(), kept);
        info
    }

    fn admits(&self, key: &str, condition: &Condition) -> bool {
        let kept = self.kept.borrow();
        let found = kept.get(key).map(|kept| &kept.info.etag);
        let holds = match condition {
            Condition::None => return true,
            Condition::Absent => found.is_none(),
            Condition::Version(wanted) => found == Some(wanted),
        };
        let ordered = self.conflicts.get();
        if holds && ordered > 0 {
            self.conflicts.set(ordered - 1);
        }
        holds && ordered == 0
    }
}

impl ports::Blob for Blob {
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: crate::http::Body,
        condition: Condition,
    ) -> Called<BlobInfo> {
        let (this, key, content_type) = (self.clone(), key.to_owned(), content_type.to_owned());
        Box::pin(async move {
            this.failure()?;
            let broken =
                |error: crate::http::Error| Error::new(ErrorKind::Broken, error.to_string());
            let bytes = content.collect(LIMIT).await.map_err(broken)?;
            if this.0.admits(&key, &condition) {
                Ok(this.0.write(&key, &content_type, bytes))
            } else {
                Err(overtaken(NAME))
            }
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundBlob>> {
        self.done(|store| {
            let Some(Kept { info, bytes }) = store.kept.borrow().get(key).cloned() else {
                return Ok(None);
            };
            let (offset, count) = BlobRange::part(range, info.size)?;
            let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
            // Both are within it.
            let content = bytes.slice(at(offset)..at(offset + count)).into();
            Ok(Some(FoundBlob {
                info,
                offset,
                content,
            }))
        })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        self.done(|store| Ok(store.kept.borrow().get(key).map(|kept| kept.info.clone())))
    }

    fn delete(&self, key: &str) -> Called<()> {
        self.done(|store| {
            store.kept.borrow_mut().remove(key);
            Ok(())
        })
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        self.done(|store| {
            query.check_cursor()?;
            let (from, after) = query.range();
            let kept = store.kept.borrow();
            let found = kept.range(from.to_owned()..);
            let found = found.filter(|(key, _)| *key != after);
            Ok(query.blob_page(found.map(|(key, kept)| BlobEntry {
                key: key.clone(),
                size: kept.info.size,
            })))
        })
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.kept.borrow().len();
        f.write_str(&format!("Blob of {keys} keys"))
    }
}

/// The blobs of an app, by the names of its ports.
#[derive(Debug, Default)]
pub(super) struct Blobs(RefCell<BTreeMap<String, Blob>>);

impl Blobs {
    pub(super) fn get(&self, name: &str) -> Blob {
        let mut opened = self.0.borrow_mut();
        opened.entry(name.to_owned()).or_default().clone()
    }
}
