//! Work that goes on after the answer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use guru_core::app::Later;
use guru_core::memory::{self, Client};
use guru_core::ports::{Clock as _, Ports};
use guru_core::{
    App, Context, Error, ErrorKind, Invocation, Method, Request, Response, Result, Uri,
};

fn lines(client: &Client) -> Vec<String> {
    let log = client.log().take();
    log.into_iter().map(|line| line.message).collect()
}

/// An app of one route, whose handler is this.
fn app(handler: fn(&Context) -> Result<Response>) -> App {
    App::new().get("/", move |cx: Context, _req: Request| async move {
        handler(&cx)
    })
}

async fn noted(cx: Context, seconds: u64, message: &'static str) -> Result<()> {
    cx.sleep(Duration::from_secs(seconds)).await;
    cx.log().info(message, &[]);
    Ok(())
}

#[test]
fn all_of_it_runs_at_once_and_what_it_puts_off_itself() {
    let client = Client::new(app(|cx| {
        cx.wait_until(noted(cx.clone(), 3, "third"));
        cx.wait_until(noted(cx.clone(), 1, "first"));
        let inner = cx.clone();
        cx.wait_until(async move {
            inner.wait_until(noted(inner.clone(), 2, "second"));
            Ok(())
        });
        Ok(Response::text("x"))
    }))
    .unwrap();
    assert_eq!(client.get("/").status().as_u16(), 200);
    assert_eq!(lines(&client), ["first", "second", "third"]);
    // At the same time: it took as long as the longest.
    assert_eq!(client.clock().now(), Duration::from_secs(3));
}

#[test]
fn an_error_is_logged_and_ends_nothing_else() {
    let client = Client::new(app(|cx| {
        cx.wait_until(async { Err(Error::new(ErrorKind::Conflict, "twice")) });
        cx.wait_until(noted(cx.clone(), 1, "done"));
        Ok(Response::text("x"))
    }))
    .unwrap();
    assert_eq!(client.get("/").status().as_u16(), 200);
    assert_eq!(lines(&client), ["twice", "done"]);
}

#[test]
fn it_begins_behind_the_last_chunk_and_for_an_answer_that_is_an_error_too() {
    let client = Client::new(
        App::new()
            .get("/stream", |cx: Context, _req: Request| async move {
                let out_cx = cx.clone();
                cx.wait_until(noted(cx.clone(), 0, "after"));
                Ok(Response::stream("text/plain", |mut out| async move {
                    out.send("a").await?;
                    out_cx.sleep(Duration::from_secs(1)).await;
                    out_cx.log().info("last chunk", &[]);
                    out_cx.wait_until(noted(out_cx.clone(), 0, "by the stream"));
                    out.send("b").await
                }))
            })
            .get("/error", |cx: Context, _req: Request| async move {
                cx.wait_until(noted(cx.clone(), 0, "after"));
                Err::<Response, _>(Error::not_found())
            }),
    )
    .unwrap();
    assert_eq!(client.get("/stream").body().as_bytes(), Some(&b"ab"[..]));
    assert_eq!(lines(&client), ["last chunk", "after", "by the stream"]);
    assert_eq!(client.get("/error").status().as_u16(), 404);
    assert!(lines(&client).contains(&"after".to_owned()));
}

#[test]
fn a_stream_that_breaks_off_begins_none() {
    let client = Client::new(app(|cx| {
        let later = cx.clone();
        cx.wait_until(async move {
            later.log().info("begun", &[]);
            Ok(())
        });
        Ok(Response::stream("text/plain", |mut out| async move {
            out.send("a").await?;
            Err(Error::new(ErrorKind::Internal, "no more"))
        }))
    }))
    .unwrap();
    let request = Request::new(Method::GET, Uri::parse("/").unwrap());
    assert!(client.try_send(request).is_err());
    assert_eq!(lines(&client).len(), 1, "the reason alone");
}

#[test]
fn what_is_given_up_is_dropped_although_it_holds_its_own_context() {
    struct Dropped(Rc<Cell<bool>>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }

    let given = Rc::new(RefCell::new(None));
    let ours = Rc::clone(&given);
    let app = App::new().get("/", move |cx: Context, _req: Request| {
        let held = ours.borrow_mut().take();
        async move {
            let own = cx.clone();
            cx.wait_until(async move {
                own.sleep(Duration::MAX).await;
                drop(held);
                Ok(())
            });
            Ok(Response::text("x"))
        }
    });
    let service = app.into_service().unwrap();
    for is_begun in [false, true] {
        let dropped = Rc::new(Cell::new(false));
        given.replace(Some(Dropped(Rc::clone(&dropped))));
        let ports = Ports::new(
            memory::Random::seeded(0),
            memory::Clock::default(),
            memory::Log::default(),
            memory::Config::default(),
        );
        let cx = Context::new(Rc::new(ports), Invocation::new("id"));
        let later = Later::of(&cx);
        let request = Request::new(Method::GET, Uri::parse("/").unwrap());
        let client = Client::new(App::new()).unwrap();
        client.block_on(service.handle(cx, request));
        if is_begun {
            let work = later.work().unwrap();
            assert!(!dropped.get());
            drop(work);
        } else {
            drop(later);
        }
        assert!(dropped.get(), "begun: {is_begun}");
    }
}
