//! Tags: on upload and after, filters, and delete by filter.

use super::{platform, put, says, user};
use crate::support::{Client, Form};

const LIST: &str = "/workers/dispatch/namespaces/staging/scripts";

fn tagged(dev: &Client, name: &str, tags: &str) {
    let metadata = format!(r#"{{"main_module":"index.js","tags":{tags}}}"#);
    put(dev, name, Form::upload(&metadata, &says(name))).done();
}

fn names(dev: &Client, filter: &str) -> String {
    let list = dev.api("GET", &format!("{LIST}?tags={filter}")).send().done().at("/result");
    let names: Vec<_> =
        list.as_array().expect("a list").iter().map(|item| item["id"].as_str().expect("a name").to_owned()).collect();
    names.join(",")
}

#[test]
fn scripts_are_found_by_their_tags() {
    let dev = platform();
    tagged(&dev, "a", r#"["customer-1","free"]"#);
    tagged(&dev, "b", r#"["customer-1","paid"]"#);
    tagged(&dev, "c", r#"["customer-2","paid"]"#);
    for (filter, expected) in [
        ("customer-1:yes", "a,b"),
        ("customer-1", "a,b"),
        ("paid:yes,customer-1:no", "c"),
        ("customer-1:no", "c"),
        ("none:yes", ""),
        ("paid:yes%2Cfree:no", "b,c"),
        ("", "a,b,c"),
    ] {
        assert_eq!(names(&dev, filter), expected, "{filter}");
    }
    let gone = dev.api("DELETE", &format!("{LIST}?tags=paid:yes,customer-2:no")).send().done();
    gone.result(r#"[{"id":"b"}]"#);
    dev.get("/b").status(404);
    dev.get("/c").body("c");
    dev.api("DELETE", LIST).send().refused(400, 10_001, "Say which");
    dev.says("no user Worker \"b\"");
}

#[test]
fn tags_are_read_replaced_added_and_removed() {
    let dev = platform();
    let tags = format!("{}/tags", user("a"));
    dev.api("GET", &tags).send().refused(404, 10_092, "does not exist");
    dev.api("PUT", &tags).json("[]").send().refused(404, 10_092, "does not exist");
    tagged(&dev, "a", r#"["x"]"#);
    dev.api("GET", &tags).send().done().result(r#"["x"]"#);
    dev.api("PUT", &tags).json(r#"["b","a","a"]"#).send().done().result(r#"["a","b"]"#);
    dev.api("PUT", &format!("{tags}/c")).send().done().result(r#"["a","b","c"]"#);
    dev.api("DELETE", &format!("{tags}/b")).send().done();
    dev.api("GET", &tags).send().done().result(r#"["a","c"]"#);
    // An upload that says nothing of tags leaves them.
    put(&dev, "a", Form::worker(&says("again"))).done();
    dev.api("GET", &tags).send().done().result(r#"["a","c"]"#);
    dev.api("PUT", &tags).json("[]").send().done().result("[]");
}

#[test]
fn tags_that_cannot_be_are_refused() {
    let dev = platform();
    tagged(&dev, "a", "[]");
    let tags = format!("{}/tags", user("a"));
    let nine: Vec<_> = (0..9).map(|at| format!("\"{at}\"")).collect();
    let nine = format!("[{}]", nine.join(","));
    for (body, words) in [
        (nine.as_str(), "8 tags"),
        (r#"["a,b"]"#, "not valid"),
        (r#"["a&b"]"#, "not valid"),
        (r#"[""]"#, "not valid"),
        (r"[1]", "list of strings"),
        (r#""a""#, "list of strings"),
    ] {
        dev.api("PUT", &tags).json(body).send().refused(400, 100_117, words);
        let metadata = format!(r#"{{"main_module":"index.js","tags":{body}}}"#);
        put(&dev, "b", Form::upload(&metadata, &says("b"))).refused(400, 100_117, words);
    }
    dev.api("GET", &tags).send().done().result("[]");
    dev.api("GET", &user("b")).send().refused(404, 10_092, "");
    for tag in 0..8 {
        dev.api("PUT", &format!("{tags}/t{tag}")).send().done();
    }
    dev.api("PUT", &format!("{tags}/t8")).send().refused(400, 100_117, "8 tags");
}
