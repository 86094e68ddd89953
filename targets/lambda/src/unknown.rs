//! Describes an event that is not an HTTP request, and guesses its sender.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use crate::error::{Error, ErrorKind};
use crate::shape::{Kind, Loose, Shape};

/// How many names are shown, and how many characters of each.
const SHOWN: usize = 24;
const LONGEST: usize = 48;

/// The contents of an event.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    names: Vec<String>,
    /// The type of the event, if it is not an object.
    other: Option<Cow<'static, str>>,
    /// The sender, as stated by the event or by its first record.
    source: Option<String>,
}

impl Seen {
    pub(crate) fn other(what: impl Into<Cow<'static, str>>) -> Self {
        Self {
            other: Some(what.into()),
            ..Self::default()
        }
    }

    pub(crate) fn name(&mut self, name: &str) {
        self.names.push(name.into());
    }

    /// Reads a member whose name is not related to HTTP.
    pub(crate) fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        map: &mut A,
    ) -> Result<(), A::Error> {
        self.name(name);
        let source = match name {
            "eventSource" | "EventSource" => map.next_value::<Loose<String>>()?.0.ok().flatten(),
            "Records" => {
                let first = map.next_value::<Loose<First>>()?.0.ok().flatten();
                first.and_then(|first| first.0)
            }
            _ => map.next_value::<IgnoredAny>().map(|_| None)?,
        };
        self.source = self.source.take().or(source);
        Ok(())
    }

    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|seen| seen == name)
    }
}

/// The sender of the first record in a list.
struct First(Option<String>);

impl Shape for First {
    const WANTED: Kind = "a list of records";

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let first = list.next_element::<Loose<Record>>()?;
        let source = first.and_then(|first| first.0.ok().flatten()?.0);
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Self(source)))
    }
}

struct Record(Option<String>);

impl Shape for Record {
    const WANTED: Kind = "an object";

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut seen = Seen::default();
        while let Some(name) = map.next_key::<Cow<'_, str>>()? {
            match &*name {
                // Records do not nest.
                "Records" => map.next_value::<IgnoredAny>().map(drop)?,
                name => seen.member(name, &mut map)?,
            }
        }
        Ok(Some(Self(seen.source)))
    }
}

/// Senders of records, by `eventSource`.
const SOURCES: [(&str, &str); 12] = [
    ("SelfManagedKafka", "Kafka sends such"),
    ("aws:codecommit", "CodeCommit sends such"),
    ("aws:docdb", "DocumentDB sends such"),
    ("aws:dynamodb", "DynamoDB sends such"),
    ("aws:kafka", "Kafka (Amazon MSK) sends such"),
    ("aws:kinesis", "Kinesis sends such"),
    ("aws:mq", "ActiveMQ (Amazon MQ) sends such"),
    ("aws:rmq", "RabbitMQ (Amazon MQ) sends such"),
    ("aws:s3", "S3 sends such"),
    ("aws:ses", "SES sends such"),
    ("aws:sns", "SNS sends such"),
    ("aws:sqs", "SQS sends such"),
];

