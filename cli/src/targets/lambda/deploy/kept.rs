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
    for (name, value) in [
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
                "it has no parameter `{name}`, with what a database of PostgreSQL needs: take it over from the template of a new \
                 function (`guru new`)"
            );
        }
    }
    Ok(parameters)
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
        let none = ["Postgres=\"\"", "Subnets=\"\"", "SecurityGroups=\"\""];
        let all = ["Postgres=secret", "Subnets=a,b", "SecurityGroups=c"];
        let wanted =
            |two: [&'static str; 2], rest: [&'static str; 3]| Some([&two[..], &rest].concat());
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
}
