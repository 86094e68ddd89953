//! Workspaces of every kind, and what happens to a function created in each.

/// A workspace: its files, the function's folder, and what cargo reports afterwards; or, where joining fails, a word of the
/// error.
pub(super) struct Case {
    pub(super) why: &'static str,
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) at: &'static str,
    pub(super) want: Result<Want, &'static str>,
}

pub(super) enum Want {
    /// A workspace of its own.
    Alone,
    /// A member, with the resulting list of members.
    Member(&'static str),
}

use Want::{Alone, Member};

pub(super) const A: &str =
    "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[lib]\npath = \"lib.rs\"\n";

const Z: &str = "[package]\nname = \"z\"\nversion = \"1.0.0\"\n[lib]\npath = \"lib.rs\"\n";

pub(super) const CASES: [Case; 22] = [
    Case {
        why: "nothing around it",
        files: &[],
        at: "hello",
        want: Ok(Alone),
    },
    Case {
        why: "a list of members",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            ("a/Cargo.toml", A),
            ("a/lib.rs", ""),
        ],
        at: "functions/hello",
        want: Ok(Member("members = [\"a\", \"functions/hello\"]")),
    },
    Case {
        why: "members each on a line, sorted",
        files: &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\n    \"a\",\n    \"z\",\n]\n",
            ),
            ("a/Cargo.toml", A),
            ("a/lib.rs", ""),
            ("z/Cargo.toml", Z),
            ("z/lib.rs", ""),
        ],
        at: "hello",
        want: Ok(Member(
            "members = [\n    \"a\",\n    \"hello\",\n    \"z\",\n]",
        )),
    },
    Case {
        why: "no members yet",
        files: &[("Cargo.toml", "[workspace]\n")],
        at: "hello",
        want: Ok(Member("members = [\"hello\"]")),
    },
    Case {
        why: "a glob has it already",
        files: &[(
            "Cargo.toml",
            "[workspace]\nmembers = [\"functions/*\"] # all\n",
        )],
        at: "functions/hello",
        want: Ok(Member("members = [\"functions/*\"] # all")),
    },
    Case {
        why: "a glob spelt with a dot and a slash",
        files: &[(
            "Cargo.toml",
            "[workspace]\nmembers = [\"./functions/*/\"]\n",
        )],
        at: "functions/hello",
        want: Ok(Member("members = [\"./functions/*/\"]")),
    },
    Case {
        why: "a star takes no slash, and every folder that it takes must be a package",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"functions/*\"]\n"),
            ("functions/a/Cargo.toml", A),
            ("functions/a/lib.rs", ""),
        ],
        at: "functions/deep/hello",
        want: Err("cannot be a member"),
    },
    Case {
        why: "two stars take slashes",
        files: &[("Cargo.toml", "[workspace]\nmembers = [\"functions/*/*\"]\n")],
        at: "functions/deep/hello",
        want: Ok(Member("members = [\"functions/*/*\"]")),
    },
    Case {
        why: "a package that is the root of a workspace",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"a\"\nversion = \"1.0.0\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n",
            ),
            ("lib.rs", ""),
        ],
        at: "hello",
        want: Ok(Member("members = [\"hello\"]")),
    },
    Case {
        why: "inside of a member",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            ("a/Cargo.toml", A),
            ("a/lib.rs", ""),
        ],
        at: "a/hello",
        want: Ok(Member("members = [\"a\", \"a/hello\"]")),
    },
    Case {
        why: "inside of a package that is in no workspace",
        files: &[("Cargo.toml", A), ("lib.rs", "")],
        at: "hello",
        want: Ok(Alone),
    },
    Case {
        why: "left out by name",
        files: &[(
            "Cargo.toml",
            "[workspace]\nmembers = []\nexclude = [\"hello\"]\n",
        )],
        at: "hello",
        want: Ok(Alone),
    },
    Case {
        why: "in a folder that is left out",
        files: &[("Cargo.toml", "[workspace]\nexclude = [\"other/\"]\n")],
        at: "other/hello",
        want: Ok(Alone),
    },
    Case {
        why: "in a workspace inside of another",
        files: &[
            ("Cargo.toml", "[workspace]\nexclude = [\"in\"]\n"),
            ("in/Cargo.toml", "[workspace]\n"),
        ],
        at: "in/hello",
        want: Ok(Member("members = [\"hello\"]")),
    },
    Case {
        why: "in the folder of what is built",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            ("a/Cargo.toml", A),
            ("a/lib.rs", ""),
        ],
        at: "target/hello",
        want: Ok(Alone),
    },
    Case {
        why: "a package of that name is there",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"),
            (
                "a/Cargo.toml",
                "[package]\nname = \"hello\"\nversion = \"1.0.0\"\n[lib]\npath = \"lib.rs\"\n",
            ),
            ("a/lib.rs", ""),
        ],
        at: "functions/hello",
        want: Err("has a package `hello` already"),
    },
    Case {
        why: "a workspace that is not TOML",
        files: &[("Cargo.toml", "[workspace\n")],
        at: "functions/hello",
        want: Err("cargo cannot read"),
    },
    Case {
        why: "a pattern that matches nothing yet",
        files: &[("Cargo.toml", "[workspace]\nmembers = [\"functions/*\"]\n")],
        at: "functions/hello",
        want: Ok(Member("members = [\"functions/*\"]")),
    },
    Case {
        why: "a pattern that matches it, beside a member that is not there",
        files: &[(
            "Cargo.toml",
            "[workspace]\nmembers = [\"functions/*\", \"gone\"]\n",
        )],
        at: "functions/hello",
        want: Err("cargo cannot read"),
    },
    Case {
        why: "a workspace with a member that is not there",
        files: &[("Cargo.toml", "[workspace]\nmembers = [\"gone\"]\n")],
        at: "functions/hello",
        want: Ok(Alone),
    },
    Case {
        why: "a package that believes to be in a workspace",
        files: &[
            ("Cargo.toml", "[workspace]\nmembers = []\n"),
            ("a/Cargo.toml", A),
            ("a/lib.rs", ""),
        ],
        at: "a/hello",
        want: Ok(Alone),
    },
    Case {
        why: "members that are not a list",
        files: &[("Cargo.toml", "[workspace]\nmembers = \"a\"\n")],
        at: "hello",
        want: Err("cargo cannot read"),
    },
];
