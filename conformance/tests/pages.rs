//! Every page's examples are compiled and run.

use std::{ffi::OsStr, fs, path::Path};

#[test]
fn every_page_is_among_those_whose_examples_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let listed = fs::read_to_string(root.join("conformance/src/pages.rs")).unwrap();
    let docs = fs::read_dir(root.join("docs")).unwrap();
    let docs = docs.map(|file| file.unwrap().path());
    let pages = docs.chain([root.join("README.md")]);
    for page in pages.filter(|path| path.extension() == Some(OsStr::new("md"))) {
        let path = page.strip_prefix(&root).unwrap().display();
        let line = format!("#[doc = include_str!(\"../../{path}\")]");
        assert!(
            listed.contains(&line),
            "conformance/src/pages.rs lacks {line}"
        );
    }
}
