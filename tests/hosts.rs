//! Who answers where: `<name>.localhost`, routes by host and path, and the default Worker for everything else.

use crate::support::Dev;

/// A Worker that says its name and what it was asked for.
fn named(name: &str) -> String {
    format!("export default {{ fetch: (request) => new Response('{name} ' + request.url) }};")
}

#[test]
fn the_first_ordinary_worker_answers_where_no_host_decides() {
    let dev = Dev::new().worker("b", &named("b")).worker("a", &named("a")).start();
    dev.ask("GET", "/x").host("anything.example").send().body("b http://anything.example/x");
    dev.ask("GET", "/x").host("127.0.0.1").send().body("b http://127.0.0.1/x");
}

#[test]
fn a_dispatcher_comes_before_other_ordinary_workers() {
    let dev = Dev::new()
        .worker("api", &named("api"))
        .dispatcher("front", &named("front"))
        .user("staging", "customer", &named("customer"))
        .start();
    dev.ask("GET", "/").host("localhost").send().body("front http://localhost/");
}

#[test]
fn each_ordinary_worker_answers_at_its_name() {
    let dev = Dev::new().worker("a", &named("a")).worker("b", &named("b")).start();
    for (host, worker) in [("a.localhost", "a"), ("b.localhost", "b"), ("B.LocalHost:1234", "b"), ("c.localhost", "a")]
    {
        let text = dev.ask("GET", "/").host(host).send().text();
        assert!(text.starts_with(worker), "{host}: {text}");
    }
}

#[test]
fn user_workers_are_reached_through_a_dispatcher_only() {
    let dev = Dev::new().dispatcher("front", &named("front")).user("staging", "customer", &named("customer")).start();
    dev.ask("GET", "/").host("customer.localhost").send().body("front http://customer.localhost/");
}

#[test]
fn routes_and_custom_domains_match_by_host_and_path() {
    let dev = Dev::new()
        .worker("a", &named("a"))
        .worker("shop", &named("shop"))
        .config("shop", "routes = [\"*.shop.example/*\", { pattern = \"example.com/shop/*\", zone_name = \"example.com\" }, { pattern = \"shop.example\", custom_domain = true }]")
        .start();
    let asked = [
        ("eu.shop.example", "/", "shop"),
        ("shop.example", "/any/path", "shop"),
        ("example.com", "/shop/pears", "shop"),
        ("example.com", "/other", "a"),
        ("shop.example.org", "/", "a"),
    ];
    for (host, path, worker) in asked {
        dev.ask("GET", path).host(host).send().body(&format!("{worker} http://{host}{path}"));
    }
}

#[test]
fn the_more_precise_of_two_routes_decides() {
    let dev = Dev::new()
        .worker("all", &named("all"))
        .config("all", "route = \"*example.com/*\"")
        .worker("api", &named("api"))
        .config("api", "route = \"example.com/api/*\"")
        .start();
    dev.ask("GET", "/api/x").host("example.com").send().body("api http://example.com/api/x");
    dev.ask("GET", "/x").host("example.com").send().body("all http://example.com/x");
}

#[test]
fn an_edited_route_is_in_force_at_once() {
    let dev = Dev::new().worker("a", &named("a")).worker("b", &named("b")).start();
    dev.ask("GET", "/").host("b.example").send().body("a http://b.example/");
    dev.configure("b", "route = \"b.example/*\"");
    dev.ask("GET", "/").host("b.example").send().body("b http://b.example/");
}

#[test]
fn without_an_ordinary_worker_a_page_says_so() {
    let dev = Dev::new().user("staging", "customer", &named("customer")).start();
    dev.get("/").status(404).contains("No Worker answers at localhost");
    let page = dev.ask("GET", "/").browser().send().status(404);
    page.header("content-type", "text/html; charset=utf-8").contains("<h1>No Worker answers at localhost");
    dev.says("warning: no project dispatches to namespace `staging`");
    dev.says("warning: there is no ordinary Worker: nothing answers on the Workers port");
}

#[test]
fn the_host_that_workers_see_can_be_set() {
    let dev = Dev::new()
        .worker(
            "a",
            "export default { fetch: (request) => new Response(`${request.url} ${request.headers.get('host')}`) };",
        )
        .with(|options| options.host = Some("platform.example.com".to_owned()))
        .start();
    dev.get("/x?y").body("http://platform.example.com/x?y platform.example.com");
}

#[test]
fn the_host_in_devflare_toml_is_the_one_that_workers_see() {
    let code = "export default { fetch: (request) => new Response(`${request.url} ${request.headers.get('host')}`) };";
    let workspace = "workers = [\"a\"]\n[dev]\nhost = \"platform.example.com\"\n";
    let dev = Dev::new().worker("a", code).file("devflare.toml", workspace);
    let directory = dev.path().to_owned();
    let dev = dev.with(|options| options.fleet.directory = directory).start();
    dev.get("/x").body("http://platform.example.com/x platform.example.com");
    let dev = Dev::new().worker("a", code).config("a", "[dev]\nhost = \"own.example.com\"").start();
    dev.get("/x").body("http://own.example.com/x own.example.com");
}

#[test]
fn http_1_0_and_absolute_targets_are_understood() {
    let dev = Dev::new().worker("a", &named("a")).start();
    let mut old = dev.connect();
    old.write(b"GET /old HTTP/1.0\r\n\r\n");
    assert!(old.rest().ends_with("a http://localhost/old"), "a request without a host");
    let mut proxied = dev.connect();
    proxied.write(b"GET http://elsewhere.example/x HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n");
    assert!(proxied.rest().contains("a http://elsewhere.example/x"), "a request as to a proxy");
}

#[test]
fn connections_are_kept_for_more_requests() {
    let dev = Dev::new().worker("a", &named("a")).start();
    let mut connection = dev.connect();
    for path in ["/1", "/2", "/3"] {
        connection.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
        connection.answer().status(200).body(&format!("a http://localhost{path}"));
    }
    connection.write(b"GET /4 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /5 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.answer().body("a http://localhost/4");
    connection.answer().body("a http://localhost/5");
}
