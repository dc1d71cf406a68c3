//! Rules about the tree itself, held by walking it: what a reader could not see from any one file.

#![allow(
    clippy::unwrap_used,
    reason = "a tree that cannot be read fails the test"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold nothing of ours.
const SKIPPED_FOLDERS: &[&str] = &[
    ".git",
    "data",
    "dist",
    "node_modules",
    "playwright-report",
    "target",
    "test-results",
];

/// The only files that may say a colour; the page takes its colours from them by name.
const COLOUR_FILES: &[&str] = &["style/tokens.css", "app/src/charts/theme.rs"];

/// Which package of this workspace may use which, outside of tests.
const ARROWS: &[(&str, &str, &[&str])] = &[
    ("server/wire", "wire", &[]),
    ("app/analysis", "analysis", &["wire"]),
    ("app/chunks", "chunks", &["wire"]),
    (
        "app/import",
        "import",
        &["analysis", "archive", "chunks", "recording", "wire"],
    ),
    (
        "app/recording",
        "recording",
        &["analysis", "archive", "chunks", "wire"],
    ),
    (
        "app/worker",
        "worker",
        &["analysis", "chunks", "import", "recording", "wire"],
    ),
    ("app", "app", &["analysis", "import", "wire"]),
    ("server", "server", &["wire"]),
    ("server/archive", "archive", &["wire"]),
    ("server/fakes", "fakes", &[]),
];

/// What a package must never see, outside of tests: it would bring a clock, I/O, a browser, or a second owner.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("server/wire", PURE),
    ("app/analysis", PURE),
    ("app/chunks", PURE),
    ("app/import", PURE),
    ("app/recording", PURE),
    (
        "app/worker",
        &["leptos", "plotters", "plotters-canvas", "tokio"],
    ),
    ("app", &["gloo-net", "idb", "tokio"]),
    ("server", &["js-sys", "leptos", "wasm-bindgen", "web-sys"]),
];
const PURE: &[&str] = &[
    "gloo-net",
    "gloo-timers",
    "idb",
    "js-sys",
    "leptos",
    "log",
    "rand",
    "tokio",
    "tracing",
    "wasm-bindgen",
    "web-sys",
];

#[test]
fn every_rust_file_begins_by_saying_what_it_is_for() {
    let broken = files_that(|path, text| path.ends_with(".rs") && !begins_with_a_sentence(text));

    assert_none(&broken, "begin the file with `//!` and a sentence");
}

#[test]
fn modules_are_files_beside_their_folder() {
    let broken = files_that(|path, _| path.ends_with("/mod.rs"));

    assert_none(&broken, "use foo.rs with foo/, not foo/mod.rs");
}

#[test]
fn every_path_named_in_architecture_md_exists() {
    let text =
        fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is in the tree");
    let known = known_paths();

    let missing: Vec<_> = paths_in_back_ticks(&text)
        .filter(|path| !is_known(&known, path))
        .collect();

    assert_none(&missing, "ARCHITECTURE.md names what does not exist");
}

#[test]
fn colours_are_said_in_one_place_only() {
    let broken: Vec<_> = our_files()
        .into_iter()
        .filter(|path| {
            path.starts_with("style/") || path.starts_with("app/src/") || path == "index.html"
        })
        .filter(|path| !COLOUR_FILES.contains(&path.as_str()))
        .filter_map(|path| first_colour(&read(&path)).map(|found| format!("{path}: {found}")))
        .collect();

    assert_none(
        &broken,
        "take the colour from style/tokens.css or app/src/charts/theme.rs",
    );
}

#[test]
fn packages_use_each_other_only_along_the_agreed_arrows() {
    let names: BTreeSet<&str> = ARROWS.iter().map(|(_, name, _)| *name).collect();

    for (folder, name, expected) in ARROWS {
        let used: BTreeSet<String> = dependencies(folder)
            .into_iter()
            .filter(|d| names.contains(d.as_str()))
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|d| (*d).to_owned()).collect();

        assert_eq!(
            used, expected,
            "{name} uses other packages than ARCHITECTURE.md says"
        );
    }
}

