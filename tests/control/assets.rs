//! Static assets of uploads: a session, buckets, a token for the whole, and what is refused of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{DISPATCHER, DISPATCHES, platform};
use crate::support::{Answer, Client, Form};

const SCRIPT: &str = "/workers/dispatch/namespaces/staging/scripts";
const HOME: &str = "11111111111111111111111111111111";
const STYLE: &str = "22222222222222222222222222222222";
const MANIFEST: &str = r#"{"manifest":{"/index.html":{"hash":"11111111111111111111111111111111","size":4},
    "/a/style.css":{"hash":"22222222222222222222222222222222","size":5}}}"#;

fn session(dev: &Client, script: &str, manifest: &str) -> Answer {
    dev.api("POST", &format!("{SCRIPT}/{script}/assets-upload-session")).json(manifest).send()
}

fn token(answer: &Answer) -> String {
    answer.at("/result/jwt").as_str().expect("a token").to_owned()
}

fn bucket(dev: &Client, token: &str, files: &[(&str, &str, &str)]) -> Answer {
    let form =
        files.iter().fold(Form::new(), |form, (hash, kind, text)| form.file(hash, hash, kind, STANDARD.encode(text)));
    let path = "/client/v4/accounts/".to_owned() + devflare::control::ACCOUNT + "/workers/assets/upload?base64=true";
    dev.api_bare("POST", &path).header("Authorization", &format!("Bearer {token}")).form(form).send()
}

fn put(dev: &Client, script: &str, assets: &str) -> Answer {
    let metadata = format!(r#"{{"compatibility_date":"2026-01-01","assets":{assets}}}"#);
    dev.api("PUT", &format!("{SCRIPT}/{script}")).form(Form::new().text("metadata", &metadata)).send()
}

fn dispatcher(dev: &Client) {
    dev.api("PUT", "/workers/scripts/dispatch").form(Form::upload(DISPATCHES, DISPATCHER)).send().done();
}

/// Uploads both files for a script and gets the token that goes with it.
fn complete(dev: &Client, script: &str) -> String {
    let opened = token(&session(dev, script, MANIFEST));
    bucket(dev, &opened, &[(HOME, "text/html", "home")]).status(202);
    token(&bucket(dev, &opened, &[(STYLE, "text/css", "style")]).status(201))
}

#[test]
fn a_script_of_files_alone_is_uploaded_and_served() {
    let dev = platform();
    dispatcher(&dev);
    let token = complete(&dev, "shop");
    let config = r#"{"html_handling":"none","_headers":"/*\n  X-Shop: yes\n"}"#;
    put(&dev, "shop", &format!(r#"{{"jwt":"{token}","config":{config}}}"#)).status(200);
    // The dispatcher passes paths on as they are.
    dev.get("/shop").status(404).header("x-shop", "yes");
    assert_eq!(dev.api("GET", &format!("{SCRIPT}/shop")).send().status, 200);
}

#[test]
fn files_of_an_account_script_answer_before_it() {
    let dev = platform();
    let open = dev.api("POST", "/workers/scripts/site/assets-upload-session").json(MANIFEST).send();
    let files = [(HOME, "text/html", "home"), (STYLE, "application/null", "style")];
    let token = token(&bucket(&dev, &token(&open), &files).status(201));
    let metadata = format!(
        r#"{{"main_module":"index.js","compatibility_date":"2026-01-01","assets":{{"jwt":"{token}"}},
        "bindings":[{{"name":"ASSETS","type":"assets"}}]}}"#
    );
    let code = "export default { fetch: (request, env) => env.ASSETS.fetch('http://x.example/a/style.css') }";
    dev.api("PUT", "/workers/scripts/site").form(Form::upload(&metadata, code)).send().done();
    let ask = |path: &str| dev.ask("GET", path).host("site.localhost").send();
    ask("/").status(200).body("home").header("content-type", "text/html").header("etag", &format!("\"{HOME}\""));
    ask("/nothing").status(200).body("style").lacks_header("content-type");
}

#[test]
fn what_the_namespace_has_is_not_sent_again() {
    let dev = platform();
    complete(&dev, "one");
    let again = session(&dev, "two", MANIFEST);
    assert_eq!(again.at("/result/buckets").to_string(), "[]");
    put(&dev, "two", &format!(r#"{{"jwt":"{}"}}"#, token(&again))).status(200);
}

#[test]
fn tokens_must_be_ours_whole_and_for_this_script() {
    let dev = platform();
    let opened = token(&session(&dev, "one", MANIFEST));
    put(&dev, "one", &format!(r#"{{"jwt":"{opened}"}}"#)).status(400);
    let complete = complete(&dev, "one");
    put(&dev, "two", &format!(r#"{{"jwt":"{complete}"}}"#)).status(400);
    let (body, signature) = complete.rsplit_once('.').expect("it has three parts");
    let forged = format!("{body}.{}", signature.chars().rev().collect::<String>());
    put(&dev, "one", &format!(r#"{{"jwt":"{forged}"}}"#)).status(401);
    put(&dev, "one", "{}").status(400);
    bucket(&dev, "no.such.token", &[(HOME, "text/html", "home")]).status(401);
    bucket(&dev, &opened, &[(HOME, "text/html", "too long")]).status(400);
    bucket(&dev, &opened, &[("33333333333333333333333333333333", "text/html", "home")]).status(400);
}

#[test]
fn manifests_are_checked() {
    let dev = platform();
    for (manifest, status) in [
        (r#"{"manifest":[]}"#.to_owned(), 400),
        (r#"{"manifest":{"/../x":{"hash":"11111111111111111111111111111111","size":4}}}"#.to_owned(), 400),
        (r#"{"manifest":{"/x":{"hash":"1","size":4}}}"#.to_owned(), 400),
        (r#"{"manifest":{"/x":{"hash":"11111111111111111111111111111111","size":26214401}}}"#.to_owned(), 413),
    ] {
        session(&dev, "one", &manifest).status(status);
    }
}
