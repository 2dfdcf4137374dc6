//! WebAssembly in Workers: modules from files, calls both ways, memories that grow, traps, and what it may not do.

use crate::support::{Dev, Server};

/// A Worker whose module `m` is this WebAssembly, and which answers what `code` returns.
#[track_caller]
fn worker(wat: &str, code: &str) -> Server {
    modules(&[("m", wat)], code).start()
}

fn modules(sources: &[(&str, &str)], code: &str) -> Dev {
    let imports: Vec<_> = sources.iter().map(|(name, _)| format!("import {name} from './{name}.wasm';")).collect();
    let imports = imports.join("\n");
    let code = format!(
        "{imports}
         const told = (f) => {{ try {{ return f(); }} catch (e) {{ return `${{e.name}}: ${{e.message}}`; }} }};
         export default {{ async fetch(request) {{ {code} }} }}"
    );
    let dev = Dev::new().worker("app", &code);
    sources.iter().fold(dev, |dev, (name, wat)| {
        dev.file(&format!("app/src/{name}.wasm"), wat::parse_str(wat).expect("the test's own WebAssembly"))
    })
}

#[test]
fn a_file_is_a_module_that_a_worker_instantiates() {
    let wat = r#"(module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#;
    let dev = worker(
        wat,
        "const { exports } = await WebAssembly.instantiate(m);
         return Response.json([m instanceof WebAssembly.Module, exports.add(2, 3), exports.add.name, exports.add.length,
           WebAssembly.Module.exports(m)]);",
    );
    dev.get("/").body(r#"[true,5,"0",2,[{"name":"add","kind":"function"}]]"#);
}

#[test]
fn an_edited_module_is_live_at_once() {
    let answer = |number: i32| format!(r#"(module (func (export "f") (result i32) i32.const {number}))"#);
    let dev = worker(&answer(1), "return new Response(new WebAssembly.Instance(m).exports.f());");
    dev.get("/").body("1");
    dev.edit("app", "src/m.wasm", wat::parse_str(answer(2)).expect("the test's own WebAssembly"));
    dev.get("/").body("2");
}

#[test]
fn javascript_calls_webassembly_that_calls_javascript_that_calls_webassembly() {
    let wat = r#"(module
        (import "js" "next" (func $next (param i32) (result i32)))
        (func (export "sum") (param i32) (result i32)
          (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 0))
            (else (i32.add (local.get 0) (call $next (i32.sub (local.get 0) (i32.const 1))))))))"#;
    let dev = worker(
        wat,
        "const { exports } = new WebAssembly.Instance(m, { js: { next: (n) => exports.sum(n) } });
         return Response.json([exports.sum(10), exports.sum(100), told(() => exports.sum(1e6)), exports.sum(5)]);",
    );
    dev.get("/").body(r#"[55,5050,"RangeError: Maximum call stack size exceeded",15]"#);
}

#[test]
fn values_pass_as_the_standard_says() {
    let wat = r#"(module
        (import "js" "f" (func $f (param i64 f32 f64 externref) (result i64 externref)))
        (func (export "pass") (param i64 f32 f64 externref) (result i64 externref)
          local.get 0 local.get 1 local.get 2 local.get 3 call $f)
        (table (export "table") 2 funcref)
        (elem (i32.const 0) $f)
        (func (export "v") (param v128)))"#;
    let dev = worker(
        wat,
        "const seen = [];
         const f = (...values) => { seen.push(...values); return [values[0] + 1n, values[3]]; };
         const { exports } = new WebAssembly.Instance(m, { js: { f } });
         const object = {};
         const [number, same] = exports.pass(2n ** 64n + 7n, 0.1, '2', object);
         return new Response([number, same === object, seen.slice(0, 3), told(() => exports.pass(1, 1, 1)),
           told(() => exports.v()), exports.table.get(1), typeof exports.table.get(0),
           told(() => exports.table.set(0, () => 1))].join(' | '));",
    );
    dev.get("/").body(concat!(
        "8 | true | 7,0.10000000149011612,2 | TypeError: cannot convert to bigint",
        " | TypeError: type incompatibility when transforming from/to JS |  | function",
        " | TypeError: function-typed object must be null or a Wasm function object",
    ));
}

