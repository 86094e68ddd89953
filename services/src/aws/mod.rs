//! What all services of AWS share: regions, endpoints, credentials and signatures.

mod credentials;

use std::env;
#[cfg(any(feature = "dynamodb", feature = "s3"))]
use std::time::Duration;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as signed,
};
use aws_sigv4::sign::v4::SigningParams;
use guru_core::ports::{Error, ErrorKind};
use http::Request;

pub(crate) use credentials::Source;

/// A variable that is not empty.
pub(crate) fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where something is, as far as a setting says it behind a `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    region: Option<String>,
    endpoint: Option<String>,
    /// Whether it is made where it is not there, as for tests.
    pub(crate) is_made: bool,
}

impl Place {
    /// Reads a query. Nothing for one that says something else.
    pub(crate) fn read(query: &str) -> Option<Self> {
        let mut place = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "region" => place.region = Some(value.into_owned()),
                "endpoint" => place.endpoint = Some(value.into_owned()),
                "create" => place.is_made = true,
                _ => return None,
            }
        }
        Some(place)
    }

    /// The region, or else that of the environment.
    pub(crate) fn region(&self) -> Result<String, Error> {
        let own = self.region.clone();
        let named = own
            .or_else(|| text("AWS_REGION"))
            .or_else(|| text("AWS_DEFAULT_REGION"));
        named.ok_or_else(|| {
            let message =
                "which region of AWS is it in? AWS_REGION says so, or `?region=` in the setting";
            Error::new(ErrorKind::Unavailable, message)
        })
    }

    /// The endpoint, or else that of the environment, for this service or for all
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
    pub(crate) fn endpoint(&self, variable: &str) -> Option<String> {
        let own = self.endpoint.clone();
        let named = own
            .or_else(|| text(variable))
            .or_else(|| text("AWS_ENDPOINT_URL"));
        named.map(|endpoint| endpoint.trim_end_matches('/').to_owned())
    }
}

/// The domain of endpoints in a region. China's are of another one.
pub(crate) fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}

/// A pause that is not everybody's: those who were refused together do not come back together.
#[cfg(any(feature = "dynamodb", feature = "s3"))]
pub(crate) fn jittered(pause: Duration) -> Duration {
    let part = f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX);
    pause.mul_f64(0.5 + part / 2.0)
}

/// Signs a request with all of its headers, for a service in a region
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>). Nothing where it cannot be signed.
pub(crate) fn sign(
    request: &mut Request<()>,
    service: &'static str,
    region: &str,
    credentials: &Credentials,
    body: SignableBody<'_>,
) -> Option<()> {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        // Its paths are keys: they are neither encoded twice nor resolved.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let (method, uri) = (request.method().to_string(), request.uri().to_string());
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let headers = headers.iter().map(|(name, value)| (&**name, &**value));
    let signable = SignableRequest::new(&method, uri, headers, body).ok()?;
    let identity = credentials.clone().into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .ok()?;
    let signature = signed(signable, &parameters.into()).ok()?;
    signature.into_parts().0.apply_to_request_http1x(request);
    Some(())
}
