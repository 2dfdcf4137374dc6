//! Compiles the JavaScript half of the web platform to bytecode, with the very engine that will load it.
fn main() {
    let _runtime = rquickjs::Runtime::new().expect("a QuickJS runtime");
}
