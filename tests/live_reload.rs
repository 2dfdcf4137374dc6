//! `--live-reload`, seen by a browser.

use crate::browser::{Browser, installed};
use crate::process::Folder;

fn page(title: &str, headers: &str) -> String {
    let html = format!("<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    format!(
        "export default {{ async fetch() {{
            return new Response({html:?}, {{ headers: {{ 'content-type': 'text/html', {headers} }} }});
        }} }};"
    )
}

/// A dispatcher with one customer, who makes the page.
fn platform(headers: &str) -> Folder {
    let folder = Folder::new();
    let config = "[[dispatch_namespaces]]\nbinding = \"DISPATCHER\"\nnamespace = \"staging\"\n";
    let dispatch = "export default { fetch: (request, env) => env.DISPATCHER.get('customer').fetch(request) }";
    folder.project("dispatcher", config, dispatch);
    folder.project("customer", "", &page("one", headers));
    folder.project("stranger", "", &page("stranger", ""));
    folder
}

#[test]
fn an_open_page_follows_its_workers_and_shows_failed_builds() {
    let Some(chromium) = installed() else { return };
    let folder = platform("");
    let dev = folder.dev(&["dispatcher", "staging=customer", "staging=stranger", "--live-reload"]);
    let mut browser = Browser::open(&chromium);
    browser.visit(&dev.url);
    browser.wait_for("document.title === 'one'");
    browser.value("window.mark = 1");

    folder.project("stranger", "", &page("stranger 2", ""));
    folder.project("customer", "", &page("two", ""));
    browser.wait_for("document.title === 'two'");
    assert_eq!(browser.value("typeof window.mark"), "undefined", "the page was loaded anew");

    browser.value("window.mark = 2");
    folder.project("customer", "", "export default {\n  fetch( {\n");
    browser.wait_for("document.getElementById('devflare-overlay')");
    let told = browser.value("document.getElementById('devflare-overlay').textContent");
    let told = told.as_str().expect("text");
    assert!(told.contains("staging/customer does not build") && told.contains("customer/src/index.js:"), "{told}");
    assert_eq!(browser.value("[document.title, window.mark].join()"), "two,2", "the page below is as it was");

    folder.project("customer", "", &page("three", ""));
    browser.wait_for("document.title === 'three' && !document.getElementById('devflare-overlay')");

    folder.write("dispatcher/src/index.js", &page("by the dispatcher", ""));
    browser.wait_for("document.title === 'by the dispatcher'");
}

#[test]
fn an_error_page_follows_its_worker_too() {
    let Some(chromium) = installed() else { return };
    let folder = platform("");
    let dev = folder.dev(&["dispatcher", "staging=customer", "staging=stranger", "--live-reload"]);
    folder.project("customer", "", "export default {\n  fetch( {\n");
    let mut browser = Browser::open(&chromium);
    browser.visit(&dev.url);
    browser.wait_for("document.querySelector('.kind')?.textContent.includes('Build failed in staging/customer')");
    folder.project("customer", "", "export default { fetch() { throw new Error('at run time') } }");
    browser.wait_for("document.querySelector('h1')?.textContent.includes('at run time')");
    folder.project("customer", "", &page("mended", ""));
    browser.wait_for("document.title === 'mended'");
}

#[test]
fn a_strict_policy_is_obeyed_where_it_allows_the_script() {
    let Some(chromium) = installed() else { return };
    let folder = platform("'content-security-policy': \"default-src 'self'; require-trusted-types-for 'script'\"");
    let dev = folder.dev(&["dispatcher", "staging=customer", "staging=stranger", "--live-reload"]);
    let mut browser = Browser::open(&chromium);
    browser.visit(&dev.url);
    browser.wait_for("document.title === 'one'");
    let policy = "'content-security-policy': \"default-src 'self'; require-trusted-types-for 'script'\"";
    folder.project("customer", "", "export default {\n  fetch( {\n");
    browser.wait_for("document.getElementById('devflare-overlay')");
    folder.project("customer", "", &page("two", policy));
    browser.wait_for("document.title === 'two'");
}

#[test]
fn without_the_flag_pages_are_left_alone() {
    let folder = platform("");
    let args = ["dispatcher", "staging=customer", "staging=stranger"];
    assert!(!folder.dev(&args).get("/").1.contains("devflare"));
    let mut with = args.to_vec();
    with.push("--live-reload");
    let dev = folder.dev(&with);
    assert!(!dev.get("/").1.contains("devflare"), "a client that does not ask for HTML gets the page as it is");
}

#[test]
fn an_open_page_follows_its_static_files() {
    let Some(chromium) = installed() else { return };
    let folder = Folder::new();
    folder.project("site", "[assets]\ndirectory = \"public\"\n", "export default { fetch: () => new Response('-') }");
    let home = |title: &str| format!("<!doctype html><title>{title}</title><script src=/deep/er/code.js></script>");
    folder.write("site/public/index.html", &home("one"));
    folder.write("site/public/deep/er/code.js", "window.code = 1");
    let dev = folder.dev(&["site", "--live-reload"]);
    let mut browser = Browser::open(&chromium);
    browser.visit(&dev.url);
    browser.wait_for("document.title === 'one' && window.code === 1");
    folder.write("site/public/deep/er/code.js", "window.code = 2");
    browser.wait_for("window.code === 2");
    folder.write("site/public/index.html", &home("two"));
    browser.wait_for("document.title === 'two'");
    folder.write("site/public/index.html", "<!doctype html><title>three</title><script src=/new/late.js></script>");
    folder.write("site/public/new/late.js", "window.late = 1");
    browser.wait_for("document.title === 'three' && window.late === 1");
}
