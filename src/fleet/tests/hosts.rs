//! Who answers for a host and a path.

use super::Desk;

fn answering(desk: &Desk, host: &str, path: &str) -> String {
    desk.fleet().answering(host, path).map_or_else(|| "nobody".to_owned(), ToString::to_string)
}

#[test]
fn each_ordinary_worker_has_a_name_under_localhost() {
    let desk =
        Desk::new().dispatcher("d", "s").project("a", "route = \"a.com/*\"").project("u", "").args(&["d", "a", "u"]);
    assert_eq!(answering(&desk, "a.localhost:8787", "/"), "a");
    assert_eq!(answering(&desk, "A.LOCALHOST", "/"), "a");
    assert_eq!(answering(&desk, "x.a.localhost", "/"), "a");
    assert_eq!(answering(&desk, "localhost:8787", "/"), "d");
    assert_eq!(answering(&desk, "u.localhost", "/"), "d");
    assert_eq!(answering(&desk, "[::1]:8787", "/"), "d");
    assert_eq!(answering(&desk, "127.0.0.1", "/"), "d");
    assert!(desk.fleet().hosts.find("u.localhost", "/").is_none());
}

#[test]
fn the_most_specific_route_answers() {
    let desk = Desk::new()
        .project("all", "routes = [\"*.example.com/*\", \"example.com/*\"]")
        .project("api", "routes = [\"example.com/api/*\"]")
        .project("shop", "routes = [\"shop.example.com/*\"]")
        .project("exact", "routes = [\"example.com/api/v1\"]")
        .args(&["all", "api", "shop", "exact"]);
    assert_eq!(answering(&desk, "a.example.com", "/"), "all");
    assert_eq!(answering(&desk, "shop.example.com:8787", "/x"), "shop");
    assert_eq!(answering(&desk, "example.com", "/api/v2"), "api");
    assert_eq!(answering(&desk, "example.com", "/api/v1"), "exact");
    assert_eq!(answering(&desk, "example.com", "/"), "all");
}

#[test]
fn a_custom_domain_takes_the_whole_host_behind_the_routes() {
    let desk = Desk::new()
        .project("origin", "routes = [{ pattern = \"shop.com\", custom_domain = true }]")
        .project("front", "routes = [\"shop.com/cart*\"]")
        .args(&["origin", "front"]);
    assert_eq!(answering(&desk, "shop.com", "/anything"), "origin");
    assert_eq!(answering(&desk, "shop.com", "/cart/1"), "front");
}

#[test]
fn a_user_workers_routes_are_nobodys() {
    let desk = Desk::new().dispatcher("d", "s").project("u", "routes = [\"u.com/*\"]").args(&["d", "s=u"]);
    assert!(desk.fleet().hosts.find("u.com", "/").is_none());
}

#[test]
fn one_route_of_two_workers_is_a_warning() {
    let route = "routes = [\"a.com/*\"]";
    let desk = Desk::new().project("a", route).project("b", route).args(&["a", "b"]);
    insta::assert_snapshot!(desk.told(), @r#"
    warning: two Workers claim `a.com/*`: `a` answers there
      a/wrangler.toml:4:11
        routes = ["a.com/*"]
                  ^^^^^^^^^ answers
      b/wrangler.toml:4:11
        routes = ["a.com/*"]
                  ^^^^^^^^^ in vain
      help: Cloudflare refuses to deploy the second one
    "#);
    assert_eq!(answering(&desk, "a.com", "/"), "a");
}