#[test]
fn traps_are_errors_and_exceptions_pass_through() {
    let wat = r#"(module
        (import "js" "boom" (func $boom))
        (memory (export "memory") 1)
        (func (export "unreachable") unreachable)
        (func (export "divide") (result i32) (i32.div_s (i32.const 1) (i32.const 0)))
        (func (export "load") (result i32) (i32.load (i32.const 65536)))
        (func $deep (export "deep") (call $deep))
        (func (export "boom") (call $boom)))"#;
    let dev = worker(
        wat,
        "const thrown = { name: 'mine', message: 'own' };
         const { exports } = new WebAssembly.Instance(m, { js: { boom() { throw thrown; } } });
         let same;
         try { exports.boom(); } catch (error) { same = error === thrown; }
         const names = ['unreachable', 'divide', 'load', 'deep', 'boom'];
         return new Response([same, ...names.map((name) => told(exports[name]))].join('\\n'));",
    );
    dev.get("/").body(concat!(
        "true\nRuntimeError: unreachable\nRuntimeError: divide by zero\nRuntimeError: memory access out of bounds\n",
        "RangeError: Maximum call stack size exceeded\nmine: own"
    ));
}

const GROWING: &str = r#"(module
    (import "js" "look" (func $look))
    (memory (export "memory") 1)
    (func (export "grow") (result i32)
      (i32.store8 (i32.const 9) (i32.const 42))
      (drop (memory.grow (i32.const 1)))
      (call $look)
      (i32.load8_u (i32.const 70000))))"#;

#[test]
fn a_memory_that_grows_detaches_its_buffer_before_javascript_runs() {
    let dev = worker(
        GROWING,
        "const seen = [];
         let old;
         const look = () => {
           seen.push(old.byteLength, exports.memory.buffer.byteLength);
           new Uint8Array(exports.memory.buffer)[70000] = 7;
         };
         const { exports } = new WebAssembly.Instance(m, { js: { look } });
         old = exports.memory.buffer;
         const view = new Uint8Array(old);
         const answer = exports.grow();
         return Response.json([seen, answer, view.length, new Uint8Array(exports.memory.buffer)[9],
           exports.memory.buffer === exports.memory.buffer]);",
    );
    dev.get("/").body("[[0,131072],7,0,42,true]");
}

#[test]
fn a_memorys_buffer_stays_with_its_memory() {
    let dev = modules(
        &[("m", GROWING)],
        "const { exports } = new WebAssembly.Instance(m, { js: { look() {} } });
         const { buffer } = exports.memory;
         const refused = [told(() => buffer.transfer()), told(() => structuredClone(buffer, { transfer: [buffer] }))];
         // The native method, as a Worker may have kept it: nothing may break.
         const stolen = early.call(buffer);
         exports.grow();
         const view = new Uint8Array(stolen).fill(1);
         return Response.json([...refused.map((text) => text.split(':')[0]), view.length, exports.memory.buffer.byteLength]);",
    );
    let code = "export const early = ArrayBuffer.prototype.transfer;";
    let dev = dev.file("app/src/early.js", code).start();
    let index = std::fs::read_to_string(dev.path().join("app/src/index.js")).expect("it is there");
    dev.edit("app", "src/index.js", format!("import {{ early }} from './early.js';\n{index}"));
    dev.get("/").body(r#"["TypeError","TypeError",65536,131072]"#);
}

#[test]
fn instances_share_memories_tables_and_functions() {
    let maker = r#"(module
        (memory (export "memory") 1) (table (export "table") 4 funcref) (global (export "count") (mut i32) (i32.const 5))
        (func (export "one") (result i32) (i32.const 1)))"#;
    let user = r#"(module
        (import "a" "memory" (memory 1)) (import "a" "table" (table 4 funcref)) (import "a" "count" (global (mut i32)))
        (import "a" "one" (func $one (result i32)))
        (type $f (func (result i32)))
        (elem (i32.const 2) $one)
        (func (export "use") (result i32)
          (global.set 0 (i32.add (global.get 0) (call_indirect (type $f) (i32.const 2))))
          (i32.store (i32.const 16) (global.get 0))
          (call_indirect (type $f) (i32.const 3))))"#;
    let dev = modules(
        &[("maker", maker), ("user", user)],
        "const a = new WebAssembly.Instance(maker).exports;
         const own = {
           memory: new WebAssembly.Memory({ initial: 1 }), one: a.one,
           table: new WebAssembly.Table({ element: 'anyfunc', initial: 4 }),
           count: new WebAssembly.Global({ value: 'i32', mutable: true }, 40),
         };
         const view = new Uint32Array(own.memory.buffer);
         view[1] = 77;
         const answers = [a, own].map((from) => {
           from.table.set(3, a.one);
           const { exports } = new WebAssembly.Instance(user, { a: from });
           return [exports.use(), from.count.value, new Uint32Array(from.memory.buffer)[4], from.table.get(2) === a.one];
         });
         return Response.json([answers, view[1], view[4]]);",
    );
    dev.start().get("/").body("[[[1,6,6,true],[1,41,41,true]],77,41]");
}

