//! The parameters of template.yaml for what a function keeps, made of what it declares.

use anyhow::{Result, bail};

use crate::{args::Aws, declared::Port};

/// The parameters for what a function keeps. A template that an older `guru new` made, or somebody else, has none.
pub(super) fn kept(template: &str, ports: &[Port], aws: &Aws) -> Result<Vec<String>> {
    let mut parameters = Vec::new();
    for (name, what, is_one) in [
        (
            "Stores",
            "a table for the function's stores",
            Port::is_store as fn(&Port) -> bool,
        ),
        ("Blobs", "a bucket for the function's blobs", Port::is_blob),
    ] {
        let is_declared = ports.iter().any(is_one);
        if template.contains(&format!("\n  {name}:\n")) {
            parameters.push(format!("{name}={}", if is_declared { "yes" } else { "no" }));
        } else if is_declared {
            bail!(
                "it has no parameter `{name}`, with {what} and the rights to it: take these over from the template of a new \
                 function (`guru new`)"
            );
        }
    }
    let databases = ports.iter().filter(|port| port.is_postgres());
    let secret = aws.postgres.as_deref().unwrap_or_default();
    if let Some(database) = databases
        .map(Port::name)
        .next()
        .filter(|_| secret.is_empty())
    {
        bail!(
            "where the database `{database}` is, is not said: `aws secretsmanager create-secret --name NAME --secret-string \
             postgres://USER:PASSWORD@HOST/DATABASE` keeps it, and `--postgres NAME` names it"
        );
    }
    let (functions, arns) = functions(ports, aws)?;
    for (name, value) in [
        ("Functions", &*functions),
        ("FunctionArns", &arns),
        ("Postgres", secret),
        ("Subnets", aws.subnets.as_deref().unwrap_or_default()),
        (
            "SecurityGroups",
            aws.security_groups.as_deref().unwrap_or_default(),
        ),
    ] {
        if template.contains(&format!("\n  {name}:\n")) {
            // SAM takes nothing for a parameter that is left out, and two quotes for one that is empty.
            let value = if value.is_empty() { "\"\"" } else { value };
            parameters.push(format!("{name}={value}"));
        } else if !value.is_empty() {
            bail!(
                "it has no parameter `{name}`, with what a database of PostgreSQL or another function needs: take it over from the template of a new \
                 function (`guru new`)"
            );
        }
    }
    Ok(parameters)
}

/// Where the other functions of a function are, and what it may call: as lists.
fn functions(ports: &[Port], aws: &Aws) -> Result<(String, String)> {
    let declared = || ports.iter().filter(|port| port.function().is_some());
    let is_missing = |port: &&Port| !aws.called.iter().any(|(name, _)| name == port.name());
    if let Some(port) = declared().find(is_missing) {
        bail!(
            "where the function `{0}` is, is not said: `--function {0}=ARN` names it, as `aws lambda get-function --function-name NAME \
             --query Configuration.FunctionArn` has it",
            port.name()
        );
    }
    let is_known = |name: &str| declared().any(|port| port.name() == name);
    if let Some((name, _)) = aws.called.iter().find(|(name, _)| !is_known(name)) {
        bail!(
            "the function declares no function `{name}` with `guru::ports!`, for which there is a `--function`"
        );
    }
    if let Some((name, arn)) = aws.called.iter().find(|(_, arn)| !is_arn(arn)) {
        bail!(
            "`--function {name}={arn}` names no function: write {name}=arn:aws:lambda:REGION:ACCOUNT:function:FUNCTION"
        );
    }
    let entries = aws.called.iter();
    let entries: Vec<_> = entries
        .map(|(name, arn)| format!("{name}=lambda://{arn}"))
        .collect();
    let mut arns: Vec<_> = aws.called.iter().map(|(_, arn)| arn.as_str()).collect();
    arns.sort_unstable();
    arns.dedup();
    Ok((entries.join(","), arns.join(",")))
}