#[test]
fn every_package_of_the_workspace_has_its_arrows_stated() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let members: BTreeSet<&str> = manifest["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|m| m.as_str())
        .collect();
    let stated: BTreeSet<&str> = ARROWS.iter().map(|(folder, ..)| *folder).collect();

    assert_eq!(members, stated);
}

#[test]
fn no_package_sees_what_it_must_not() {
    for (folder, forbidden) in FORBIDDEN {
        let seen: Vec<_> = dependencies(folder)
            .into_iter()
            .filter(|d| forbidden.contains(&d.as_str()))
            .collect();

        assert_none(&seen, &format!("{folder} must not depend on this"));
    }
}

#[test]
fn the_text_speaks_of_the_product_and_not_of_how_it_came_about() {
    // Put together here, so that this file does not find itself.
    let phrases = [
        ["issue", " #"],
        ["this", " session"],
        ["previous", " session"],
        ["/work", "/main"],
        ["/work", "/shared"],
    ]
    .map(|parts| parts.concat());

    let broken = files_that(|_, text| {
        let text = text.to_lowercase();
        phrases.iter().any(|phrase| text.contains(phrase))
    });

    assert_none(&broken, "say it without the history of the work");
}

#[test]
fn the_interface_claims_no_cause() {
    let claims = |word: &str| {
        [
            "cause", "causes", "caused", "causal", "signal", "signals", "alpha", "α",
        ]
        .contains(&word)
            || word.starts_with("predict")
    };
    let is_claim = |line: &&str| {
        let mut words = line.split(|c: char| !c.is_alphabetic());
        !line.trim_start().starts_with("//") && words.any(|word| claims(&word.to_lowercase()))
    };
    let broken = files_that(|path, text| {
        path.starts_with("app/src/strings") && text.lines().any(|line| is_claim(&line))
    });

    assert_none(
        &broken,
        "say what was measured: what goes together, what came first",
    );
}

#[test]
fn the_lock_file_of_the_browser_tests_names_no_download_address() {
    assert!(!read("e2e/package-lock.json").contains("\"resolved\""));
}

// ---- The tree

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("server/ lies in the root")
        .to_path_buf()
}

/// All our files, as sorted paths from the root with `/`.
fn our_files() -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_str()) {
            walk(&entry.path(), found);
        } else if kind.is_file() {
            let path = entry.path().strip_prefix(root()).unwrap().to_path_buf();
            found.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
}

fn read(path: &str) -> String {
    String::from_utf8_lossy(&fs::read(root().join(path)).unwrap()).into_owned()
}

fn files_that(is_broken: impl Fn(&str, &str) -> bool) -> Vec<String> {
    our_files()
        .into_iter()
        .filter(|path| is_broken(path, &read(path)))
        .collect()
}

#[track_caller]
fn assert_none(broken: &[String], advice: &str) {
    assert!(broken.is_empty(), "{advice}:\n  {}", broken.join("\n  "));
}

fn begins_with_a_sentence(text: &str) -> bool {
    text.strip_prefix("//! ").is_some_and(|rest| {
        rest.lines()
            .next()
            .is_some_and(|line| line.trim().len() >= 10)
    })
}

// ---- Paths in ARCHITECTURE.md

/// Files and all their folders.
fn known_paths() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for file in our_files() {
        let folders = Path::new(&file)
            .ancestors()
            .skip(1)
            .filter_map(Path::to_str)
            .map(str::to_owned);
        known.extend(folders.filter(|folder| !folder.is_empty()));
        known.insert(file);
    }
    known
}

/// A path counts as known in full or by its end, `charts/scale.rs` for `app/src/charts/scale.rs`.
fn is_known(known: &BTreeSet<String>, path: &str) -> bool {
    let path = path.trim_end_matches('/');
    let end = format!("/{path}");
    known.contains(path) || known.iter().any(|k| k.ends_with(&end))
}

