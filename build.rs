//! The catalogue, the standards and the migrations are embedded: a change to them is a change to
//! the program.

fn main() {
    println!("cargo:rerun-if-changed=config");
    println!("cargo:rerun-if-changed=migrations");
}
