//! What an error of an interface of `guru:ports` is here.

/// The error of a call of the interface `$of`. Each interface has errors of its own, which are alike; in brackets is a kind that
/// not all have.
macro_rules! failure {
    ($error:expr, $of:ident [$($more:ident)?]) => {{
        use $of::ErrorKind as Kind;
        use guru_core::ports::{Error, ErrorKind};
        let $of::Error { kind, message } = $error;
        let kind = match kind {
            Kind::Unavailable => ErrorKind::Unavailable,
            Kind::Denied => ErrorKind::Denied,
            Kind::Invalid => ErrorKind::Invalid,
            $(Kind::$more => ErrorKind::$more,)?
            Kind::TooLarge => ErrorKind::TooLarge,
            Kind::Conflict => ErrorKind::Conflict,
            Kind::Corrupt => ErrorKind::Corrupt,
            Kind::Timeout => ErrorKind::Timeout,
            Kind::Broken => ErrorKind::Broken,
            Kind::Other => ErrorKind::Other,
        };
        Error::new(kind, message)
    }};
}

pub(crate) use failure;
