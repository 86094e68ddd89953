//! Blobs, by the interface of `guru:ports`.

use std::sync::Arc;

use guru_core::adapter::BLOB_CHUNK;
use guru_core::ports::{
    self, BlobInfo, BlobRange, Condition, ErrorKind, Version, check_condition, check_content_type,
    check_key, check_size,
};
use guru_services::content::{Feeder, fed, whole};
use guru_services::{BlobStore, Content};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use wasmtime::Result;
use wasmtime::component::{Access, Accessor, HasData, Linker, Resource, ResourceTable};

use super::bindings::guru::ports::blob;
use super::{Opened, Stores, query};
use crate::state::State;

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    blob::add_to_linker::<_, Blobs>(linker, State::blobs)
}

/// Where the blobs of an instance come from, and what it holds of them.
pub(crate) struct Held<'a> {
    pub(crate) stores: &'a mut Stores,
    pub(crate) table: &'a mut ResourceTable,
}

/// The blobs as wasmtime reaches them in the state of an instance.
struct Blobs;

impl HasData for Blobs {
    type Data<'a> = Held<'a>;
}

/// Content that a function reads.
#[expect(unreachable_pub, reason = "what is generated exports it again")]
pub struct Download(Arc<Mutex<Reading>>);

struct Reading {
    content: Content,
    _store: Opened<dyn BlobStore>,
}

/// Content that a function writes, and that is stored meanwhile.
#[expect(unreachable_pub, reason = "what is generated exports it again")]
pub struct Upload(Arc<Writing>);

struct Writing {
    feeder: Feeder,
    /// One chunk at a time is in the host's memory, and none comes behind the end.
    turn: Mutex<()>,
    storing: Mutex<Storing>,
}

/// The task that stores it, until its end is known. It is of no use once nobody can finish it.
struct Storing(Option<JoinHandle<Result<BlobInfo, ports::Error>>>);

impl Drop for Storing {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Writing {
    /// What has come of it, which is said once.
    async fn done(&self) -> Result<BlobInfo, ports::Error> {
        let mut storing = self.storing.lock().await;
        let Some(task) = &mut storing.0 else {
            return Err(over());
        };
        let done = task.await;
        storing.0 = None;
        done.unwrap_or_else(|_| Err(over()))
    }
}

/// Holds what is handed over at once to a limit.
fn check_chunk(chunk: &[u8]) -> Result<(), ports::Error> {
    if chunk.len() <= BLOB_CHUNK {
        return Ok(());
    }
    let message = format!("{BLOB_CHUNK} bytes are handed over at once at most");
    Err(ports::Error::new(ErrorKind::TooLarge, message))
}

fn busy() -> ports::Error {
    ports::Error::new(
        ErrorKind::Invalid,
        "an upload is written by one call at a time",
    )
}

fn over() -> ports::Error {
    ports::Error::new(ErrorKind::Broken, "the content was broken off")
}

/// A function has no more than so many of the host's resources.
fn full(_: wasmtime::component::ResourceTableError) -> ports::Error {
    ports::Error::new(
        ErrorKind::Unavailable,
        "too many blobs are read and written at once",
    )
}

fn gone(_: wasmtime::component::ResourceTableError) -> blob::Error {
    over().into()
}

fn condition(condition: blob::Condition) -> Condition {
    match condition {
        blob::Condition::None => Condition::None,
        blob::Condition::Absent => Condition::Absent,
        blob::Condition::Etag(etag) => Condition::Version(Version::new(etag)),
    }
}

fn info(info: BlobInfo) -> blob::Info {
    blob::Info {
        size: info.size,
        etag: info.etag.to_string(),
        content_type: info.content_type,
    }
}

/// The store of a call, once its key is known to be one.
fn store<T>(
    accessor: &Accessor<T, Blobs>,
    name: &str,
    key: &str,
) -> Result<Opened<dyn BlobStore>, ports::Error> {
    check_key(key)?;
    accessor.with(|mut access| access.get().stores.blobs(name))
}

impl blob::Host for Held<'_> {}

impl blob::HostDownload for Held<'_> {}

impl<T: Send> blob::HostDownloadWithStore<T> for Blobs {
    async fn read(
        accessor: &Accessor<T, Self>,
        download: Resource<Download>,
    ) -> Result<Option<Vec<u8>>, blob::Error> {
        let reading = accessor.with(|mut access| {
            let download = access.get().table.get(&download).map_err(gone)?;
            Ok::<_, blob::Error>(Arc::clone(&download.0))
        })?;
        let mut reading = reading.lock().await;
        loop {
            let Some(frame) = reading.content.frame().await.transpose()? else {
                return Ok(None);
            };
            match frame.into_data() {
                Ok(chunk) if !chunk.is_empty() => return Ok(Some(chunk.into())),
                _ => {}
            }
        }
    }

