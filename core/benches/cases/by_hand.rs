//! What an author would write for `meditation` with no framework at all. It must not use the core, save its source of chance,
//! so that what the core adds can be seen.

use guru_core::{memory, ports};

use super::{HEADERS, MEDITATIONS, Meditation};

/// What it is called, beside the cases of the core.
pub(crate) const NAME: &str = "by hand";

/// A request that is answered again and again.
pub(crate) struct ByHand {
    random: memory::Random,
    headers: Vec<(String, String)>,
}

/// As little of a request as there is.
pub(crate) struct Request {
    method: &'static str,
    path: &'static str,
    _headers: Vec<(String, String)>,
}

/// As little of an answer as there is.
pub(crate) struct Answer {
    _status: u16,
    _headers: Vec<(&'static str, &'static str)>,
    _body: Vec<u8>,
}

impl ByHand {
    /// The same request and the same chance as those of the core's case.
    pub(crate) fn new() -> Self {
        let headers = HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            random: memory::Random::seeded(0),
            headers: headers.into(),
        }
    }

    /// What a target does for a request, less its own translation.
    pub(crate) fn run(&self) -> Answer {
        let request = Request {
            method: "POST",
            path: "/",
            _headers: self.headers.clone(),
        };
        // The compiler must not know at once which arm it is.
        answer(std::hint::black_box(&request), &self.random)
    }
}

fn answer(request: &Request, random: &dyn ports::Random) -> Answer {
    match (request.method, request.path) {
        ("POST", "/") => {
            let meditation = *random.choose(&MEDITATIONS);
            json(
                200,
                &Meditation {
                    status: "success",
                    meditation,
                },
            )
        }
        (_, "/") => json(405, &"method not allowed"),
        _ => json(404, &"not found"),
    }
}

fn json(status: u16, content: &impl serde::Serialize) -> Answer {
    Answer {
        _status: status,
        _headers: vec![("content-type", "application/json")],
        _body: serde_json::to_vec(content).expect("JSON"),
    }
}
