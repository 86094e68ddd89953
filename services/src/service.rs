//! What a setting may name: a service, by a URL.

use std::fmt;

use crate::setting::FUNCTIONS;

/// A service, as a setting names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// `sqlite:FILE`, a file of SQLite, which is made where there is none.
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
    /// `dynamodb://TABLE`, a table of DynamoDB.
    #[cfg(feature = "dynamodb")]
    DynamoDb(crate::Table),
    /// `files:FOLDER`, a folder.
    #[cfg(feature = "files")]
    Files(std::path::PathBuf),
    /// `s3://BUCKET/PREFIX`, a bucket of S3.
    #[cfg(feature = "s3")]
    S3(crate::Bucket),
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, a database of PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(Box<crate::Address>),
    /// `http://HOST`, where another function is.
    #[cfg(feature = "function")]
    Url(crate::function::Origin),
    /// `lambda://FUNCTION`, a function on AWS Lambda.
    #[cfg(feature = "lambda")]
    Lambda(crate::LambdaFunction),
}

impl Service {
    /// Whether it is another function, and keeps nothing.
    pub(crate) const fn is_function(&self) -> bool {
        #[cfg(feature = "function")]
        if matches!(self, Self::Url(_)) {
            return true;
        }
        #[cfg(feature = "lambda")]
        if matches!(self, Self::Lambda(_)) {
            return true;
        }
        false
    }

    /// The dialect of its databases, if it has some.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn dialect(&self) -> crate::Dialect {
        #[cfg(feature = "postgres")]
        if matches!(self, Self::Postgres(_)) {
            return crate::Dialect::Postgres;
        }
        crate::Dialect::Sqlite
    }

    pub(crate) fn read(value: &str) -> Option<Self> {
        let (scheme, place) = value.split_once(':')?;
        let place = place.strip_prefix("//").unwrap_or(place);
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" if !place.is_empty() => Some(Self::Sqlite(place.into())),
            #[cfg(feature = "dynamodb")]
            "dynamodb" => crate::Table::read(place).map(Self::DynamoDb),
            #[cfg(feature = "files")]
            "files" if !place.is_empty() => Some(Self::Files(place.into())),
            #[cfg(feature = "s3")]
            "s3" => crate::Bucket::read(place).map(Self::S3),
            #[cfg(feature = "postgres")]
            // A file that a secret is made of ends with a line's end.
            "postgres" | "postgresql" => crate::Address::read(value.trim())
                .map(Box::new)
                .map(Self::Postgres),
            #[cfg(feature = "function")]
            "http" | "https" => crate::function::Origin::read(value).map(Self::Url),
            #[cfg(feature = "lambda")]
            "lambda" => crate::LambdaFunction::read(place).map(Self::Lambda),
            _ => {
                let _ = place;
                None
            }
        }
    }
}

/// A setting that no service can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    name: String,
    /// Why, where it is not that it names no service.
    why: Option<String>,
}

impl SettingError {
    pub(crate) const fn new(name: String) -> Self {
        Self { name, why: None }
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) const fn because(name: String, why: String) -> Self {
        let why = Some(why);
        Self { name, why }
    }
}

impl fmt::Display for SettingError {
    /// Not its value, in which a password may be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(why) = &self.why {
            return write!(f, "{}: {why}", self.name);
        }
        let expected: &[&str] = &[
            #[cfg(feature = "sqlite")]
            "`sqlite:FILE`",
            #[cfg(feature = "dynamodb")]
            "`dynamodb://TABLE`, with `?region=` where it is not that of AWS_REGION",
            #[cfg(feature = "files")]
            "`files:FOLDER`",
            #[cfg(feature = "s3")]
            "`s3://BUCKET`, with `?region=` where it is not that of AWS_REGION",
            #[cfg(feature = "postgres")]
            "`postgres://USER:PASSWORD@HOST:PORT/DATABASE`",
            #[cfg(feature = "function")]
            "for another function `http://HOST`",
            #[cfg(feature = "lambda")]
            "`lambda://FUNCTION`",
        ];
        let expected = expected.join(" or ");
        if self.name == FUNCTIONS {
            return write!(
                f,
                "{FUNCTIONS} is none: it names functions, as in {FUNCTIONS}=greeter=http://127.0.0.1:5001,other=http://127.0.0.1:5002"
            );
        }
        write!(
            f,
            "{} says which service a port leads to, and is none that there is here: it is {expected}",
            self.name
        )
    }
}

impl std::error::Error for SettingError {}
