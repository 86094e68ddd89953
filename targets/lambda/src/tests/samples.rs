//! All samples of `aws_lambda_events`: the few that are requests, and the message for each of the others.

use std::path::PathBuf;

use super::others::is_unknown;
use super::*;

/// The samples that `aws_lambda_events` contains.
pub(super) fn samples() -> Vec<PathBuf> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .exec()
        .unwrap();
    let mut packages = metadata.packages.iter();
    let package = packages
        .find(|package| package.name == "aws_lambda_events")
        .unwrap();
    let folder = package.manifest_path.parent().unwrap().join("src/fixtures");
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// The samples that are requests.
const REQUESTS: [(&str, Kind); 19] = [
    (
        "alb-lambda-target-request-headers-only",
        Kind::LoadBalancer { has_lists: false },
    ),
    (
        "alb-lambda-target-request-multivalue-headers",
        Kind::LoadBalancer { has_lists: true },
    ),
    ("apigw-console-request", Kind::Rest),
    ("apigw-console-test-request", Kind::Rest),
    ("apigw-request", Kind::Rest),
    ("apigw-request-catch-all", Kind::Rest),
    ("apigw-request-multi-value-parameters", Kind::Rest),
    ("apigw-restapi-openapi-request", Kind::Rest),
    ("apigw-sam-http-request", Kind::Http),
    ("apigw-sam-rest-request", Kind::Rest),
    ("apigw-v2-request-iam", Kind::Http),
    ("apigw-v2-request-jwt-authorizer", Kind::Http),
    ("apigw-v2-request-lambda-authorizer", Kind::Http),
    ("apigw-v2-request-multi-value-parameters", Kind::Http),
    ("apigw-v2-request-no-authorizer", Kind::Http),
    ("vpc-lattice-v1-request", Kind::Lattice),
    ("vpc-lattice-v2-request", Kind::Lattice),
    ("vpc-lattice-v2-request-base64", Kind::Lattice),
    ("vpc-lattice-v2-request-roles-anywhere", Kind::Lattice),
];

/// The message for every other sample, by the beginning of its name: the first match counts.
const OTHERS: [(&str, &str); 59] = [
    ("activemq", "ActiveMQ"),
    ("alb-lambda-target-response", "an answer to an HTTP request"),
    (
        "apigw-custom-auth-request",
        "API Gateway asks an authorizer",
    ),
    ("apigw-custom-auth-response", "an authorizer's answer"),
    ("apigw-response", "an answer to an HTTP request"),
    (
        "apigw-v2-custom-authorizer",
        "API Gateway asks an authorizer",
    ),
    ("apigw-websocket", "a WebSocket API"),
    ("appsync-lambda-auth-request", "AppSync asks an authorizer"),
    ("appsync-lambda-auth-response", "an authorizer's answer"),
    ("appsync", "AppSync"),
    ("autoscaling", "EventBridge"),
    ("bedrock-agent", "a Bedrock agent"),
    ("clientvpn", "Client VPN"),
    (
        "cloudformation-custom-resource-provider-response",
        "answers CloudFormation",
    ),
    (
        "cloudformation-custom-resource-response",
        "answers CloudFormation",
    ),
    ("cloudformation", "CloudFormation sends"),
    ("cloudwatch-alarm-composite-with", "EventBridge"),
    ("cloudwatch-alarm-sns", "SNS"),
    ("cloudwatch-alarm", "a CloudWatch alarm"),
    ("cloudwatch-cloudtrail", "CloudTrail"),
    ("cloudwatch_logs", "CloudWatch Logs"),
    ("code_commit", "CodeCommit"),
    ("codebuild", "EventBridge"),
    ("codedeploy-lifecycle", "CodeDeploy"),
    ("codedeploy", "EventBridge"),
    ("codepipeline-", "EventBridge"),
    ("codepipeline_job", "CodePipeline"),
    ("cognito-event-userpools", "a Cognito user pool"),
    ("cognito-event", "Cognito Sync"),
    ("config", "AWS Config"),
    ("connect", "Amazon Connect"),
    ("controltower", "CloudTrail"),
    ("documentdb", "DocumentDB"),
    ("dynamodb", "DynamoDB"),
    ("ecr-image-scan", "EventBridge"),
    ("eventbridge", "EventBridge"),
    ("firehose", "Data Firehose"),
    ("iot-custom-auth-request", "AWS IoT asks an authorizer"),
    ("iot-custom-auth-response", "an authorizer's answer"),
    ("iot_1_click", "1-Click"),
    ("iot_button", "button"),
    ("kafka", "Kafka (Amazon MSK)"),
    ("kinesis-event", "Kinesis sends"),
    ("kinesis-firehose-event", "Data Firehose sends"),
    ("kinesis-firehose-response", "answers Data Firehose"),
    ("lex-event", "Lex sends"),
    ("lex-response", "answers Lex"),
    ("rabbitmq", "RabbitMQ"),
    ("s3-event", "S3 sends"),
    ("s3-object-lambda", "S3 Object Lambda"),
    ("secretsmanager", "Secrets Manager"),
    ("ses", "SES"),
    ("sns-event", "SNS sends"),
    ("sns-subscription", "SNS sends"),
    ("sns-unsubscribe", "SNS sends"),
    ("sqs-api-event", "SQS answers"),
    ("sqs-batch-response", "answers SQS"),
    ("sqs-event", "SQS sends"),
    ("vpc-lattice-response", "an answer to an HTTP request"),
];

#[test]
fn every_sample_is_what_its_name_says() {
    let mut requests = Vec::new();
    let samples = samples();
    assert!(samples.len() >= 170, "{} samples", samples.len());
    for path in samples {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let name = name.trim_start_matches("example-");
        let event = file(&path);
        match REQUESTS.iter().find(|(request, _)| *request == name) {
            Some((name, kind)) => {
                let read = try_read(&event, "").unwrap_or_else(|error| panic!("{name}: {error}"));
                match read {
                    Ok((found, ..)) => assert_eq!(found, *kind, "{name}"),
                    // It has no host name: AWS's console puts a placeholder there.
                    Err(error) => {
                        assert_eq!(*name, "apigw-console-request", "{error}");
                        assert!(error.to_string().contains("`host`"), "{error}");
                    }
                }
                requests.push(*name);
            }
            None => {
                let other = OTHERS.iter().find(|(begin, _)| name.starts_with(begin));
                let (_, guess) = other.unwrap_or_else(|| panic!("{name} is in no list"));
                is_unknown(&event, &[guess]);
            }
        }
    }
    requests.sort_unstable();
    assert_eq!(requests, REQUESTS.map(|(name, _)| name));
}
