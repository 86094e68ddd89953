//! A limit on how often somebody may ask.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::{String, ToString as _};
use core::cell::RefCell;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use super::{Middleware, Next};
use crate::app::digest::digest;
use crate::app::{Atomic, Context, Error, ErrorKind, LocalFuture, Result};
use crate::http::{Request, Response};
use crate::ports::{self, Condition, LEAST_TTL};

/// How many of those who ask an instance remembers, in a window.
const REMEMBERED: usize = 4096;

/// Responds with 429 and `retry-after` to whoever has asked too often in a window of time, on all instances together: the counts are in a
/// store.
///
/// - Who asks is the client's address as the platform has it, of IPv6 the network (its first 64 bits), or what [`by`](Self::by) says. Clients
///   whose address it does not tell are one, and so are all behind a proxy of your own: with the native server behind a load balancer, and
///   in other hosts of WASI that do not name the header (`GURU_CLIENT_ADDRESS_HEADER`), it has to be `by` something else.
/// - Windows follow each other, and each begins with nothing: in the worst case somebody asks twice as often, at the end of one and at
///   the beginning of the next.
/// - A request costs one call of the store, the first one of somebody two. An instance remembers who is over the limit, which costs none.
/// - A store that does not answer limits nobody, unless it is [strict](Self::strict), and the log says so. Many requests at once may be the
///   reason that it does not.
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
    /// Who asks, and not whose address it is.
    who: Option<Rc<Who>>,
    most: u32,
    window: Duration,
    name: &'static str,
    is_strict: bool,
    seen: Rc<RefCell<Seen>>,
}

/// Those who have asked in a window, and whether that is all that they may.
#[derive(Default)]
struct Seen {
    window: u64,
    all: BTreeMap<String, bool>,
}

type Who = dyn Fn(&Context, &Request) -> Option<String>;

impl RateLimit {
    /// Lets everybody ask so often in a window of time, of whole seconds, one at least. The counts are in this store, which the function
    /// declares as `KeyValue + Atomic`.
    #[must_use]
    pub fn new(store: impl Fn(&Context) -> Atomic + 'static, most: u32, window: Duration) -> Self {
        Self(Rc::new(Policy {
            store: Rc::new(store),
            who: None,
            most,
            window: Duration::from_secs(window.as_secs().max(1)),
            name: "",
            is_strict: false,
            seen: Rc::default(),
        }))
    }

    /// Counts by another thing than the address, such as a user or a key; `None` is not limited. What a client says is not to be trusted
    /// before it was looked at: with a new name for each request it would never be limited.
    #[must_use]
    pub fn by(mut self, who: impl Fn(&Context, &Request) -> Option<String> + 'static) -> Self {
        Rc::make_mut(&mut self.0).who = Some(Rc::new(who));
        self
    }

    /// Gives it counts of its own where several are in one store. Without that, limits of the same number and window share theirs, those
    /// by address and those by something else for themselves.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        let policy = Rc::make_mut(&mut self.0);
        (policy.name, policy.seen) = (name, Rc::default());
        self
    }

    /// Responds with 503 while the store does not answer, in place of limiting nobody: for a login.
    #[must_use]
    pub fn strict(mut self) -> Self {
        Rc::make_mut(&mut self.0).is_strict = true;
        self
    }
}

impl Middleware for RateLimit {
    fn call(&self, cx: Context, req: Request, next: Next) -> LocalFuture<Result<Response>> {
        let policy = Rc::clone(&self.0);
        Box::pin(async move {
            let who = match &policy.who {
                Some(who) => who(&cx, &req),
                None => Some(network(cx.client_ip())),
            };
            if let Some(who) = who {
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
        let left = (index + 1).saturating_mul(window).saturating_sub(now);
        let refused = || {
            let error = Error::from(ErrorKind::TooManyRequests);
            error.with_header("retry-after", left.max(1).to_string())
        };
        let who = digest(&[who.as_bytes()]);
        let seen = self.seen.borrow_mut().find(index, &who);
        if seen == Some(true) {
            return Err(refused()?);
        }
        let by = if self.who.is_some() { "by" } else { "address" };
        let (name, most) = (self.name, self.most);
        let key = format!("rate/{name}/{by}/{most}/{window}/{index}/{who}");
        let count = match self.count(cx, &key, seen.is_some()).await {
            Ok(count) => count,
            Err(error) if self.is_strict => return Err(error.into()),
            Err(error) => {
                let message = "nobody is limited: the counts are not there";
                cx.log().warn(message, crate::fields! { error });
                return Ok(());
            }
        };
        let most = i64::from(most);
        self.seen.borrow_mut().keep(index, who, count >= most);
        if count <= most {
            return Ok(());
        }
        Err(refused()?)
    }

    /// How often somebody has asked, with this time. A count begins with its end, so that it has one, whatever comes between two calls.
    async fn count(&self, cx: &Context, key: &str, is_begun: bool) -> Result<i64, ports::Error> {
        let store = (self.store)(cx);
        if !is_begun {
            let kept = self.window.saturating_mul(2).max(LEAST_TTL);
            match store.write(key, "1", Some(kept), Condition::Absent).await {
                Err(error) if error.kind() == ports::ErrorKind::Conflict => {}
                begun => return begun.map(|_| 1),
            }
        }
        store.add(key, 1).await
    }
}

impl Seen {
    /// Whether somebody was here in this window, and may ask no more.
    fn find(&mut self, window: u64, who: &str) -> Option<bool> {
        if self.window != window {
            (self.window, self.all) = (window, BTreeMap::new());
        }
        self.all.get(who).copied()
    }

    fn keep(&mut self, window: u64, who: String, is_over: bool) {
        if self.window != window {
            return;
        }
        // Whoever changes addresses is not to fill the memory; the others are asked for once more.
        if self.all.len() >= REMEMBERED && !self.all.contains_key(&who) {
            self.all.clear();
        }
        self.all.insert(who, is_over);
    }
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

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("most", &self.0.most)
            .field("window", &self.0.window)
            .finish_non_exhaustive()
    }
}
