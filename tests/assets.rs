//! Static files: with a Worker, without one, bound, ruled by `_headers` and `_redirects`, and never a stale one.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Dev, Server};

const ECHO: &str = "export default { fetch: (request) => new Response('worker ' + new URL(request.url).pathname) };";
const BOUND: &str = "export default { fetch: (request, env) => new URL(request.url).pathname === '/bound'
  ? env.ASSETS.fetch(new URL('/file.txt', request.url)) : new Response('worker') };";
const WITH: &str = "[assets]\ndirectory = \"public\"\nbinding = \"ASSETS\"\n";

fn site(config: &str, code: &str) -> Dev {
    Dev::new()
        .worker("site", code)
        .config("site", &format!("{WITH}{config}"))
        .file("site/public/index.html", "<h1>home</h1>")
        .file("site/public/file.txt", "a file of text")
        .file("site/public/folder/index.html", "folder")
        .file("site/public/api/data.json", "{}")
        .file("site/public/404.html", "lost")
}

/// A Worker without code.
fn alone(config: &str) -> Dev {
    let lines =
        format!("name = \"site\"\ncompatibility_date = \"2026-01-01\"\n[assets]\ndirectory = \"public\"\n{config}");
    Dev::new()
        .projects(&["site"])
        .file("site/wrangler.toml", lines)
        .file("site/public/index.html", "<h1>home</h1>")
        .file("site/public/404.html", "lost")
}

#[test]
fn files_answer_before_the_worker_and_the_worker_where_there_is_none() {
    let dev = site("", ECHO).start();
    dev.get("/").status(200).body("<h1>home</h1>").header("content-type", "text/html; charset=utf-8");
    dev.get("/file.txt").body("a file of text").header("cache-control", "public, max-age=0, must-revalidate");
    dev.get("/folder").status(307).header("location", "/folder/");
    dev.get("/api/data.json").body("{}").header("content-type", "application/json");
    dev.get("/nothing").status(200).body("worker /nothing");
}

#[test]
fn the_binding_answers_with_files() {
    let dev = site("", BOUND).start();
    dev.get("/bound").status(200).body("a file of text");
}

#[test]
fn a_worker_may_be_files_alone() {
    let dev = alone("not_found_handling = \"404-page\"\n").start();
    dev.get("/").status(200).body("<h1>home</h1>");
    dev.get("/nothing").status(404).body("lost");
    let dev = alone("").start();
    dev.get("/nothing").status(404).body("");
    let dev = alone("not_found_handling = \"single-page-application\"\n").start();
    dev.get("/any/path").status(200).body("<h1>home</h1>");
}

#[test]
fn a_saved_file_is_served_at_once() {
    let dev = site("", ECHO).start();
    for count in 0..20 {
        let text = format!("text {}", char::from(b'a' + count));
        dev.edit("site", "public/file.txt", &text);
        dev.get("/file.txt").body(&text);
    }
    dev.edit("site", "public/new.txt", "new");
    dev.get("/new.txt").body("new");
}

#[test]
fn the_worker_runs_first_where_that_is_said() {
    let dev = site("run_worker_first = true\n", ECHO).start();
    dev.get("/file.txt").body("worker /file.txt");
    let dev =
        site("run_worker_first = [\"/api/*\", \"!/api/docs/*\"]\nnot_found_handling = \"404-page\"\n", ECHO).start();
    dev.get("/api/data.json").body("worker /api/data.json");
    dev.get("/api/docs/x").status(404).body("lost");
    dev.get("/file.txt").body("a file of text");
    dev.get("/nothing").status(404).body("lost");
}

#[test]
fn what_a_client_has_or_wants_a_part_of_is_not_sent_whole() {
    let dev = site("", ECHO).start();
    let tag = dev.get("/file.txt").find("etag").expect("files have tags").to_owned();
    dev.ask("GET", "/file.txt").header("if-none-match", &tag).send().status(304).body("");
    dev.ask("GET", "/file.txt").header("if-none-match", "\"other\"").send().status(200);
    let part = |range: &str| dev.ask("GET", "/file.txt").header("range", range).send();
    part("bytes=2-5").status(206).body("file").header("content-range", "bytes 2-5/14");
    part("bytes=-4").status(206).body("text");
    part("bytes=99-").status(416).header("content-range", "bytes */14");
    part("lines=1").status(200).body("a file of text");
    dev.ask("HEAD", "/file.txt").send().status(200).header("content-length", "14");
    dev.ask("POST", "/file.txt").send().status(405);
    dev.edit("site", "public/file.txt", "b file of text");
    dev.ask("GET", "/file.txt").header("if-none-match", &tag).send().status(200).body("b file of text");
}

#[test]
fn headers_and_redirects_are_as_their_files_say() {
    let dev = site("", ECHO).start();
    dev.edit("site", "public/_headers", "/file.txt\n  X-Mine: yes\n");
    dev.edit("site", "public/_redirects", "/old /file.txt 301\n/u/:name /folder/:name\n");
    dev.get("/file.txt").header("x-mine", "yes");
    dev.get("/old").status(301).header("location", "/file.txt");
    dev.get("/u/bob").status(302).header("location", "/folder/bob");
    dev.get("/_headers").body("worker /_headers");
    dev.edit("site", "public/_redirects", "/old /folder/ 302\n");
    dev.get("/old").status(302).header("location", "/folder/");
}

#[test]
fn nothing_but_the_files_of_the_directory_can_be_read() {
    let dev = site("", ECHO).file("secret.txt", "secret").file("site/public/.assetsignore", "hidden*\n").start();
    dev.edit("site", "public/hidden.txt", "secret");
    leak(&dev);
    let paths = [
        "/leak.txt",
        "/hidden.txt",
        "/.assetsignore",
        "/up/secret.txt",
        "/..%2f..%2fsecret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/..%5c..%5csecret.txt",
        "/....//....//secret.txt",
        "/%252e%252e/secret.txt",
        "/FILE.TXT",
        "/file.txt%00",
        "//etc/passwd",
        "/..%c0%af..%c0%afsecret.txt",
        "/%2fetc%2fpasswd",
        "/ﬁle.txt",
    ];
    for path in paths {
        let text = dev.get(path).text();
        assert!(!text.contains("secret") || text.starts_with("worker"), "{path}: {text}");
        assert!(!text.contains("root:") && !text.contains("a file"), "{path}: {text}");
    }
}

fn leak(dev: &Server) {
    let public = dev.path().join("site/public");
    symlink("../../secret.txt", public.join("leak.txt")).expect("links can be made");
    symlink("../..", public.join("up")).expect("links can be made");
    assert!(fs::read(public.join("leak.txt")).is_ok(), "the link leads there");
}

#[test]
fn a_large_file_is_streamed_whole_and_in_parts() {
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| u8::try_from(at % 251).expect("it is less")).collect();
    let dev = site("", ECHO).file("site/public/large.bin", &bytes).start();
    assert!(dev.get("/large.bin").body == bytes, "every byte comes");
    let part = dev.ask("GET", "/large.bin").header("range", "bytes=1000000-1999999").send();
    assert!(part.body == bytes[1_000_000..2_000_000], "every byte of the part comes");
}
