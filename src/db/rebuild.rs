//! Tells cargo that the migrations are part of the program: without this, a new folder among them
//! would not be compiled in before something else changes.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
