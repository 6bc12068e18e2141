fn main() {
    // `links` needs a build script; there is nothing to build.
    println!("cargo::rerun-if-changed=build.rs");
}
