//! Which service a store is kept by: a URL in the deployment's settings.

use std::ffi::OsString;
use std::sync::Arc;

use guru_core::ports::{Error, ErrorKind};

use crate::local::Missing;
use crate::service::{Service, SettingError};
use crate::{SqlDatabase, Store};

/// What the names of these settings begin with; the name of the port follows, in capitals.
const PREFIX: &str = "GURU_PORT_";

/// The setting of all stores that have none of their own.
const ALL: &str = "GURU_STORES";

/// The setting of all stores of blobs that have none of their own: each is below its name there.
const BLOBS: &str = "GURU_BLOBS";

/// The setting of all databases of PostgreSQL that have none of their own.
const POSTGRES: &str = "GURU_POSTGRES";

/// The setting of functions: `NAME=URL` for each, with commas between.
pub(crate) const FUNCTIONS: &str = "GURU_FUNCTIONS";

/// The folder of what no setting names a service for, on a machine of one's own; the folder and the file where this says nothing.
const DATA: (&str, &str, &str) = ("GURU_DATA", ".guru", "data.sqlite");

/// The folder in there of databases, each a file of its name.
#[cfg(feature = "sqlite")]
const DATABASES: &str = "databases";

/// The folder in there of blobs.
#[cfg(feature = "files")]
const FILES: &str = "blobs";

/// The folder of migrations, in which each database has one of its name; and where this says nothing, on a machine of one's own.
pub const MIGRATIONS: (&str, &str) = ("GURU_MIGRATIONS", "migrations");

/// The dialect of a database.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite's.
    Sqlite,
    /// PostgreSQL's.
    Postgres,
}

/// Whether a variable is a setting of ports, which is the host's: it may have a password in it, and is none of a function's.
#[must_use]
pub fn is_setting(name: &str) -> bool {
    name.starts_with(PREFIX)
        || [ALL, BLOBS, POSTGRES, FUNCTIONS, DATA.0, MIGRATIONS.0].contains(&name)
}

/// Whether it is a name that a port can have: an identifier of Rust, but for its keywords.
fn is_name(port: &str) -> bool {
    !port.is_empty()
        && port
            .chars()
            .all(|char| char.is_alphanumeric() || char == '_')
}

/// The services of stores, by the settings of a deployment: `GURU_PORT_LINKS` for the store `links`; for all that have no setting of
/// their own `GURU_STORES`, `GURU_BLOBS` for those of blobs, and `GURU_POSTGRES` for databases of PostgreSQL.
#[derive(Clone, Debug, Default)]
pub struct Services {
    named: Vec<(String, Service)>,
    /// Those that the list of functions names.
    listed: Vec<(String, Service)>,
    all: Option<Service>,
    blobs: Option<Service>,
    postgres: Option<Service>,
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    migrations: Option<Arc<crate::migration::Migrations>>,
    /// The folder of databases that have no setting, if they may be there.
    #[cfg(feature = "sqlite")]
    folder: Option<std::path::PathBuf>,
}

impl Services {
    /// Reads the settings among these variables. Of two of a name the last counts.
    ///
    /// # Errors
    ///
    /// When one of them names no service that there is here.
    pub fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingError> {
        let mut services = Self::default();
        for (name, value) in variables {
            let Some(name) = name
                .to_str()
                .filter(|name| is_setting(name) && *name != DATA.0)
            else {
                continue;
            };
            if name == MIGRATIONS.0 {
                services = services.with_migrations(value.into(), true)?;
                continue;
            }
            let name = name.to_owned();
            if name == FUNCTIONS {
                let listed = value.to_str().and_then(listed);
                let listed = listed.ok_or_else(|| SettingError::new(name))?;
                services.listed = listed;
                continue;
            }
            let service = value.to_str().and_then(Service::read);
            match service {
                None => return Err(SettingError::new(name)),
                // What keeps nothing is for one port alone.
                Some(service) if service.is_function() && !name.starts_with(PREFIX) => {
                    return Err(SettingError::new(name));
                }
                Some(service) if name == ALL => services.all = Some(service),
                Some(service) if name == BLOBS => services.blobs = Some(service),
                Some(service) if name == POSTGRES => services.postgres = Some(service),
                Some(service) => services.named.insert(0, (name, service)),
            }
        }
        Ok(services)
    }