/// Senders by the names that all have to be present in an event: the first match counts. Names in `requestContext`
/// begin with a dot.
const SENDERS: [(&[&str], &str); 48] = [
    (&["methodArn"], "API Gateway asks an authorizer so"),
    (&["routeArn"], "API Gateway asks an authorizer so"),
    (&["authorizationToken"], "AppSync asks an authorizer so"),
    (&[".connectionId"], "a WebSocket API sends such"),
    (&[".eventType"], "a WebSocket API sends such"),
    (&["detail-type"], "EventBridge sends such"),
    (&["alarmArn"], "a CloudWatch alarm sends such"),
    (&["awslogs"], "CloudWatch Logs sends such"),
    (&["deliveryStreamArn"], "Data Firehose sends such"),
    (&["bootstrapServers"], "Kafka sends such"),
    (&["rmqMessagesByQueue"], "RabbitMQ (Amazon MQ) sends such"),
    (
        &["datasetName", "identityPoolId"],
        "Cognito Sync sends such",
    ),
    (
        &["triggerSource", "userPoolId"],
        "a Cognito user pool sends such",
    ),
    (&["ResponseURL"], "CloudFormation sends such"),
    (&["RequestType", "StackId"], "CloudFormation sends such"),
    (&["LogicalResourceId"], "it answers CloudFormation"),
    (&["PhysicalResourceId"], "it answers CloudFormation"),
    (&["LifecycleEventHookExecutionId"], "CodeDeploy sends such"),
    (&["CodePipeline.job"], "CodePipeline sends such"),
    (&["configRuleName"], "AWS Config sends such"),
    (
        &["configuration", "userRequest"],
        "S3 Object Lambda sends such",
    ),
    (
        &["invocationSchemaVersion", "tasks"],
        "S3 Batch Operations sends such",
    ),
    (&["SecretId", "Step"], "Secrets Manager sends such"),
    (&["TopicArn", "SigningCertURL"], "SNS sends such over HTTP"),
    (&["Details", "Name"], "Amazon Connect sends such"),
    (&["agent", "messageVersion"], "a Bedrock agent sends such"),
    (&["bot", "messageVersion"], "Lex sends such"),
    (&["bot", "sessionState"], "Lex sends such"),
    (&["arguments", "info"], "AppSync sends such"),
    (&["operation", "payload"], "AppSync sends such"),
    (&["defaultAuthStrategy"], "AppSync sends such"),
    (&["cognitoIdentityAuthType"], "AppSync sends such"),
    (&["connection-id", "endpoint-id"], "Client VPN sends such"),
    (
        &["connectionMetadata", "protocolData"],
        "AWS IoT asks an authorizer so",
    ),
    (
        &["deviceEvent", "placementInfo"],
        "AWS IoT 1-Click sends such",
    ),
    (
        &["clickType", "serialNumber"],
        "an AWS IoT button sends such",
    ),
    (&["eventVersion", "userIdentity"], "CloudTrail writes such"),
    (
        &["Messages"],
        "SQS answers so when it is asked for messages",
    ),
    (&["Records"], "S3, SQS, SNS, DynamoDB and Kinesis send such"),
    (&["batchItemFailures"], "it answers SQS"),
    (&["principalId"], "it is an authorizer's answer"),
    (&["isAuthorized"], "it is an authorizer's answer"),
    (&["isAuthenticated"], "it is an authorizer's answer"),
    (&["statusCode"], "it is an answer to an HTTP request"),
    (&["dialogAction"], "it answers Lex"),
    (&["records"], "it answers Data Firehose"),
    (&["key1", "key2"], "the console's test event is such"),
    (
        &["httpMethod", "path"],
        "of API Gateway's events, it lacks what `requestContext` says",
    ),
];

/// Why the event is not handled; `problem` is what is wrong with one that looks like a request.
pub(crate) fn error(seen: &Seen, context: &[String], problem: Option<String>) -> Error {
    let what = match (&seen.other, seen.names.as_slice()) {
        (Some(other), _) => format!("it is {other}"),
        (None, []) => "it has nothing in it".into(),
        (None, names) if context.is_empty() => format!("it has {}", shown(names)),
        (None, names) => format!(
            "it has {} (`requestContext` has {})",
            shown(names),
            shown(context)
        ),
    };
    let problem = problem.or_else(|| guess(seen, context).map(str::to_owned));
    let problem = problem.map(|problem| format!(" ({problem})"));
    Error::new(
        ErrorKind::UnknownEvent,
        format!(
            "this event is no HTTP request: {what}{}; invoke the function through API Gateway, a Function URL, \
             a load balancer or VPC Lattice, or test it with an event of theirs",
            problem.unwrap_or_default()
        ),
    )
}

/// The likely sender.
fn guess(seen: &Seen, context: &[String]) -> Option<&'static str> {
    let has = |name: &&str| match name.strip_prefix('.') {
        Some(name) => context.iter().any(|seen| seen == name),
        None => seen.has(name),
    };
    let source = seen.source.as_deref();
    if let Some((_, guess)) = SOURCES.iter().find(|(name, _)| source == Some(*name)) {
        return Some(guess);
    }
    let fits = SENDERS.iter().find(|(names, _)| names.iter().all(has));
    fits.map(|(_, guess)| *guess)
}

/// The first names, each of them shortened.
fn shown(names: &[String]) -> String {
    let brief = |name: &String| match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.clone(),
    };
    let mut shown: Vec<_> = names.iter().take(SHOWN).map(brief).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}
