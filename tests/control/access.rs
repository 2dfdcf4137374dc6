//! Who is let in: tokens, accounts, hosts and origins; and what is at the port besides the API.

use super::platform;
use crate::support::Dev;

#[test]
fn a_request_without_a_token_is_refused() {
    let dev = Dev::api().start();
    dev.api_bare("GET", "/client/v4/user").send().refused(400, 9106, "Authorization");
    dev.api_bare("GET", "/client/v4/user").header("Authorization", "Basic eDp5").send().refused(400, 9106, "");
    let legacy = dev.api_bare("GET", "/client/v4/user").header("X-Auth-Key", "k").header("X-Auth-Email", "a@b.c");
    legacy.send().done();
    dev.api_root("GET", "/user").send().done();
}

#[test]
fn pages_of_other_origins_and_foreign_hosts_are_refused() {
    let dev = Dev::api().start();
    for origin in ["https://evil.example", "http://localhost:1", "null"] {
        dev.api_root("GET", "/user").header("Origin", origin).send().refused(403, 9109, "does not answer pages");
    }
    for host in ["evil.example", "localhost.evil.example", "192.168.1.1:8788"] {
        dev.api_root("GET", "/user").host(host).send().refused(403, 9109, "does not answer to the host");
    }
    dev.api_root("GET", "/user").host("127.0.0.1:8788").send().done();
    // What a browser asks first is not granted.
    let preflight = dev.api_bare("OPTIONS", "/client/v4/user").header("Origin", "https://evil.example");
    preflight.send().status(403).lacks_header("Access-Control-Allow-Origin");
}

#[test]
fn who_one_is_can_be_asked() {
    let dev = Dev::api().start();
    let account = dev.api_root("GET", "/accounts?page=1").send().done().at("/result/0/id");
    assert_eq!(account, devflare::control::ACCOUNT);
    dev.api_root("GET", "/accounts?page=2").send().done().result("[]");
    dev.api("GET", "").send().done();
    assert_eq!(dev.api_root("GET", "/memberships").send().done().at("/result/0/account/id"), account);
    assert_eq!(dev.api_root("GET", "/user/tokens/verify").send().done().at("/result/status"), "active");
    assert!(dev.api_root("GET", "/user").send().done().at("/result/email").is_string());
}

#[test]
fn an_account_that_cannot_be_one_is_refused_and_any_other_is_taken() {
    let dev = Dev::api().start();
    for account in ["x", "0123", "../../etc"] {
        let path = format!("/accounts/{}/workers/scripts", account.replace('/', "%2F"));
        dev.api_root("GET", &path).send().refused(404, 7003, "perhaps your object identifier is invalid");
    }
    dev.api_root("GET", "/accounts/0123456789abcdef0123456789abcdef/workers/scripts").send().done().result("[]");
}

#[test]
fn what_is_not_emulated_says_so_and_shows_in_the_terminal() {
    let dev = Dev::api().start();
    dev.api_root("GET", "/zones/1/dns_records?name=x").send().refused(
        404,
        7003,
        "does not emulate GET /zones/1/dns_records",
    );
    dev.says("a client asked the API for GET /zones/1/dns_records, which devflare does not emulate");
    dev.api("POST", "/workers/subdomain").send().refused(405, 10_405, "GET, PUT");
    dev.says("POST /accounts/");
    dev.api_root("GET", "/user%ff").send().refused(400, 10_003, "UTF-8");
}

#[test]
fn a_browser_finds_what_is_uploaded() {
    let dev = platform();
    dev.api_bare("GET", "/").browser().send().status(200).contains("devflare").contains("<li>front</li>");
}