/// Whatever in back-ticks looks like a path of ours: a known kind of file, or something below a folder of ours.
fn paths_in_back_ticks(text: &str) -> impl Iterator<Item = String> + '_ {
    let is_path_char = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let is_file = |path: &str| {
        [
            ".rs", ".toml", ".md", ".css", ".html", ".js", ".ts", ".ndjson", ".lock",
        ]
        .iter()
        .any(|end| path.ends_with(end))
    };
    let is_below_ours = |path: &str| {
        let first = path.split('/').next().unwrap_or_default();
        path.contains('/')
            && ["app", "server", "style", "e2e", "examples", ".ci", ".cargo"].contains(&first)
    };
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(move |path| {
            path.chars().all(is_path_char) && !path.starts_with('/') && !path.starts_with('.')
        })
        .filter(move |path| is_file(path) || is_below_ours(path))
        .map(str::to_owned)
}

#[test]
fn paths_are_told_from_other_things_in_back_ticks() {
    let text = "`app/src/` and `charts/scale.rs`, but `/api/v1/stream`, `text/event-stream`, `a <b> c.rs` and `Engine`";

    assert_eq!(
        paths_in_back_ticks(text).collect::<Vec<_>>(),
        ["app/src/", "charts/scale.rs"]
    );
}

// ---- Colours

/// The first colour that is said literally, if any.
fn first_colour(text: &str) -> Option<String> {
    let functions = [
        "rgb(",
        "rgba(",
        "hsl(",
        "hsla(",
        "hwb(",
        "lab(",
        "lch(",
        "oklab(",
        "oklch(",
        "RGBColor(",
        "RGBAColor(",
        "HSLColor(",
    ];
    text.lines().find_map(|line| {
        let line = line.split("//").next().unwrap_or_default();
        hex_colour(line).or_else(|| {
            functions
                .iter()
                .find(|name| has_word(line, name))
                .map(|name| (*name).to_owned())
        })
    })
}

/// `name` not as the end of a longer word.
fn has_word(line: &str, name: &str) -> bool {
    line.match_indices(name)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// `#rgb`, `#rgba`, `#rrggbb` or `#rrggbbaa` standing by itself.
fn hex_colour(line: &str) -> Option<String> {
    line.match_indices('#').find_map(|(at, _)| {
        let rest = &line[at + 1..];
        let digits = rest
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len());
        let ends =
            !rest[digits..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        (ends && [3, 4, 6, 8].contains(&digits)).then(|| line[at..=at + digits].to_owned())
    })
}

#[test]
fn colours_are_told_from_other_things() {
    for line in [
        "color: #fff;",
        "\"#12ab9F\"",
        "rgb(1 2 3)",
        "a{color:oklch(50% 0 0)}",
        "RGBColor(0, 0, 0)",
    ] {
        assert!(first_colour(line).is_some(), "{line}");
    }
    for line in [
        "#[derive(Debug)]",
        "\"#bitcoin\"",
        "href=\"#main\"",
        "var(--accent)",
        "// was #fff",
        "translab(1)",
        "#fade-in",
    ] {
        assert!(first_colour(line).is_none(), "{line}");
    }
}

// ---- Dependencies

/// Names of all dependencies of a package, for whatever machine, without those of its tests.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
    let mut names: BTreeSet<String> = names_in(&manifest).collect();
    let by_target: BTreeMap<_, _> = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
        .collect();
    for table in by_target.into_values().filter_map(toml::Value::as_table) {
        names.extend(names_in(table));
    }
    names
}

fn names_in(table: &toml::Table) -> impl Iterator<Item = String> + '_ {
    ["dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|key| table.get(key).and_then(toml::Value::as_table))
        .flat_map(|dependencies| dependencies.keys().cloned())
}
