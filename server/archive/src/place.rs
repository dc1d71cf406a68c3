//! Where an archive lies: a folder, or a bucket of an S3-compatible store.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path as FilePath,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    Error, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};

/// Beside the files of a folder; says that somebody writes there.
const LOCK: &str = ".archive.lock";
/// In a bucket a file that does not count may be one that another archiver is about to announce.
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Why a place cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Another archiver writes there.
    #[error("another archiver writes to {0:?}")]
    InUse(String),
    /// A folder or its lock file cannot be made.
    #[error("{place:?} cannot be used: {source}")]
    Folder {
        /// What was given.
        place: String,
        /// What the system says.
        source: io::Error,
    },
    /// What the store says.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A folder or bucket that is open for one archiver.
#[derive(Debug)]
pub struct Place {
    store: Arc<dyn ObjectStore>,
    name: String,
    /// Of a folder, as long as it is open. In a bucket the manifest's version tells another archiver.
    lock: Option<File>,
}

impl Place {
    /// Opens `s3://bucket/folder` with what the environment says (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT` …), or
    /// a folder of this machine, which is made where it is missing.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn open(name: &str) -> Result<Self, PlaceError> {
        match name.strip_prefix("s3://") {
            Some(rest) => Self::open_bucket(name, rest),
            None => Self::open_folder(name),
        }
    }

    fn open_bucket(name: &str, rest: &str) -> Result<Self, PlaceError> {
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()?;
        Ok(Self {
            store: Arc::new(PrefixStore::new(
                store,
                Path::parse(folder).map_err(Error::from)?,
            )),
            name: name.to_owned(),
            lock: None,
        })
    }

    fn open_folder(name: &str) -> Result<Self, PlaceError> {
        let failed = |source| PlaceError::Folder {
            place: name.to_owned(),
            source,
        };
        let folder = FilePath::new(name);
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(PlaceError::InUse(name.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        remove_halves(folder).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            name: name.to_owned(),
            lock: Some(lock),
        })
    }

    /// The whole of a file.
    ///
    /// # Errors
    /// What the store says.
    pub async fn get(&self, path: &str) -> Result<Bytes, PlaceError> {
        let found = self.store.get(&parse(path)?).await?;
        Ok(found.bytes().await?)
    }

    /// The whole of a file and which version of it that is; `None` where there is none.
    pub(crate) async fn find(
        &self,
        path: &str,
    ) -> Result<Option<(Bytes, UpdateVersion)>, PlaceError> {
        let path = parse(path)?;
        let found = match self.store.get_opts(&path, GetOptions::default()).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        Ok(Some((found.bytes().await?, version)))
    }

    pub(crate) async fn put(&self, path: &str, file: Vec<u8>) -> Result<(), PlaceError> {
        self.store.put(&parse(path)?, file.into()).await?;
        Ok(())
    }

    /// Puts a file in the place of the version that was found, so that of two writers one is refused.
    pub(crate) async fn replace(
        &self,
        path: &str,
        file: Vec<u8>,
        found: Option<UpdateVersion>,
    ) -> Result<UpdateVersion, PlaceError> {
        let mode = match (&self.lock, found) {
            (Some(_), _) => PutMode::Overwrite,
            (None, Some(version)) => PutMode::Update(version),
            (None, None) => PutMode::Create,
        };
        let (path, options) = (parse(path)?, PutOptions::from(mode));
        match self.store.put_opts(&path, file.into(), options).await {
            Ok(put) => Ok(UpdateVersion {
                e_tag: put.e_tag,
                version: put.version,
            }),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {
                Err(PlaceError::InUse(self.name.clone()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it is gone when this returns; one that is missing is.
    pub(crate) async fn remove(&self, path: &str) -> Result<(), PlaceError> {
        match self.store.delete(&parse(path)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Files below a folder that no archiver can be about to announce.
    pub(crate) async fn settled(&self, folder: &str) -> Result<Vec<String>, PlaceError> {
        let oldest = (self.lock.is_none()).then(|| SystemTime::now() - ORPHAN_AGE);
        let is_settled = |file: &ObjectMeta| {
            let changed = SystemTime::from(file.last_modified);
            oldest.is_none_or(|oldest| changed < oldest)
        };
        let files: Vec<_> = self.store.list(Some(&parse(folder)?)).try_collect().await?;
        let settled = files.into_iter().filter(is_settled);
        Ok(settled.map(|file| file.location.to_string()).collect())
    }
}

fn parse(path: &str) -> Result<Path, PlaceError> {
    Ok(Path::parse(path).map_err(Error::from)?)
}

/// Removes what a write that was killed left: the store writes `name#1` and renames it.
fn remove_halves(folder: &FilePath) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_half = entry.file_name().to_string_lossy().contains('#');
        if entry.file_type()?.is_dir() {
            remove_halves(&entry.path())?;
        } else if is_half {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