const SPINNING: &str = r#"(module
    (func (export "spin") (loop $again (br $again)))
    (func (export "fill") (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $again)))
    (memory 1))"#;

#[test]
fn the_cpu_limit_holds_inside_webassembly() {
    for name in ["spin", "fill"] {
        let customer = format!(
            "import m from './m.wasm';
             export default {{ fetch(request) {{
               const {{ exports }} = new WebAssembly.Instance(m);
               if (new URL(request.url).pathname === '/spin') {{ try {{ exports.{name}(); }} finally {{ return new Response('no'); }} }}
               return new Response('well');
             }} }}"
        );
        let front = "export default { async fetch(request, env) {
            try { return await env.dispatcher.get('bad', {}, { limits: { cpuMs: 50 } }).fetch(request); }
            catch (error) { return new Response(error.message); }
          } }";
        let dev = Dev::new().dispatcher("front", front).user("staging", "bad", &customer);
        let dev = dev.file("staging/bad/src/m.wasm", wat::parse_str(SPINNING).expect("the test's own WebAssembly"));
        let dev = dev.start();
        dev.get("/spin").body("Worker exceeded CPU time limit.");
        dev.says("✖ staging/bad Worker exceeded CPU time limit.");
        dev.get("/well").body("well");
    }
}

#[test]
fn the_memory_limit_counts_what_webassembly_holds() {
    let wat = r#"(module (memory (export "memory") 160) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#;
    let dev = worker(
        wat,
        "const { exports } = new WebAssembly.Instance(m);
         if (request.url.endsWith('/grow')) {
           const more = () => told(() => new WebAssembly.Memory({ initial: 1000 }).buffer.byteLength);
           return Response.json([exports.grow(1500), exports.grow(1500), more(), exports.memory.grow(1).toString()]);
         }
         return new Response(exports.memory.buffer.byteLength);",
    );
    dev.get("/grow").body(r#"[160,-1,"RangeError: WebAssembly.Memory(): could not allocate memory","1660"]"#);
    // Each request's instance of 10 MB goes with the request.
    for _ in 0..40 {
        dev.get("/").body("10485760");
    }
}

#[test]
fn the_start_function_runs_with_the_imports() {
    let wat = r#"(module (import "js" "log" (func $log (param i32))) (start $main) (memory (export "memory") 1)
        (func $main (call $log (i32.const 3)) (call $log (memory.size))))"#;
    let dev = worker(
        wat,
        "const seen = [];
         const { exports } = new WebAssembly.Instance(m, { js: { log: (n) => seen.push(n) } });
         return Response.json([seen, Object.keys(exports), WebAssembly.Module.imports(m)]);",
    );
    dev.get("/").body(r#"[[3,1],["memory"],[{"module":"js","name":"log","kind":"function"}]]"#);
}

#[test]
fn bytes_are_compiled_while_a_worker_starts_and_not_later() {
    let code = "const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
        const early = new WebAssembly.Module(bytes);
        export default { async fetch() {
          const late = await WebAssembly.compile(bytes).catch((error) => `${error.name}: ${error.message}`);
          return new Response([early, WebAssembly.validate(bytes), late].join());
        } }";
    let dev = Dev::new().worker("app", code).start();
    dev.get("/").body(concat!(
        "[object WebAssembly.Module],true,",
        "CompileError: WebAssembly.compile(): Wasm code generation disallowed by embedder"
    ));
}

#[test]
fn what_is_no_webassembly_is_told_with_its_file() {
    let code = "import m from './m.wasm'; export default { fetch: () => new Response(m) }";
    let dev = Dev::new().worker("app", code).file("app/src/m.wasm", b"\0asm\x01\0\0\0").start();
    dev.get("/").status(200);
    dev.edit("app", "src/m.wasm", b"\0asm\x01\0\0\0\x02");
    dev.get("/").status(500).contains("not a WebAssembly module");
    dev.says("error: this is not a WebAssembly module that devflare can run: unexpected end-of-file @+9");
    dev.says("in app/src/m.wasm");
    dev.edit("app", "src/m.wasm", b"\0asm\x01\0\0\0");
    dev.get("/").body("[object WebAssembly.Module]");
}

#[test]
fn a_module_may_be_imported_with_a_query() {
    let code = "import m from './m.wasm?module'; export default { fetch: () => new Response(m) }";
    let dev = Dev::new().worker("app", code).file("app/src/m.wasm", b"\0asm\x01\0\0\0").start();
    dev.get("/").body("[object WebAssembly.Module]");
}
