//! Calls a deployed function through each of its endpoints, with and without the credentials that a stage requires.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name that it has not; it never panics"
)]

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::{
    account::Account,
    items::{expect, resource},
};
use crate::{artefacts, context::TestContext};

/// The limits of the usage plan.
const BURST: i64 = 250;
const RATE: f64 = 100.0;
const QUOTA: i64 = 10_000;

/// The function's first call, through the REST API, with curl's output shown as a user sees it.
pub(super) fn call(
    account: &mut Account<'_>,
    context: &TestContext<'_>,
    stage: &str,
) -> Result<()> {
    let (method, path) = first_call(account, context, stage)?;
    let host = rest_host(account, stage)?;
    let path = format!("/{stage}/{path}");
    let answer = account.curl(&method, &host, &path, None)?;
    ensure!(answer.status == 200, "{method} {path} answers {answer:?}");
    account.found(
        format!("{stage}: {method} {path}"),
        format!("{} {}", answer.status, answer.body.trim()),
    );
    let lost = account.curl("GET", &host, &format!("/{stage}/guru/nowhere"), None)?;
    ensure!(
        lost.status == 404 && lost.body.contains("\"error\":\"not found\""),
        "an unknown path answers {lost:?}"
    );
    account.found(
        format!("{stage}: GET /{stage}/guru/nowhere"),
        "404, by the function itself",
    );
    Ok(())
}

/// The HTTP API and the function URL.
pub(super) fn other_ways_in(
    account: &mut Account<'_>,
    context: &TestContext<'_>,
    stage: &str,
) -> Result<()> {
    let (method, path) = first_call(account, context, stage)?;
    for output in ["HttpApi", "FunctionUrl"] {
        let url = account.output(stage, output)?;
        let host = url
            .trim_start_matches("https://")
            .trim_end_matches('/')
            .to_owned();
        let answer = account.curl(&method, &host, &format!("/{path}"), None)?;
        ensure!(
            answer.status == 200,
            "{output}: {method} /{path} answers {answer:?}"
        );
        account.found(
            format!("{stage}: {output}"),
            format!("{url}: {}", answer.body.trim()),
        );
    }
    let function = resource(account, stage, "Function")?;
    let configuration = account.configuration(&function)?;
    expect(&configuration, "/TracingConfig/Mode", &json!("Active"))?;
    account.found(format!("{stage}: tracing"), "Active");
    Ok(())
}

/// The API key under its usage plan: 403 without it, a response with it, 429 above the plan's rate.
pub(super) fn key(account: &mut Account<'_>, context: &TestContext<'_>, stage: &str) -> Result<()> {
    let plan = resource(account, stage, "Plan")?;
    let said = account.ask(&["apigateway", "get-usage-plan", "--usage-plan-id", &plan])?;
    let (throttle, quota) = (&said["throttle"], &said["quota"]);
    let is_as_asked = throttle["burstLimit"].as_i64() == Some(BURST)
        && throttle["rateLimit"].as_f64() == Some(RATE)
        && quota["limit"].as_i64() == Some(QUOTA)
        && quota["period"] == "DAY";
    ensure!(is_as_asked, "the usage plan is {said}");
    account.found(
        format!("{stage}: usage plan"),
        format!("{plan}: burst {BURST}, {RATE} a second, {QUOTA} a day"),
    );

    let id = account.output(stage, "ApiKey")?;
    let value = account.text(
        &[
            "apigateway",
            "get-api-key",
            "--include-value",
            "--api-key",
            &id,
        ],
        "/value",
    )?;
    account.found(format!("{stage}: API key"), id);
    let (method, path) = first_call(account, context, stage)?;
    let host = rest_host(account, stage)?;
    let path = format!("/{stage}/{path}");
    let refused = account.curl(&method, &host, &path, None)?;
    ensure!(
        refused.status == 403,
        "without the key, {method} {path} answers {refused:?}"
    );
    account.found(format!("{stage}: {method} {path} without the key"), "403");
    let header = format!("x-api-key: {value}");
    let answer = account.curl(&method, &host, &path, Some(&header))?;
    ensure!(
        answer.status == 200,
        "with the key, {method} {path} answers {answer:?}"
    );
    account.found(
        format!("{stage}: {method} {path} with the key"),
        format!("200 {}", answer.body.trim()),
    );

    let statuses = account.flood(&method, &host, &path, &header, 1500)?;
    let count = |status: u16| statuses.iter().filter(|each| **each == status).count();
    let (good, slowed) = (count(200), count(429));
    ensure!(
        good > 0 && slowed > 0 && good + slowed == statuses.len(),
        "over the plan's rate: {good} answered, {slowed} slowed down, of {}",
        statuses.len()
    );
    account.found(
        format!("{stage}: 1500 requests at once"),
        format!("{good} answered, {slowed} times 429"),
    );
    Ok(())
}

fn first_call(
    account: &mut Account<'_>,
    context: &TestContext<'_>,
    stage: &str,
) -> Result<(String, String)> {
    let host = rest_host(account, stage)?;
    // A function that serves its own document is asked for it over HTTP; any other prints it.
    let served = account.curl("GET", &host, &format!("/{stage}/openapi.json"), None)?;
    let document = if served.status == 200 {
        serde_json::from_str(&served.body).context("the function's document is no JSON")?
    } else {
        artefacts::own_document(&context.build())?
    };
    let call = artefacts::first_call(&document).context("the function's document has no call")?;
    Ok((call.method, call.path))
}

fn rest_host(account: &mut Account<'_>, stage: &str) -> Result<String> {
    let url = account.output(stage, "RestApi")?;
    let host = url.trim_start_matches("https://").split('/').next();
    host.map(str::to_owned).context("the REST API has no host")
}
