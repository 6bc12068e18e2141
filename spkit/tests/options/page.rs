//! docs/options.md is made of the tables.

use std::{env, fmt::Write as _, fs, path::Path};

use spkit::{
    Registry,
    api::{OptSpec, Value, option::Kind},
    options::COMMON,
};

/// Set it to have the page written instead of compared.
const WRITE: &str = "SPKIT_WRITE_DOCS";

const HEAD: &str = "# Options

Made from the tables in the code; `SPKIT_WRITE_DOCS=1 cargo test -p spkit --test options page` writes it anew.

Options are set by typed keys (`socket.set(RECV_MAX, 4096)?`) or by name and text (`socket.set_str(\"recv-max\", \"4KiB\")?`):
times as `250ms`, `1.5s`, `2m` or `never`, sizes as `4096`, `64KiB` or `1MiB`, yes or no as `true` or `false`. A wrong name, kind,
value or place is an error that says what is allowed.

**Whose** an option is:

* *socket*: the socket alone;
* *context*: the socket, and each of its contexts on its own;
* *dialer*, *listener*, *endpoint* (both): `dial_with` and `listen_with` set them. On the socket they can be set as well, for
  the dialers and listeners made from then on: values are copied when an endpoint is made, and from there when it connects.

**When** a change takes effect: *at once*; with the *next connection*; or only *before start*: of the socket, before its first
dialer or listener is made; of a dialer or listener, when it is made. The others can be set on a live one (`listener.set`).
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn default(row: &OptSpec) -> String {
    match row.default() {
        _ if row.is_act() => String::new(),
        Value::Text(text) if text.is_empty() => "(empty)".to_owned(),
        Value::Size(size) if size >= 1 << 20 && size % (1 << 20) == 0 => {
            format!("{}MiB", size >> 20)
        }
        Value::Size(size) if size >= 1 << 10 && size % (1 << 10) == 0 => {
            format!("{}KiB", size >> 10)
        }
        value => value.to_string(),
    }
}

fn allowed(row: &OptSpec) -> String {
    match (row.kind(), row.bounds()) {
        // The kind says it all.
        (Kind::Bool | Kind::Bytes, _) => String::new(),
        (Kind::Size, Some((least, i64::MAX))) => format!("at least {least}"),
        _ => row.allowed(),
    }
}

fn table(page: &mut String, title: &str, doc: &str, rows: &[OptSpec]) {
    write!(page, "\n## {title}\n\n{doc}\n\n").unwrap();
    page.push_str("| name | kind | default | allowed | whose | when | what it does |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for row in rows {
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            row.name(),
            row.kind(),
            cell(&default(row)),
            cell(&allowed(row)),
            row.scope_of(),
            row.changes(),
            cell(row.doc()),
        )
        .unwrap();
    }
}

fn page() -> String {
    let registry = Registry::linked().unwrap();
    let mut page = HEAD.to_owned();
    let every = "Whatever its protocol and transports; keys in `spkit::options`.";
    table(&mut page, "Every socket", every, COMMON);
    let mut protocols: Vec<_> = registry
        .protocols()
        .filter(|plugin| plugin.origin().to_string().starts_with("spkit-protocols"))
        .filter(|plugin| !plugin.info().options().is_empty())
        .map(|plugin| plugin.info())
        .collect();
    protocols.sort_by_key(|info| info.name());
    for info in protocols {
        let doc = format!(
            "{} Keys in `spkit::protocols::options` and `spkit::options`.",
            info.summary()
        );
        table(
            &mut page,
            &format!("Protocol `{}`", info.name()),
            &doc,
            info.options(),
        );
    }
    let mut transports: Vec<_> = registry
        .transports()
        .filter(|plugin| plugin.origin().to_string().starts_with("spkit-transports"))
        .map(|plugin| plugin.transport().info())
        .filter(|info| !info.options().is_empty())
        .collect();
    transports.sort_by_key(|info| info.schemes()[0]);
    for info in transports {
        let title = format!("Transport `{}`", info.schemes()[0]);
        let doc = format!("{} Keys in `spkit::transports::options`.", info.summary());
        table(&mut page, &title, &doc, info.options());
    }
    page
}

#[cfg(target_os = "linux")]
#[test]
fn the_page_is_what_the_tables_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/options.md");
    let page = page();
    if env::var_os(WRITE).is_some() {
        fs::write(&file, page).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    let differs = committed
        .lines()
        .zip(page.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == page,
        "docs/options.md is out of date ({differs:?}): {WRITE}=1 writes it anew"
    );
}
