//! One instance of the function: what the entry module calls. It must not know other instances.

use std::rc::Rc;

use guru_core::ports::{Level, Log as _, Record};
use guru_core::{App, Context, Invocation, Service};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};

use crate::call::Call;
use crate::log::Log;
use crate::{convert, crash, ports as vendor};

/// An instance of the function.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Worker {
    service: Service,
}

#[wasm_bindgen]
impl Worker {
    /// How many bytes of a body are read before the request counts as too large.
    #[must_use]
    #[wasm_bindgen(js_name = "bodyLimit")]
    pub fn body_limit(&self) -> usize {
        self.service.body_limit()
    }

    /// Begins to answer a request. `body` is its bytes, `undefined` for more than
    /// [`body_limit`](Self::body_limit), `null` for one that broke off. `wake` is called when the
    /// answer should be [polled](Call::poll) for again.
    #[must_use]
    pub fn begin(
        &self,
        request: &Request,
        body: &JsValue,
        env: JsValue,
        id: String,
        client_ip: Option<String>,
        wake: Function,
    ) -> Call {
        let client_ip = client_ip.and_then(|ip| ip.parse().ok());
        let invocation = Invocation::new(id).with_client_ip(client_ip);
        let cx = Context::new(Rc::new(vendor::ports(env)), invocation);
        let method = convert::method(request);
        let (service, request) = (self.service.clone(), convert::request(request, &method));
        let body = convert::body(body);
        Call::new(wake, async move {
            let answer = match request.and_then(|request| Ok(request.with_body(body?))) {
                Ok(request) => service.handle(cx, request).await,
                Err(error) => Service::refuse(&cx, &method, error),
            };
            convert::response(answer)
        })
    }

    /// The answer to a request that another instance crashed on, for the reason `why`.
    ///
    /// # Errors
    ///
    /// As [`Call::poll`].
    pub fn crash(&self, request: &Request, id: &str, why: &str) -> Result<Response, JsValue> {
        Log.log(&Record::new(Level::Error, &why, &[]).of_request(id));
        convert::response(Service::crash(id, &convert::method(request)))
    }
}

impl Worker {
    /// An instance of this app.
    ///
    /// # Errors
    ///
    /// What is wrong with the app's routes.
    pub fn new(app: fn() -> App) -> Result<Self, JsError> {
        crash::install();
        let service = app()
            .into_service()
            .map_err(|error| JsError::new(&error.to_string()))?;
        Ok(Self { service })
    }
}