    /// The same on a machine of one's own, where stores without a setting are in a file of SQLite, databases in one each, and blobs in
    /// files: in the folder that `GURU_DATA` names, or in `.guru`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[cfg(any(feature = "files", feature = "sqlite"))]
    pub fn at_home(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingError> {
        let variables: Vec<_> = variables.into_iter().collect();
        let (name, own, _) = DATA;
        let folder = variables
            .iter()
            .rev()
            .find(|(of, value)| of == name && !value.is_empty());
        let folder =
            folder.map_or_else(|| own.into(), |(_, value)| std::path::PathBuf::from(value));
        let mut services = Self::read_here(variables)?;
        #[cfg(feature = "sqlite")]
        services
            .all
            .get_or_insert_with(|| Service::Sqlite(folder.join(DATA.2)));
        #[cfg(feature = "files")]
        services
            .blobs
            .get_or_insert_with(|| Service::Files(folder.join(FILES)));
        #[cfg(feature = "sqlite")]
        {
            services.folder = Some(folder.join(DATABASES));
        }
        Ok(services)
    }

    /// The same on a machine of one's own, where no service of this build is for what has no setting.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[cfg(not(any(feature = "files", feature = "sqlite")))]
    pub fn at_home(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingError> {
        Self::read_here(variables.into_iter().collect())
    }

    /// The same with the migrations in the current folder, unless a setting names another.
    fn read_here(variables: Vec<(OsString, OsString)>) -> Result<Self, SettingError> {
        let is_named = variables.iter().any(|(name, _)| name == MIGRATIONS.0);
        let services = Self::read(variables)?;
        let usual = std::path::Path::new(MIGRATIONS.1);
        if is_named || !usual.is_dir() {
            return Ok(services);
        }
        services.with_migrations(usual.into(), false)
    }

    /// The same with the migrations in this folder, which are read beforehand where somebody has named it; with none where it has no name.
    fn with_migrations(
        self,
        folder: std::path::PathBuf,
        is_named: bool,
    ) -> Result<Self, SettingError> {
        #[cfg(any(feature = "postgres", feature = "sqlite"))]
        {
            if folder.as_os_str().is_empty() {
                return Ok(Self {
                    migrations: None,
                    ..self
                });
            }
            let migrations = crate::migration::Migrations::new(folder);
            if is_named && let Err(error) = migrations.check() {
                return Err(SettingError::because(
                    MIGRATIONS.0.into(),
                    error.to_string(),
                ));
            }
            let migrations = Some(Arc::new(migrations));
            Ok(Self { migrations, ..self })
        }
        #[cfg(not(any(feature = "postgres", feature = "sqlite")))]
        {
            let _ = (folder, is_named);
            Ok(self)
        }
    }

    /// Applies the migrations of a database that were not yet; returns their names. That there are none is an error. Its dialect is that
    /// of the service which a setting names for it alone, or else `usual`, of a program whose databases are of one.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    #[must_use]
    pub fn migrate(&self, port: &str, usual: Option<Dialect>) -> crate::Called<Vec<String>> {
        let fail = |why: String| -> crate::Called<Vec<String>> {
            Box::pin(async { Err(Error::new(ErrorKind::Invalid, why)) })
        };
        let (setting, named) = self.named(port);
        let Some(dialect) = named.map(Service::dialect).or(usual) else {
            return fail(format!(
                "which of the databases it is, is not said: {setting} says it"
            ));
        };
        let all = self.migrations.as_ref().filter(|_| is_name(port));
        let all = match all.map(|all| all.of(port)) {
            Some(Ok(all)) => all,
            Some(Err(error)) => return fail(error.to_string()),
            None => {
                return fail(format!(
                    "there are no migrations: no folder {}/{port}",
                    MIGRATIONS.1
                ));
            }
        };
        match dialect {
            Dialect::Sqlite => self.connect(port).migrate(port, all),
            Dialect::Postgres => self.postgres(port).migrate(port, all),
        }
    }

    /// A database whose migrations are applied before its first call.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    fn migrated(&self, port: &str, database: impl SqlDatabase) -> Arc<dyn SqlDatabase> {
        match &self.migrations {
            // A component may say any name, and a path is none.
            Some(migrations) if is_name(port) => migrations.before(port, database),
            _ => Arc::new(database),
        }
    }

    /// The service that a setting names for a port alone, with the name of that setting.
    fn named(&self, port: &str) -> (String, Option<&Service>) {
        let wanted = format!("{PREFIX}{}", port.to_uppercase());
        let named = self.named.iter().find(|(name, _)| *name == wanted);
        (wanted, named.map(|(_, service)| service))
    }

    /// The database of a port, which has the dialect of PostgreSQL. Where no service keeps it, its calls fail with
    /// [`Unavailable`](ErrorKind::Unavailable).
    #[must_use]
    pub fn postgres(&self, port: &str) -> Arc<dyn SqlDatabase> {
        let (wanted, named) = self.named(port);
        match named.or(self.postgres.as_ref()) {
            #[cfg(feature = "postgres")]
            Some(Service::Postgres(address)) => {
                self.migrated(port, crate::PostgresDatabase::open(address))
            }
            _ => Arc::new(Missing(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "there is no server for the database `{port}`: {wanted} names one, or {POSTGRES}, as in \
                     {POSTGRES}=postgres://USER:PASSWORD@HOST/DATABASE"
                ),
            ))),
        }
    }

    /// The database of a port, which has the dialect of SQLite. Where no service keeps it, its calls fail with
    /// [`Unavailable`](ErrorKind::Unavailable).
    #[must_use]
    pub fn connect(&self, port: &str) -> Arc<dyn SqlDatabase> {
        let (wanted, named) = self.named(port);
        match named {
            // A component may say any name, and a path is none.
            _ if !is_name(port) => {}
            #[cfg(feature = "sqlite")]
            Some(Service::Sqlite(path)) => {
                return self.migrated(port, crate::SqliteDatabase::open(path));
            }
            #[cfg(feature = "sqlite")]
            None if let Some(folder) = &self.folder => {
                let path = folder.join(format!("{port}.sqlite"));
                return self.migrated(port, crate::SqliteDatabase::open(&path));
            }
            _ => {}
        }
        Arc::new(Missing(Error::new(
            ErrorKind::Unavailable,
            format!(
                "there is no service for the database `{port}`: {wanted}=sqlite:FILE names one"
            ),
        )))
    }

    /// The blobs of a port. Where no service keeps them, its calls fail with [`Unavailable`](ErrorKind::Unavailable).
    #[cfg(feature = "blob")]
    #[must_use]
    pub fn blobs(&self, port: &str) -> Arc<dyn crate::BlobStore> {
        let (wanted, named) = self.named(port);
        match (named, &self.blobs) {
            // A component may say any name, and a path is none.
            _ if !is_name(port) => {}
            #[cfg(feature = "files")]
            (Some(Service::Files(folder)), _) => return Arc::new(crate::Files::open(folder)),
            #[cfg(feature = "files")]
            (None, Some(Service::Files(folder))) => {
                return Arc::new(crate::Files::open(&folder.join(port)));
            }
            #[cfg(feature = "s3")]
            (Some(Service::S3(bucket)), _) => return Arc::new(crate::S3::open(bucket)),
            #[cfg(feature = "s3")]
            (None, Some(Service::S3(bucket))) => {
                return Arc::new(crate::S3::open(&bucket.clone().below(port)));
            }
            _ => {}
        }
        Arc::new(Missing(Error::new(
            ErrorKind::Unavailable,
            format!(
                "there is no service for the blobs of `{port}`: {wanted} names one, or {BLOBS}"
            ),
        )))
    }

    /// The function of a port. Where no setting names it, its calls fail with [`Unavailable`](ErrorKind::Unavailable).
    #[cfg(feature = "function")]
    #[must_use]
    pub fn function(&self, port: &str) -> crate::Function {
        let (wanted, named) = self.named(port);
        let listed = self.listed.iter().find(|(name, _)| name == port);
        match named.or(listed.map(|(_, service)| service)) {
            Some(Service::Url(origin)) => crate::Function::at(origin),
            #[cfg(feature = "lambda")]
            Some(Service::Lambda(function)) => crate::Function::on_lambda(function),
            _ => crate::Function::missing(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "where the function `{port}` is, is not said: {wanted} says it, as in {wanted}=http://127.0.0.1:5001"
                ),
            )),
        }
    }

    /// The store of a port. Where no service keeps it, its calls fail with [`Unavailable`](ErrorKind::Unavailable).
    #[must_use]
    pub fn open(&self, port: &str) -> Arc<dyn Store> {
        let (wanted, named) = self.named(port);
        match named.or(self.all.as_ref()) {
            #[cfg(feature = "sqlite")]
            Some(Service::Sqlite(path)) => Arc::new(crate::Sqlite::open(path, port)),
            #[cfg(feature = "dynamodb")]
            Some(Service::DynamoDb(table)) => Arc::new(crate::DynamoDb::open(table, port)),
            _ => Arc::new(Missing(Error::new(
                ErrorKind::Unavailable,
                format!("there is no service for the store `{port}`: {wanted} names one, or {ALL}"),
            ))),
        }
    }
}

/// The functions of a list.
fn listed(text: &str) -> Option<Vec<(String, Service)>> {
    let entries = text.split(',').map(str::trim);
    let entries = entries.filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (name, url) = entry.split_once('=')?;
            let service = Service::read(url.trim()).filter(Service::is_function)?;
            Some((name.trim().to_owned(), service))
        })
        .collect()
}

#[cfg(test)]
mod tests;
