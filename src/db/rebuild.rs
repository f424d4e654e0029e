//! Build script: the migrations are part of the program. A change among them is compiled in, and the
//! program knows which of them have a file `expand`.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    let mut expanding = Vec::new();
    for folder in std::fs::read_dir("migrations")
        .into_iter()
        .flatten()
        .flatten()
    {
        if Path::new(&folder.path()).join("expand").exists() {
            expanding.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    expanding.sort();
    println!(
        "cargo::rustc-env=CRM_EXPANDING_MIGRATIONS={}",
        expanding.join(",")
    );
}
