//! Odd modules: what the check lets pass runs or traps, whatever it is.

use bytes::Bytes;
use wasmi::{Config, Engine, Extern, Instance, Module, Store, Val};

use super::binary::{Binary, START, check};

const SAMPLE: &str = r#"(module
    (type $f (func (param i32) (result i32)))
    (memory 1 2) (memory 0) (table 4 funcref) (global (mut i32) (i32.const 1)) (export "m" (memory 1))
    (elem (i32.const 1) $a $b) (data (i32.const 8) "data") (start $main)
    (func $a (type $f) (i32.add (local.get 0) (i32.load (i32.const 8))))
    (func $b (type $f) (call_indirect (type $f) (local.get 0) (i32.const 1)))
    (func $main (global.set 0 (call $b (i32.const 5))) (drop (memory.grow (i32.const 1))))
    (func (export "run") (param i32) (result i32)
      (block (loop (br_if 1 (i32.eqz (local.get 0))) (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br 0)))
      (i32x4.extract_lane 1 (i32x4.splat (i32.div_u (i32.const 7) (global.get 0))))))"#;

fn sample() -> Vec<u8> {
    wat::parse_str(SAMPLE).expect("the sample is right")
}

#[test]
fn the_start_function_and_the_memories_are_moved() {
    let bytes = sample();
    let binary = Binary::read(Bytes::from(bytes)).expect("the sample is valid");
    assert!(binary.has_start && binary.memories.len() == 2 && binary.imports.is_empty());
    assert_eq!(binary.exports.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["m", "run"]);
    check(&binary.code).expect("what wasmi gets is valid too");
    let module = Module::new(&Engine::default(), &binary.code).expect("wasmi takes it");
    assert_eq!(module.imports().len(), 2);
    assert!(module.exports().any(|export| export.name() == START));
}

/// Runs a module as far as its fuel goes. False if the check refuses it.
fn run(bytes: &[u8]) -> bool {
    if check(bytes).is_err() {
        return false;
    }
    let binary = Binary::read(Bytes::copy_from_slice(bytes)).expect("valid modules can be read");
    check(&binary.code).expect("a valid module stays valid");
    let mut config = Config::default();
    config.consume_fuel(true);
    let engine = Engine::new(&config);
    let Ok(module) = Module::new(&engine, bytes) else { return true };
    let limits = wasmi::StoreLimitsBuilder::new().memory_size(1 << 22).table_elements(10_000).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    store.set_fuel(100_000).expect("fuel is on");
    let Ok(instance) = Instance::new(&mut store, &module, &[]) else { return true };
    let functions: Vec<_> = instance.exports(&store).filter_map(wasmi::Export::into_func).collect();
    for function in functions {
        let kind = function.ty(&store);
        let arguments: Vec<Val> = kind.params().iter().map(|kind| Val::default_for_ty(*kind)).collect();
        let mut results: Vec<Val> = kind.results().iter().map(|kind| Val::default_for_ty(*kind)).collect();
        let _ = function.call(&mut store, &arguments, &mut results);
    }
    let _ = instance.get_export(&store, "m").and_then(Extern::into_memory).map(|memory| memory.size(&store));
    true
}

#[test]
fn no_change_of_a_modules_bytes_does_harm() {
    let sample = sample();
    let mut state = 0x9e37_79b9_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits fit") % below
    };
    let mut valid = 0;
    for _ in 0..4_000 {
        let mut bytes = sample.clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, u8::try_from(random(256)).expect("a byte")),
                2 => bytes[at] ^= 1 << random(8),
                _ => bytes[at] = u8::try_from(random(256)).expect("a byte"),
            }
        }
        valid += usize::from(run(&bytes));
    }
    assert!(valid > 100, "only {valid} changed modules were valid");
}