    fn drop(mut access: Access<'_, T, Self>, download: Resource<Download>) -> Result<()> {
        access.get().table.delete(download)?;
        Ok(())
    }
}

impl blob::HostUpload for Held<'_> {}

/// What is written, while the function holds it.
fn writing<T>(
    accessor: &Accessor<T, Blobs>,
    upload: &Resource<Upload>,
) -> Result<Arc<Writing>, blob::Error> {
    accessor.with(|mut access| {
        let upload = access.get().table.get(upload).map_err(gone)?;
        Ok(Arc::clone(&upload.0))
    })
}

impl<T: Send> blob::HostUploadWithStore<T> for Blobs {
    async fn write(
        accessor: &Accessor<T, Self>,
        upload: Resource<Upload>,
        chunk: Vec<u8>,
    ) -> Result<(), blob::Error> {
        check_chunk(&chunk)?;
        let writing = writing(accessor, &upload)?;
        let _turn = writing.turn.try_lock().map_err(|_| busy())?;
        if writing.feeder.send(chunk.into()).await {
            return Ok(());
        }
        // Nobody wants more of it: it has failed.
        writing.done().await?;
        Err(over().into())
    }

    async fn finish(
        accessor: &Accessor<T, Self>,
        upload: Resource<Upload>,
    ) -> Result<blob::Info, blob::Error> {
        let writing = writing(accessor, &upload)?;
        let _turn = writing.turn.try_lock().map_err(|_| busy())?;
        writing.feeder.finish().await;
        Ok(info(writing.done().await?))
    }

    fn drop(mut access: Access<'_, T, Self>, upload: Resource<Upload>) -> Result<()> {
        access.get().table.delete(upload)?;
        Ok(())
    }
}

impl<T: Send> blob::HostWithStore<T> for Blobs {
    async fn get(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        range: Option<blob::Range>,
    ) -> Result<Option<blob::Found>, blob::Error> {
        let store = store(accessor, &name, &key)?;
        let range = range.map(|range| match range {
            blob::Range::StartingAt(from) => BlobRange::From(from),
            blob::Range::Between((from, to)) => BlobRange::Between(from, to),
            blob::Range::Last(count) => BlobRange::Last(count),
        });
        let Some(found) = store.get(&key, range).await? else {
            return Ok(None);
        };
        let size = found.content.size_hint().exact().unwrap_or_default();
        let reading = Download(Arc::new(Mutex::new(Reading {
            content: found.content,
            _store: store,
        })));
        let content = accessor.with(|mut access| access.get().table.push(reading));
        Ok(Some(blob::Found {
            info: info(found.info),
            offset: found.offset,
            size,
            content: content.map_err(full)?,
        }))
    }

    async fn head(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<Option<blob::Info>, blob::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.head(&key).await?.map(info))
    }

    async fn put(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        content_type: String,
        content: Vec<u8>,
        on: blob::Condition,
    ) -> Result<blob::Info, blob::Error> {
        check_chunk(&content)?;
        check_content_type(&content_type)?;
        let on = condition(on);
        check_condition(&on)?;
        let store = store(accessor, &name, &key)?;
        let content = whole(content.into());
        let put = store.put(&key, &content_type, content, on);
        Ok(info(put.await?))
    }

    async fn begin(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
        content_type: String,
        size: Option<u64>,
        on: blob::Condition,
    ) -> Result<Resource<Upload>, blob::Error> {
        check_content_type(&content_type)?;
        check_size(size.unwrap_or_default())?;
        let on = condition(on);
        check_condition(&on)?;
        let store = store(accessor, &name, &key)?;
        let (feeder, content) = fed(size);
        let put = store.put(&key, &content_type, content, on);
        let storing = tokio::spawn(async move {
            // The call counts until it is done.
            let _store = store;
            put.await
        });
        let upload = Upload(Arc::new(Writing {
            feeder,
            turn: Mutex::new(()),
            storing: Mutex::new(Storing(Some(storing))),
        }));
        let upload = accessor.with(|mut access| access.get().table.push(upload));
        Ok(upload.map_err(full)?)
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        name: String,
        key: String,
    ) -> Result<(), blob::Error> {
        let store = store(accessor, &name, &key)?;
        Ok(store.delete(&key).await?)
    }

    async fn list_blobs(
        accessor: &Accessor<T, Self>,
        name: String,
        prefix: String,
        limit: u32,
        cursor: Option<String>,
    ) -> Result<blob::Page, blob::Error> {
        let query = query(prefix, limit, cursor);
        query.check()?;
        let store = accessor.with(|mut access| access.get().stores.blobs(&name))?;
        let page = store.list(query).await?;
        let entry = |ports::BlobEntry { key, size }| blob::Entry { key, size };
        Ok(blob::Page {
            blobs: page.blobs.into_iter().map(entry).collect(),
            cursor: page.cursor,
        })
    }
}
