//! Build script: the migrations are compiled into the program, which is rebuilt when one changes, with
//! the list of those that have a file `expand`.

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