/// Whether it is the ARN of a function, or of a version or an alias of one.
fn is_arn(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let is_clean = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b":-_$".contains(&byte));
    let is_function =
        matches!(&*parts, ["arn", _, "lambda", _, _, "function", name, ..] if !name.is_empty());
    is_clean && is_function && parts.len() <= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_need_a_template_that_has_a_table_for_them() {
        let own = include_str!("../../../../../template.yaml");
        let name = || "a".to_owned();
        let store = [Port::KeyValue {
            name: name(),
            atomic: true,
        }];
        let blob = [Port::Blob { name: name() }];
        let database = [Port::Postgres { name: name() }];
        let network = Aws {
            postgres: Some("secret".into()),
            subnets: Some("a,b".into()),
            security_groups: Some("c".into()),
            ..Aws::default()
        };
        let none = [
            "Functions=\"\"",
            "FunctionArns=\"\"",
            "Postgres=\"\"",
            "Subnets=\"\"",
            "SecurityGroups=\"\"",
        ];
        let all = [
            none[0],
            none[1],
            "Postgres=secret",
            "Subnets=a,b",
            "SecurityGroups=c",
        ];
        let wanted =
            |two: [&'static str; 2], rest: [&'static str; 5]| Some([&two[..], &rest].concat());
        let usual = Aws::default();
        assert!(kept(own, &database, &usual).is_err());
        assert!(kept("Parameters:\n", &database, &network).is_err());
        let stores = kept(own, &database, &network).unwrap();
        assert_eq!(
            Some(stores),
            wanted(["Stores=no", "Blobs=no"], all)
                .map(|all| all.into_iter().map(str::to_owned).collect())
        );
        for (template, ports, wanted) in [
            (own, &[][..], wanted(["Stores=no", "Blobs=no"], none)),
            (own, &store, wanted(["Stores=yes", "Blobs=no"], none)),
            (own, &blob, wanted(["Stores=no", "Blobs=yes"], none)),
            ("Parameters:\n", &[], Some(vec![])),
            ("Parameters:\n", &store, None),
            ("Parameters:\n", &blob, None),
        ] {
            let kept = kept(template, ports, &usual).ok();
            assert_eq!(
                kept,
                wanted.map(|all| all.into_iter().map(str::to_owned).collect::<Vec<_>>())
            );
        }
    }

    #[test]
    fn what_a_function_calls_is_what_it_declares() {
        let own = include_str!("../../../../../template.yaml");
        let arn = "arn:aws:lambda:eu-west-1:1:function:g";
        let ports = ["greeter", "other"].map(|name| Port::Invoke { name: name.into() });
        let both = Aws {
            called: ["other", "greeter"]
                .map(|name| (name.into(), arn.into()))
                .into(),
            ..Aws::default()
        };
        let kept = |ports: &[Port], aws: &Aws| kept(own, ports, aws);
        let made = kept(&ports, &both).unwrap();
        for wanted in [
            format!("Functions=other=lambda://{arn},greeter=lambda://{arn}"),
            format!("FunctionArns={arn}"),
        ] {
            assert!(made.contains(&wanted), "{made:?}");
        }
        let error = kept(&ports, &Aws::default()).unwrap_err().to_string();
        assert!(error.contains("--function greeter=ARN"), "{error}");
        let error = kept(&ports[1..], &both).unwrap_err().to_string();
        assert!(error.contains("`greeter`"), "{error}");
        for wrong in [
            "g",
            "arn:aws:s3:::b",
            "arn:aws:lambda:r:1:function:",
            "arn:aws:lambda:r:1:function:a,b",
        ] {
            let aws = Aws {
                called: vec![("other".into(), wrong.into())],
                ..Aws::default()
            };
            let error = kept(&ports[1..], &aws).unwrap_err().to_string();
            assert!(error.contains("function:FUNCTION"), "{error}");
        }
    }
}
