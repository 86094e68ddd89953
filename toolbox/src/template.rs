//! What new functions are made of, as data: the files of each template beside those of all.

/// A file of the new folder: its path and its template.
pub type File = (&'static str, &'static str);

/// A template of new functions.
#[derive(Debug, PartialEq, Eq)]
pub struct Template {
    /// The function's code, the library first.
    pub files: &'static [File],
    /// How to try it, for its README.
    pub trial: &'static str,
    /// What Spin must let it fetch from, as a list in TOML.
    pub hosts: &'static str,
    /// The features of `guru` that it needs, as the rest of a table in TOML.
    pub guru: &'static str,
    /// What its manifest has before the dependencies.
    pub features: &'static str,
    /// Its dependencies beside `guru`.
    pub dependencies: &'static str,
}

/// The vendor-independent files of every template, the manifest first.
pub const FILES: [File; 5] = [
    (
        "Cargo.toml",
        include_str!("template/skeleton/manifest.toml"),
    ),
    ("src/main.rs", include_str!("template/skeleton/main.rs")),
    ("README.md", include_str!("template/skeleton/README.md")),
    (".gitignore", include_str!("template/skeleton/gitignore")),
    ("clippy.toml", include_str!("template/skeleton/clippy.toml")),
];

/// A greeting in JSON.
pub static HELLO: Template = Template {
    files: &[("src/lib.rs", include_str!("template/skeleton/lib.rs"))],
    trial: include_str!("template/skeleton/try.md"),
    hosts: "[]",
    guru: "",
    features: "",
    dependencies: "",
};

/// A reverse proxy.
pub static PROXY: Template = Template {
    files: &[("src/lib.rs", include_str!("template/skeleton/proxy/lib.rs"))],
    trial: include_str!("template/skeleton/proxy/try.md"),
    hosts: "[\"https://example.com\", \"http://127.0.0.1:*\"]",
    ..HELLO
};

/// Server-sent events.
pub static STREAM: Template = Template {
    files: &[
        (
            "src/lib.rs",
            include_str!("template/skeleton/stream/lib.rs"),
        ),
        (
            "src/page.html",
            include_str!("template/skeleton/stream/page.html"),
        ),
    ],
    trial: include_str!("template/skeleton/stream/try.md"),
    ..HELLO
};

/// The link shortener: `functions/links` of Guru's own workspace.
pub static LINKS: Template = Template {
    files: &[
        ("src/lib.rs", include_str!("template/skeleton/links/lib.rs")),
        (
            "src/picture.rs",
            include_str!("template/skeleton/links/picture.rs"),
        ),
        (
            "src/search.rs",
            include_str!("template/skeleton/links/search.rs"),
        ),
        (
            "src/title.rs",
            include_str!("template/skeleton/links/title.rs"),
        ),
        (
            "src/tests.rs",
            include_str!("template/skeleton/links/tests.rs"),
        ),
        (
            "src/page.html",
            include_str!("template/skeleton/links/page.html"),
        ),
        (
            "migrations/search/0001_links.sql",
            include_str!("template/skeleton/links/0001_links.sql"),
        ),
    ],
    trial: include_str!("template/skeleton/links/try.md"),
    hosts: "[\"https://*\"]",
    guru: ", features = [\"key-value\"]",
    features: include_str!("template/skeleton/links/features.toml"),
    dependencies: include_str!("template/skeleton/links/dependencies.toml"),
};
