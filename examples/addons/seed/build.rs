//! There is nothing to build beforehand. The script exists because Cargo looks at build dependencies only where there is one,
//! and the one named in `Cargo.toml` lets this crate share the compiled SQLite with the `stead` command.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
