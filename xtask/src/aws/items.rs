//! What must exist once a function is deployed, item by item: what the script of 2016 created, and what it never managed to.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for a name that it has not; it never panics"
)]

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::account::Account;
/// The function, its role, its log group, the API with its stage and deployment, and the permission between them.
pub(super) fn of_every_stage(account: &mut Account<'_>, stage: &str) -> Result<()> {
    let function = resource(account, stage, "Function")?;
    let configuration = account.configuration(&function)?;
    expect(&configuration, "/Runtime", &json!("provided.al2023"))?;
    expect(&configuration, "/State", &json!("Active"))?;
    account.found(
        format!("{stage}: Lambda function"),
        format!("{function}, provided.al2023"),
    );

    let role = resource(account, stage, "Role")?;
    let arn = account.text(&["iam", "get-role", "--role-name", &role], "/Role/Arn")?;
    expect(&configuration, "/Role", &json!(arn))?;
    let group = resource(account, stage, "Logs")?;
    let logs = account.ask(&[
        "iam",
        "get-role-policy",
        "--role-name",
        &role,
        "--policy-name",
        "logs",
    ])?;
    let statement = logs
        .pointer("/PolicyDocument/Statement/0")
        .cloned()
        .unwrap_or_default();
    expect(
        &statement,
        "/Action",
        &json!(["logs:CreateLogStream", "logs:PutLogEvents"]),
    )?;
    let of = statement["Resource"].as_str().unwrap_or_default();
    ensure!(
        of.ends_with(&format!(":log-group:{group}:*")),
        "the role may write to {of}"
    );
    let attached = account.ask(&["iam", "list-attached-role-policies", "--role-name", &role])?;
    expect(&attached, "/AttachedPolicies", &json!([]))?;
    account.found(
        format!("{stage}: role"),
        format!("{role}: writes the log of {group}, nothing else"),
    );

    let groups = account.ask(&[
        "logs",
        "describe-log-groups",
        "--log-group-name-prefix",
        &group,
    ])?;
    let days = groups
        .pointer("/logGroups/0/retentionInDays")
        .and_then(Value::as_i64);
    ensure!(days.is_some(), "the log is kept for ever");
    account.found(
        format!("{stage}: log group"),
        format!("{group}, kept {} days", days.unwrap_or_default()),
    );

    let api = resource(account, stage, "Api")?;
    let of_stage = account.ask(&[
        "apigateway",
        "get-stage",
        "--rest-api-id",
        &api,
        "--stage-name",
        stage,
    ])?;
    let deployment = of_stage["deploymentId"]
        .as_str()
        .context("the stage has no deployment")?;
    let deployments = account.ask(&["apigateway", "get-deployments", "--rest-api-id", &api])?;
    let is_there = deployments["items"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|item| item["id"] == deployment);
    ensure!(
        is_there,
        "the deployment {deployment} of the stage is not there"
    );
    let resources = account.ask(&["apigateway", "get-resources", "--rest-api-id", &api])?;
    let paths = resources["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item["path"].as_str());
    let paths: Vec<_> = paths.collect();
    ensure!(paths.contains(&"/"), "the API has only {paths:?}");
    account.found(
        format!("{stage}: REST API, stage, deployment"),
        format!("{api}, {stage}, {deployment}: {}", paths.join(" ")),
    );

    let policy = account.text(
        &["lambda", "get-policy", "--function-name", &function],
        "/Policy",
    )?;
    let policy: Value =
        serde_json::from_str(&policy).context("the function's policy is no JSON")?;
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let permission = statements.into_iter().find(|statement| {
        let source = statement
            .pointer("/Condition/ArnLike/AWS:SourceArn")
            .and_then(Value::as_str);
        source.is_some_and(|source| source.ends_with(&format!(":{api}/{stage}/*/*")))
    });
    let permission =
        permission.with_context(|| format!("no permission is of the API {api}: {policy}"))?;
    expect(
        permission,
        "/Principal/Service",
        &json!("apigateway.amazonaws.com"),
    )?;
    expect(permission, "/Action", &json!("lambda:InvokeFunction"))?;
    let source = permission
        .pointer("/Condition/ArnLike/AWS:SourceArn")
        .and_then(Value::as_str);
    account.found(
        format!("{stage}: permission of API Gateway"),
        source.unwrap_or_default(),
    );
    Ok(())
}

/// Two topics with the address, and the alarms that notify them.
pub(super) fn monitoring(account: &mut Account<'_>, stage: &str, email: &str) -> Result<()> {
    let stack = account.stack(stage);
    for (topic, alarms) in [
        ("ErrorsTopic", &["ErrorsAlarm", "AnswersAlarm"][..]),
        ("ChargesTopic", &["ChargesAlarm"]),
    ] {
        let arn = resource(account, stage, topic)?;
        let subscriptions =
            account.ask(&["sns", "list-subscriptions-by-topic", "--topic-arn", &arn])?;
        expect(&subscriptions, "/Subscriptions/0/Protocol", &json!("email"))?;
        expect(&subscriptions, "/Subscriptions/0/Endpoint", &json!(email))?;
        account.found(format!("{stage}: topic {topic}"), format!("to {email}"));
        for alarm in alarms {
            let name = resource(account, stage, alarm)?;
            let said = account.ask(&["cloudwatch", "describe-alarms", "--alarm-names", &name])?;
            expect(&said, "/MetricAlarms/0/AlarmActions", &json!([arn]))?;
            let metric = said
                .pointer("/MetricAlarms/0/MetricName")
                .and_then(Value::as_str);
            account.found(
                format!("{stage}: alarm {alarm}"),
                format!("{} to {topic} of {stack}", metric.unwrap_or_default()),
            );
        }
    }
    Ok(())
}

/// No topics and no alarms.
pub(super) fn no_monitoring(account: &mut Account<'_>, stage: &str) -> Result<()> {
    let stack = account.stack(stage);
    let resources = account.ask(&[
        "cloudformation",
        "list-stack-resources",
        "--stack-name",
        &stack,
    ])?;
    let kinds = resources["StackResourceSummaries"]
        .as_array()
        .into_iter()
        .flatten();
    let mut kinds = kinds.filter_map(|resource| resource["ResourceType"].as_str());
    if let Some(kind) =
        kinds.find(|kind| kind.starts_with("AWS::SNS") || kind.starts_with("AWS::CloudWatch"))
    {
        bail!("{stack} has an {kind}, though it was to have no monitoring");
    }
    account.found(format!("{stage}: no monitoring"), "neither topic nor alarm");
    Ok(())
}

/// The state of a stage except the function's code, without timestamps.
pub(super) fn snapshot(account: &mut Account<'_>, stage: &str) -> Result<Value> {
    let (stack, function) = (account.stack(stage), resource(account, stage, "Function")?);
    let api = resource(account, stage, "Api")?;
    let resources = account.ask(&[
        "cloudformation",
        "list-stack-resources",
        "--stack-name",
        &stack,
    ])?;
    let resources = resources["StackResourceSummaries"]
        .as_array()
        .into_iter()
        .flatten();
    let names =
        resources.map(|each| json!([each["LogicalResourceId"], each["PhysicalResourceId"]]));
    let alarms = account.ask(&[
        "cloudwatch",
        "describe-alarms",
        "--alarm-name-prefix",
        &stack,
    ])?;
    let alarms = alarms["MetricAlarms"].as_array().into_iter().flatten();
    let alarms = alarms.map(|each| {
        json!([
            each["AlarmName"],
            each["MetricName"],
            each["Dimensions"],
            each["AlarmActions"],
            each["Threshold"]
        ])
    });
    Ok(json!({
        "resources": Value::from_iter(names),
        "alarms": Value::from_iter(alarms),
        "deployments": account.ask(&["apigateway", "get-deployments", "--rest-api-id", &api])?["items"],
        "paths": account.ask(&["apigateway", "get-resources", "--rest-api-id", &api])?["items"],
        "policy": account.ask(&["lambda", "get-policy", "--function-name", &function])?["Policy"],
    }))
}

/// The hash of the code of a stage's function.
pub(super) fn code(account: &mut Account<'_>, stage: &str) -> Result<String> {
    let function = resource(account, stage, "Function")?;
    account.text(
        &[
            "lambda",
            "get-function-configuration",
            "--function-name",
            &function,
        ],
        "/CodeSha256",
    )
}

/// Nothing of any stage is left, anywhere.
pub(super) fn nothing_is_left(account: &mut Account<'_>) -> Result<()> {
    let own = account.stack("");
    for (words, list, name) in [
        (["lambda", "list-functions"], "Functions", "FunctionName"),
        (["iam", "list-roles"], "Roles", "RoleName"),
        (["logs", "describe-log-groups"], "logGroups", "logGroupName"),
        (["apigateway", "get-rest-apis"], "items", "name"),
        (["apigateway", "get-api-keys"], "items", "name"),
        (["apigateway", "get-usage-plans"], "items", "name"),
        (["apigatewayv2", "get-apis"], "Items", "Name"),
        (["sns", "list-topics"], "Topics", "TopicArn"),
        (
            ["cloudwatch", "describe-alarms"],
            "MetricAlarms",
            "AlarmName",
        ),
    ] {
        let said = account.ask(&words)?;
        let left = said[list].as_array().into_iter().flatten();
        let left: Vec<_> = left
            .filter_map(|each| each[name].as_str())
            .filter(|each| each.contains(&own))
            .collect();
        ensure!(
            left.is_empty(),
            "after the deletion, `aws {}` still lists {left:?}",
            words.join(" ")
        );
    }
    account.found("after the deletion", "nothing is left");
    Ok(())
}

/// The physical id of a stack's resource.
pub(super) fn resource(account: &mut Account<'_>, stage: &str, logical: &str) -> Result<String> {
    let stack = account.stack(stage);
    let words = [
        "cloudformation",
        "describe-stack-resource",
        "--stack-name",
        &stack,
        "--logical-resource-id",
        logical,
    ];
    account.text(&words, "/StackResourceDetail/PhysicalResourceId")
}

pub(super) fn expect(said: &Value, pointer: &str, want: &Value) -> Result<()> {
    let got = said.pointer(pointer).unwrap_or(&Value::Null);
    ensure!(got == want, "{pointer} is {got}, not {want}");
    Ok(())
}
