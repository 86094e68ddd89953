//! `GET /` is a page that shows what `GET /events` sends: server-sent events, one a second.

use std::time::Duration;

use guru::prelude::*;

/// How many events one request sends. A browser then connects again, and says which event it has seen last.
const EVENTS: u64 = 5;

/// The function.
pub fn app() -> App {
    App::new().get("/", page).get("/events", events)
}

async fn page(_cx: Context, _req: Request) -> Result<Response> {
    Ok(Response::html(include_str!("page.html")))
}

async fn events(cx: Context, req: Request) -> Result<Response> {
    let last = req.headers().get_str("last-event-id");
    let last: u64 = last.and_then(|id| id.parse().ok()).unwrap_or(0);
    Ok(Response::events(move |mut events| async move {
        for id in last + 1..=last + EVENTS {
            cx.sleep(Duration::from_secs(1)).await;
            let event = Event::data(format!("event {id}")).id(id);
            events.send(event.retry(Duration::from_secs(1))).await?;
        }
        Ok(())
    }))
}

guru::export!(app);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sends_events() {
        let client = guru::memory::Client::new(app()).unwrap();
        // Time is virtual: this takes none.
        let answer = client.get("/events");
        assert!(answer.text().starts_with("id: 1\nretry: 1000\ndata: event 1\n\nid: 2\n"));
    }

    #[test]
    fn goes_on_where_a_client_was() {
        let client = guru::memory::Client::new(app()).unwrap();
        let call = client.request(Method::GET, "/events");
        let answer = call.header("last-event-id", "41").send();
        assert!(answer.text().starts_with("id: 42\n"));
    }

    #[test]
    fn has_a_page() {
        let client = guru::memory::Client::new(app()).unwrap();
        assert!(client.get("/").text().contains("EventSource"));
    }
}
