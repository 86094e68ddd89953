//! A limit on how often somebody may ask.

use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{Middleware, Next};
use crate::app::{Atomic, Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Request, Response};
use crate::ports::{self, Condition, LEAST_TTL};

/// How often it is tried to have a count end with its window.
const TRIES: usize = 4;

/// Responds with 429 and `retry-after` to whoever has asked too often in a window of time, on all instances together: the counts are in a
/// store.
///
/// - Who asks is the client's address, of IPv6 the network (its first 64 bits), or what [`by`](Self::by) says. Clients whose address
///   the platform does not tell are one.
/// - Windows follow each other, and each begins with nothing: in the worst case somebody asks twice as often, at the end of one and at
///   the beginning of the next.
/// - A request costs one call of the store, the first one in a window three. A store that does not answer limits nobody, and the log
///   says so.
/// - Counts are kept for two windows, and 60 seconds at least. A key has a hash of who it is, and not the address: keys are no secret.
/// - A preflight is a request, too: [`Cors`](super::Cors) goes outside, which is added before.
///
/// ```
/// use core::time::Duration;
/// use guru_core::{App, Atomic, Context, app::middleware::RateLimit, memory};
/// # fn counts(cx: &Context) -> Atomic { Atomic::new(cx, "counts", |_| unreachable!()) }
///
/// // guru::ports! { counts: KeyValue + Atomic }
/// let app = App::new().group("/login", |group| {
///     group.with(RateLimit::new(counts, 5, Duration::from_secs(60))).post("/", || async { "hello" })
/// });
/// let client = memory::Client::new(app)?;
/// for _ in 0..5 {
///     client.post("/login", "").assert_status(200);
/// }
/// let answer = client.post("/login", "");
/// assert_eq!(answer.assert_status(429).header("retry-after"), Some("60"));
/// client.clock().advance(Duration::from_secs(60));
/// client.post("/login", "").assert_status(200);
/// # Ok::<(), guru_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RateLimit(Rc<Policy>);

#[derive(Clone)]
struct Policy {
    store: Rc<dyn Fn(&Context) -> Atomic>,
    who: Rc<Who>,
    most: u32,
    window: Duration,
    name: &'static str,
}

type Who = dyn Fn(&Context, &Request) -> Option<String>;

impl RateLimit {
    /// Lets everybody ask so often in a window of time, of whole seconds, one at least. The counts are in this store, which the function
    /// declares as `KeyValue + Atomic`.
    #[must_use]
    pub fn new(store: impl Fn(&Context) -> Atomic + 'static, most: u32, window: Duration) -> Self {
        Self(Rc::new(Policy {
            store: Rc::new(store),
            who: Rc::new(|cx, _| Some(network(cx.client_ip()))),
            most,
            window: Duration::from_secs(window.as_secs().max(1)),
            name: "",
        }))
    }

    /// Counts by another thing than the address, such as a user or a key; `None` is not limited. What a client says is not to be trusted
    /// before it was looked at: with a new name for each request it would never be limited.
    #[must_use]
    pub fn by(mut self, who: impl Fn(&Context, &Request) -> Option<String> + 'static) -> Self {
        Rc::make_mut(&mut self.0).who = Rc::new(who);
        self
    }

    /// Gives it counts of its own where several are in one store. Those of one name and window share theirs.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        Rc::make_mut(&mut self.0).name = name;
        self
    }
}

impl Middleware for RateLimit {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let policy = Rc::clone(&self.0);
        Box::pin(async move {
            if let Some(who) = (policy.who)(&cx, &req) {
                policy.admit(&cx, &who).await?;
            }
            Ok(next.run(cx, req).await)
        })
    }
}

impl Policy {
    async fn admit(&self, cx: &Context, who: &str) -> Result<()> {
        let (now, window) = (cx.clock().now().as_secs(), self.window.as_secs());
        let index = now / window;
        let key = format!("rate/{}/{window}/{index}/{}", self.name, hashed(who));
        let count = match self.count(cx, &key).await {
            Ok(count) => count,
            Err(error) => {
                cx.log().warn(
                    "nobody is limited: the counts are not there",
                    crate::fields! { error },
                );
                return Ok(());
            }
        };
        if count <= i64::from(self.most) {
            return Ok(());
        }
        let left = (index + 1).saturating_mul(window).saturating_sub(now);
        let error = Error::from(ErrorKind::TooManyRequests);
        Err(error.with_header("retry-after", left.max(1).to_string())?)
    }

    /// How often somebody has asked, with this time.
    async fn count(&self, cx: &Context, key: &str) -> Result<i64, ports::Error> {
        let store = (self.store)(cx);
        let count = store.add(key, 1).await?;
        if count == 1 {
            let kept = self.window.saturating_mul(2).max(LEAST_TTL);
            expire(&store, key, kept).await?;
        }
        Ok(count)
    }
}

/// Has a count end. Others may add to it meanwhile.
async fn expire(store: &Atomic, key: &str, kept: Duration) -> Result<(), ports::Error> {
    for _ in 0..TRIES {
        let Some(held) = store.get(key).await? else {
            return Ok(());
        };
        let condition = Condition::Version(held.version().clone());
        match store
            .write(key, held.as_bytes(), Some(kept), condition)
            .await
        {
            Err(error) if error.kind() == ports::ErrorKind::Conflict => {}
            done => return done.map(drop),
        }
    }
    // It stays, and is asked for no more once its window is over.
    Ok(())
}

/// The network of an address: whoever has one of IPv6 has as many as they like of it.
fn network(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => format!("{:x}", address.to_bits() >> 64),
        },
        None => String::new(),
    }
}

fn hashed(who: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(who.as_bytes()).into();
    let half = hash.first_chunk().copied().unwrap_or_default();
    format!("{:032x}", u128::from_be_bytes(half))
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("most", &self.0.most)
            .field("window", &self.0.window)
            .finish_non_exhaustive()
    }
}
