//! Parses AWS's configuration files, `~/.aws/config` and `~/.aws/credentials`, for the profiles and the region of each
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).

/// Which of the two files: they name profiles differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[profile NAME]` and `[default]`; other sections are not profiles.
    Config,
    /// `[NAME]`.
    Credentials,
}

/// A profile of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) region: Option<String>,
}

/// The profiles of a file, in order.
pub(super) fn profiles(text: &str, kind: Kind) -> Vec<Profile> {
    let mut profiles: Vec<Profile> = Vec::new();
    // The index of the current profile: sections of the same name are merged.
    let mut current = None;
    let mut is_below = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = trimmed.strip_prefix('[') {
            is_below = false;
            current = name(inside(rest), kind).map(|name| {
                let known = profiles.iter().position(|profile| profile.name == name);
                known.unwrap_or_else(|| {
                    profiles.push(Profile { name, region: None });
                    profiles.len() - 1
                })
            });
            continue;
        }
        // An indented line is nested in the setting above it: a `region` there is not the profile's.
        if is_below && line.starts_with([' ', '\t']) {
            continue;
        }
        is_below = true;
        let profile = current.and_then(|place: usize| profiles.get_mut(place));
        if let (Some(profile), Some(region)) = (profile, region(trimmed)) {
            profile.region = Some(region);
        }
    }
    profiles
}

/// The text up to the bracket that closes a section's name; brackets in quotes do not count.
fn inside(rest: &str) -> &str {
    let mut quote = None;
    for (place, char) in rest.char_indices() {
        match (quote, char) {
            (None, ']') => return rest.get(..place).unwrap_or_default(),
            (None, '\'' | '"') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            _ => {}
        }
    }
    // An unterminated quote is part of the name.
    rest.rsplit_once(']').map_or(rest, |(name, _)| name)
}

/// The profile that a section header names, if any. Quotes and escapes work as in a shell, as in AWS's own tools.
fn name(section: &str, kind: Kind) -> Option<String> {
    let section = section.trim();
    if kind == Kind::Credentials || section == "default" {
        return Some(section.to_owned());
    }
    let rest = section.strip_prefix("profile")?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let name = match shell_words::split(rest).as_deref() {
        Ok([name]) => name.clone(),
        _ => rest.trim().to_owned(),
    };
    (!name.is_empty()).then_some(name)
}

/// The region that a line sets, without a trailing comment.
fn region(line: &str) -> Option<String> {
    let (name, value) = line.split_once('=')?;
    let value = value.split_whitespace().next()?;
    let is_comment = value.starts_with(['#', ';']);
    (name.trim().eq_ignore_ascii_case("region") && !is_comment).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file, the name of a profile, and the region expected for it: `Some(None)` for a profile without a region, `None` where
    /// there is no such profile.
    const CONFIG: [(&str, &str, Option<Option<&str>>); 24] = [
        ("[default]\nregion = a", "default", Some(Some("a"))),
        ("[default]\noutput = json", "default", Some(None)),
        ("[profile me]\nregion = a", "me", Some(Some("a"))),
        ("[profile me]\nregion=a", "me", Some(Some("a"))),
        ("[profile me]\r\nregion = a\r\n", "me", Some(Some("a"))),
        ("\u{feff}[profile me]\nregion = a", "me", Some(Some("a"))),
        ("[ profile\t me ]\nregion = a", "me", Some(Some("a"))),
        (
            "[profile \"my name\"]\nregion = a",
            "my name",
            Some(Some("a")),
        ),
        (
            "[profile 'my name']\nregion = a",
            "my name",
            Some(Some("a")),
        ),
        (
            "[profile my\\ name]\nregion = a",
            "my name",
            Some(Some("a")),
        ),
        ("[profile \"me\"]\nregion = a", "me", Some(Some("a"))),
        ("[profile \"a]b\"]\nregion = a", "a]b", Some(Some("a"))),
        ("[profile o'neill]\nregion = a", "o'neill", Some(Some("a"))),
        ("[profile me] # [old]\nregion = a", "me", Some(Some("a"))),
        (
            "[profile me];old\nregion = a ; old\n",
            "me",
            Some(Some("a")),
        ),
        ("[profile me]\nregion = a # old\n", "me", Some(Some("a"))),
        ("[profile me]\nregion = # none\n", "me", Some(None)),
        (
            "[profile me]\n# region = b\n; region = c\nregion = a",
            "me",
            Some(Some("a")),
        ),
        (
            "[profile me]\ns3 =\n  region = b\noutput = json",
            "me",
            Some(None),
        ),
        ("[profile me]\n  region = a\n", "me", Some(Some("a"))),
        (
            "[profile me]\nsso_session = s\nsso_region = b\n[sso-session me]\nregion = c\nsso_region = d",
            "me",
            Some(None),
        ),
        (
            "[profile me]\noutput = json\n[other]\nregion = b",
            "me",
            Some(None),
        ),
        ("[me]\nregion = a", "me", None),
        ("[profile you]\nregion = a", "me", None),
    ];

    #[test]
    fn a_region_is_of_its_own_profile() {
        for (text, name, want) in CONFIG {
            let all = profiles(text, Kind::Config);
            let found = all.iter().find(|profile| profile.name == name);
            let region = found.map(|profile| profile.region.as_deref());
            assert_eq!(region, want, "{name} in {text:?}");
        }
    }

    #[test]
    fn credentials_name_profiles_without_a_word_before() {
        let text = "[default]\naws_access_key_id = x\n[my name]\nregion = a\n[profile b]\n";
        let names: Vec<_> = profiles(text, Kind::Credentials)
            .into_iter()
            .map(|profile| profile.name)
            .collect();
        assert_eq!(names, ["default", "my name", "profile b"]);
    }

    #[test]
    fn what_is_no_file_of_settings_has_no_profiles() {
        for text in [
            "",
            "[",
            "[]",
            "[profile",
            "[profile ]",
            "[profile \"",
            "region = a",
            "]\n=\n",
            "[\u{0}]",
        ] {
            let named = profiles(text, Kind::Config);
            assert!(
                named.iter().all(|profile| profile.region.is_none()),
                "{text:?}: {named:?}"
            );
        }
    }
}
