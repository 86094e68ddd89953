//! Removes what precedes the function's own path: a stage, the mapping of a custom domain, a mount point.

/// Removes `/stage` from the beginning of the path, if it is there.
///
/// An HTTP API prepends a named stage to every path, and `$default` to none
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html>).
pub(crate) fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    match stage {
        Some(stage) if stage != "$default" => without(path, stage),
        _ => path,
    }
}

/// Removes `/base` from the beginning of the path, if it is there and ends at a segment boundary.
pub(crate) fn without<'a>(path: &'a str, base: &str) -> &'a str {
    let base = base.trim_matches('/');
    if base.is_empty() {
        return path;
    }
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(base));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// The path from where it matches the resource of a REST API. This removes the mapping of a custom domain, which is
/// only visible in this way.
///
/// `resource` is a template such as `/items/{id}` or `/{proxy+}`; `value` returns the value that a REST API found for
/// a name. A path that does not match anywhere is returned unchanged.
pub(crate) fn within_resource<'a>(
    path: &'a str,
    resource: &str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> &'a str {
    let starts = path.match_indices('/').map(|(start, _)| start);
    for start in starts {
        let rest = path.get(start..).unwrap_or(path);
        if matches(rest, resource, &value) {
            return rest;
        }
    }
    // Only a mapping, as in `/v1` for the resource `/`.
    if resource == "/" { "/" } else { path }
}

/// Whether the path matches the resource, with or without a trailing slash.
fn matches<'a>(path: &str, resource: &str, value: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let mut path = path.strip_prefix('/');
    let Some(resource) = resource.strip_prefix('/') else {
        return false;
    };
    if resource.is_empty() {
        return path == Some("");
    }
    for part in resource.split('/') {
        let Some(rest) = path else {
            return false;
        };
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            let slashless = |text: &'_ str| text.trim_end_matches('/').len();
            return value(name)
                .is_some_and(|value| rest.get(..slashless(rest)) == value.get(..slashless(value)));
        }
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        if segment.is_empty() || (name.is_none() && segment != part) {
            return false;
        }
        path = after;
    }
    matches!(path, None | Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_a_whole_segment_at_the_beginning() {
        let cases = [
            ("/prod", "prod", "/"),
            ("/prod/", "prod", "/"),
            ("/prod/items/1", "prod", "/items/1"),
            ("/prod//items", "prod", "//items"),
            ("/production", "prod", "/production"),
            ("/items/prod", "prod", "/items/prod"),
            ("/prod/prod", "prod", "/prod"),
            ("/items", "$default", "/items"),
            ("", "prod", ""),
        ];
        for (path, stage, want) in cases {
            assert_eq!(without_stage(path, Some(stage)), want, "{path} at {stage}");
        }
        assert_eq!(without_stage("/prod", None), "/prod");
    }

    #[test]
    fn a_mapping_is_what_a_resource_leaves_over() {
        let cases = [
            ("/items/1", "/items/{id}", "", "/items/1"),
            ("/items/1/", "/items/{id}", "", "/items/1/"),
            ("/v1/items/1", "/items/{id}", "", "/items/1"),
            (
                "/v1/nested/payment/a/b/",
                "/payment/{proxy+}",
                "a/b",
                "/payment/a/b/",
            ),
            (
                "/v1/payment/payment/a",
                "/payment/{proxy+}",
                "a",
                "/payment/a",
            ),
            ("/a%2Fb/c", "/{proxy+}", "a%2Fb/c", "/a%2Fb/c"),
            ("/v1/a%2Fb/c", "/{proxy+}", "a%2Fb/c", "/a%2Fb/c"),
            ("//a", "/{proxy+}", "/a", "//a"),
            ("/", "/", "", "/"),
            ("/v1/", "/", "", "/"),
            ("/v1", "/", "", "/"),
            ("/other", "/items", "", "/other"),
        ];
        for (path, resource, proxy, want) in cases {
            let found = within_resource(path, resource, |name| (name == "proxy").then_some(proxy));
            assert_eq!(found, want, "{path} of {resource}");
        }
    }
}
