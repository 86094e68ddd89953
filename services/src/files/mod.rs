//! Blobs in files: one each, below a folder.
//!
//! A file is written aside, brought to the disk, and renamed: whoever reads sees the one before or all of the new one, also after the
//! machine has lost its power. Writers of one store, of any process, agree by a lock on the moment at which they rename.

mod file;
mod name;
mod reading;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use guru_core::adapter::overtaken;
use guru_core::ports::{
    BlobEntry, BlobInfo, BlobPage, BlobRange, Condition, Error, ErrorKind, ListQuery, Version,
};
use http_body_util::BodyExt as _;
use tokio::task::spawn_blocking;

use crate::{BlobStore, Called, Content, FoundContent};
use name::{Part, key_of, part_of, path_of};
use reading::Reading;

/// The store's own files in its folder, which no key has the name of.
const LOCK: &str = ".lock";
const ASIDE: &str = ".new";

/// How much content is gathered before it is written.
const GATHERED: usize = 256 * 1024;

/// After this long, what was written aside is of a writer that is no more.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// A store of blobs in the files of a folder. Its calls are waited for on a tokio runtime.
#[derive(Clone, Debug)]
pub struct Files {
    folder: Arc<Path>,
}

impl Files {
    /// The store in this folder, which is made when something is put there.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn failed(&self, error: &io::Error) -> Error {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                ErrorKind::Denied
            }
            io::ErrorKind::UnexpectedEof => ErrorKind::Broken,
            io::ErrorKind::FileTooLarge => ErrorKind::TooLarge,
            _ => ErrorKind::Unavailable,
        };
        Error::new(kind, format!("{}: {error}", self.folder.display()))
    }

    /// Calls it on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        let done = spawn_blocking(move || call(&this).map_err(|error| this.failed(&error)));
        // The runtime is shutting down, or the call has panicked.
        let broken = |_| Error::new(ErrorKind::Broken, "the call was broken off");
        done.await.map_err(broken).flatten()
    }

    /// The file of a key, if there is one.
    fn opened(&self, key: &str) -> io::Result<Option<File>> {
        match File::open(path_of(&self.folder, key)) {
            Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn info(&self, key: &str) -> io::Result<Option<BlobInfo>> {
        let file = self.opened(key)?;
        file.map(|mut file| file::info(&mut file)).transpose()
    }

    /// Waits until nobody else changes anything.
    fn locked(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        let lock = options.open(self.folder.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }

    /// A new file aside.
    fn begin(&self) -> io::Result<(File, Aside)> {
        let folder = self.folder.join(ASIDE);
        make(&folder)?;
        sweep(&folder)?;
        let path = folder.join(uuid::Uuid::new_v4().simple().to_string());
        Ok((File::create_new(&path)?, Aside(path)))
    }

    /// Puts a file in its place, where the condition holds. Returns whether it does.
    fn commit(&self, aside: &Aside, key: &str, condition: &Condition) -> io::Result<bool> {
        let place = path_of(&self.folder, key);
        let folder = place.parent().unwrap_or(&self.folder);
        make(folder)?;
        let _alone = self.locked()?;
        let holds = match condition {
            Condition::Absent => self.info(key)?.is_none(),
            Condition::Version(wanted) => {
                self.info(key)?.is_some_and(|found| found.etag == *wanted)
            }
            _ => true,
        };
        if holds {
            fs::rename(&aside.0, &place)?;
            sync(folder)?;
        }
        Ok(holds)
    }

    /// Writes content aside; how many bytes there are.
    async fn write(&self, mut file: File, mut content: Content) -> Result<(File, u64), Error> {
        let (mut size, mut gathered) = (0, BytesMut::new());
        loop {
            let frame = content.frame().await.transpose()?;
            let is_over = frame.is_none();
            if let Some(Ok(chunk)) = frame.map(http_body::Frame::into_data) {
                size += chunk.len() as u64;
                gathered.extend_from_slice(&chunk);
            }
            if is_over || gathered.len() >= GATHERED {
                let bytes: Bytes = gathered.split().freeze();
                file = self
                    .blocking(move |_| {
                        file.write_all(&bytes)?;
                        Ok(file)
                    })
                    .await?;
            }
            if is_over {
                return Ok((file, size));
            }
        }
    }

    /// All keys that begin with the prefix and come behind the cursor, with their files.
    fn found(&self, query: &ListQuery) -> io::Result<Vec<(String, PathBuf)>> {
        let (from, after) = query.range();
        let mut found = Vec::new();
        let mut folders = vec![(self.folder.to_path_buf(), String::new())];
        while let Some((folder, begun)) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(error) if is_missing(&error) => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let is_folder = entry.file_type()?.is_dir();
                match name.to_str().and_then(part_of) {
                    Some(Part::More(part)) if is_folder => {
                        folders.push((entry.path(), begun.clone() + &part));
                    }
                    Some(Part::Last(part)) if !is_folder => {
                        let key = key_of(&(begun.clone() + &part));
                        let is_wanted = |key: &String| {
                            &**key >= from && key != after && key.starts_with(&query.prefix)
                        };
                        // Others may have files here that no key has the name of.
                        let is_blob = |key: &String| {
                            path_of(&self.folder, key) == entry.path()
                                && fs::metadata(entry.path()).is_ok_and(|known| known.is_file())
                        };
                        if let Some(key) = key.filter(is_wanted).filter(is_blob) {
                            found.push((key, entry.path()));
                        }
                    }
                    _ => {}
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Makes a folder, of which the disk knows then.
fn make(folder: &Path) -> io::Result<()> {
    let missing = folder.ancestors().take_while(|folder| !folder.exists());
    let missing: Vec<_> = missing
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    crate::folder::make(folder)?;
    for above in missing.iter().filter_map(|folder| folder.parent()) {
        let is_here = above.as_os_str().is_empty();
        sync(if is_here { Path::new(".") } else { above })?;
    }
    Ok(())
}

/// Has the disk know of what was renamed in a folder. Windows cannot, and does it by itself.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Removes what writers have left that are no more.
fn sweep(aside: &Path) -> io::Result<()> {
    for entry in fs::read_dir(aside)? {
        let entry = entry?;
        let age = entry.metadata().and_then(|known| known.modified());
        let age = age.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
        if age.is_ok_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// A file that is written aside. What was not put in its place is removed.
struct Aside(PathBuf);

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl BlobStore for Files {
    fn put(
        &self,
        key: &str,
        content_type: &str,
        content: Content,
        condition: Condition,
    ) -> Called<BlobInfo> {
        let (this, key, content_type) = (self.clone(), key.to_owned(), content_type.to_owned());
        Box::pin(async move {
            let (file, aside) = this.blocking(Self::begin).await?;
            let (mut file, size) = this.write(file, content).await?;
            let info = BlobInfo {
                size,
                etag: Version::new(uuid::Uuid::new_v4().simple().to_string()),
                content_type,
            };
            let known = info.clone();
            let is_done = this
                .blocking(move |this| {
                    file::finish(&mut file, &known)?;
                    this.commit(&aside, &key, &condition)
                })
                .await?;
            if is_done {
                Ok(info)
            } else {
                Err(overtaken(&this.folder.display().to_string()))
            }
        })
    }

    fn get(&self, key: &str, range: Option<BlobRange>) -> Called<Option<FoundContent>> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            let found = this.blocking(move |this| {
                let Some(mut file) = this.opened(&key)? else {
                    return Ok(None);
                };
                let info = file::info(&mut file)?;
                let part = BlobRange::part(range, info.size);
                if let Ok((offset, _)) = part {
                    file.seek(SeekFrom::Start(offset))?;
                }
                Ok(Some((file, info, part)))
            });
            let Some((file, info, part)) = found.await? else {
                return Ok(None);
            };
            let (offset, count) = part?;
            let content = Reading::new(file, count).boxed_unsync();
            Ok(Some(FoundContent {
                info,
                offset,
                content,
            }))
        })
    }

    fn head(&self, key: &str) -> Called<Option<BlobInfo>> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move { this.blocking(move |this| this.info(&key)).await })
    }

    fn delete(&self, key: &str) -> Called<()> {
        let (this, key) = (self.clone(), key.to_owned());
        Box::pin(async move {
            this.blocking(move |this| {
                let place = path_of(&this.folder, &key);
                if !place.is_file() {
                    return Ok(());
                }
                let _alone = this.locked()?;
                match fs::remove_file(&place) {
                    Err(error) if is_missing(&error) => return Ok(()),
                    done => done?,
                }
                sync(place.parent().unwrap_or(&this.folder))
            })
            .await
        })
    }

    fn list(&self, query: ListQuery) -> Called<BlobPage> {
        let this = self.clone();
        Box::pin(async move {
            query.check_cursor()?;
            this.blocking(move |this| {
                let mut blobs = Vec::new();
                for (key, path) in this.found(&query)? {
                    // One more says whether there is more.
                    if blobs.len() > query.limit {
                        break;
                    }
                    match File::open(path).and_then(|mut file| file::info(&mut file)) {
                        Ok(BlobInfo { size, .. }) => blobs.push(BlobEntry { key, size }),
                        // Gone meanwhile.
                        Err(error) if is_missing(&error) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(query.blob_page(blobs))
            })
            .await
        })
    }
}
