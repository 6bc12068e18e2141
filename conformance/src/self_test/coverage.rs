//! `docs/coverage.md`: which case checks which requirement, for people to read. The page is made here and compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use super::gate::builtin;
use crate::{Register, Requirement, case::Case, cases};

/// Set it, and the test writes the page instead.
const REGENERATE: &str = "SPKIT_WRITE_COVERAGE";

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/coverage.md");
    let page = page();
    if env::var_os(REGENERATE).is_some() {
        fs::write(&path, page).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed
        .lines()
        .zip(page.lines())
        .find(|(old, new)| old != new);
    assert!(
        committed == page,
        "docs/coverage.md is not what the cases say ({differs:?}): run this test with {REGENERATE}=1"
    );
}

fn page() -> String {
    let cases = cases(&builtin());
    let register = Register::get();
    let mut page = head(register);
    let mut group = "";
    for requirement in sorted(register) {
        let own = group_of(&requirement.id);
        if own != group {
            group = own;
            page.push_str(&format!(
                "\n## {group}\n\n| id | level | requirement | checked by |\n|---|---|---|---|\n"
            ));
        }
        page.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            requirement.id,
            requirement.level,
            requirement.text.replace('|', "\\|"),
            checked_by(requirement, &cases)
        ));
    }
    page
}

fn head(register: &Register) -> String {
    let checked = |requirement: &&Requirement| requirement.untested.is_empty();
    let all = register.iter().count();
    let tested = register.iter().filter(checked).count();
    format!(
        "# What the conformance kit checks\n\n\
         Made from the register of requirements (`conformance/requirements`) and the catalogue of cases; do not edit: \
         `{REGENERATE}=1 cargo test -p spkit-conformance --lib coverage` writes it.\n\n\
         {all} requirements, {tested} of them checked by the cases for what `spkit` links; the others say why not.\n\n\
         A case is named without its transport, which stands in front; `*` stands for protocols. **wire** cases speak \
         to an endpoint from outside, over a socket, with a codec of the kit's own: `spkit certify` runs them against \
         sockets of this process, the kit's tests against its reference endpoint as well. **sockets** cases are \
         between sockets of this process.\n"
    )
}

/// By group, and by number within one.
fn sorted(register: &Register) -> Vec<&Requirement> {
    let mut all: Vec<_> = register.iter().collect();
    all.sort_by_key(|requirement| {
        let id = requirement.id.as_str();
        let number = id.rsplit('-').next().and_then(|n| n.parse::<u32>().ok());
        (group_of(id), number)
    });
    all
}

fn group_of(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(group, _)| group)
}

fn checked_by(requirement: &Requirement, cases: &[Case]) -> String {
    if !requirement.untested.is_empty() {
        return format!("not checked: {}", requirement.untested);
    }
    let mut found: BTreeMap<(bool, String), BTreeSet<&str>> = BTreeMap::new();
    let checking = cases
        .iter()
        .filter(|case| case.requirements().contains(&requirement.id.as_str()));
    for case in checking {
        let (area, slug) = case.id().split_once('.').unwrap_or_else(|| ("", case.id()));
        let names = without_names(slug, case.protocols());
        found
            .entry((!case.is_on_the_wire(), names))
            .or_default()
            .insert(area);
    }
    let mut entries: Vec<String> = Vec::new();
    for ((inside, slug), areas) in found {
        let areas = areas.into_iter().collect::<Vec<_>>().join(" ");
        let how = if inside { "sockets" } else { "wire" };
        entries.push(format!("{how}: {areas} `{slug}`"));
    }
    entries.join("; ")
}

/// A slug with `*` for a segment that is made of the case's protocols.
fn without_names(slug: &str, protocols: &[&str]) -> String {
    let joined = protocols[..protocols.len().min(2)].join("-");
    let segments = slug.split('.').map(|segment| {
        let is_name = protocols.contains(&segment) || segment == joined;
        if is_name { "*" } else { segment }
    });
    segments.collect::<Vec<_>>().join(".")
}
