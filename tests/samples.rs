//! The sample projects do what their comments say.

use crate::browser::{Browser, installed};
use crate::process::Folder;
use crate::support::{Dev, Server, repository};

#[test]
fn the_guides_two_projects_answer_unchanged() {
    let dev = Dev::new().within("sample-projects").projects(&["my-dispatcher", "customer-worker-1"]).start();
    dev.get("/").status(200).body("Hello world");
    dev.says("GET  / 200");
    dev.says("my-dispatcher → staging/customer-worker-1");
}

#[test]
fn an_edit_of_the_guides_user_worker_is_live_at_once() {
    let dev = Dev::new().copy("sample-projects", "").projects(&["my-dispatcher", "customer-worker-1"]).start();
    dev.get("/").body("Hello world");
    dev.edit("customer-worker-1", "src/index.js", "export default { fetch: () => new Response('Hello moon') };");
    dev.get("/").body("Hello moon");
}

fn saas() -> Server {
    Dev::new().within("sample-projects/saas").with(|options| options.cpu_factor = 10.0).start()
}

#[test]
fn saas_picks_the_customer_by_host_and_by_path() {
    let dev = saas();
    dev.get("/customer-c/").status(200).body("Welcome to the canteen of customer-c.\n");
    for host in ["customer-c.example.com", "customer-c.localhost"] {
        dev.ask("GET", "/menu").host(host).send().status(200).contains("dumplings");
    }
    dev.get("/").contains("This is the platform.");
}

#[test]
fn saas_tells_customers_that_nobody_has() {
    let dev = saas();
    dev.get("/custmer-c/").status(404).body("There is no customer \"custmer-c\".\n");
    dev.says("no user Worker \"custmer-c\" in namespace \"customers\"; there is customer-c");
}

#[test]
fn saas_streams_in_both_directions() {
    let dev = saas();
    dev.get("/customer-a/?from=3&every=1").body("3\n2\n1\nlift-off\n");
    let mut shouting = dev.ask("POST", "/customer-a/shout").streaming();
    shouting.chunk(b"hello ");
    assert_eq!(shouting.read_head().status, 200);
    assert_eq!(shouting.read_chunk().as_deref(), Some("HELLO "));
    shouting.chunk("wörld".as_bytes());
    assert_eq!(shouting.read_chunk().as_deref(), Some("WÖRLD"));
    shouting.end();
    assert_eq!(shouting.read_chunk(), None);
}

#[test]
fn saas_explains_what_a_customer_throws() {
    let dev = saas();
    dev.get("/customer-b/").status(502).body("\"customer-b\" failed: the cart is empty\n");
    dev.says("✖ customers/customer-b Error: the cart is empty");
    dev.says("customers/customer-b/src/index.js:12:42");
    dev.get("/customer-b/ok").status(200).body("customer-b is fine today\n");
}

#[test]
fn saas_ends_a_customer_that_spins_past_its_plan() {
    let dev = saas();
    dev.get("/customer-b/spin").status(429).body("\"customer-b\" used up the time its plan allows.\n");
    dev.says("✖ customers/customer-b Worker exceeded CPU time limit.");
    dev.get("/customer-b/ok").status(200);
}

#[test]
fn saas_uses_modules_json_text_and_dynamic_import() {
    let dev = saas();
    dev.get("/customer-c/menu")
        .json(r#"[{"name":"soup","price":6},{"name":"dumplings","price":9},{"name":"sunday roast","price":18}]"#);
    dev.get("/customer-c/specials").body("soup, dumplings\n");
    dev.get("/customer-c/nothing").status(404).body("Nothing at /nothing\n");
}

#[test]
fn hono_api_keeps_books_that_zod_finds_well_formed() {
    let dev = Dev::new().within("sample-projects/hono-api").projects(&["."]).start();
    let post = |body: &str| dev.ask("POST", "/books").header("content-type", "application/json").body(body).send();
    dev.get("/books").json("[]");
    let added = post(r#"{"title": "Momo", "year": 1973, "format": "audio"}"#).status(201);
    let location = added.find("location").expect("it is told where the book is").to_owned();
    dev.get(&location).json(r#"{"title":"Momo","year":1973,"format":"audio"}"#);
    post(r#"{"title": "Beowulf", "year": 1815}"#).status(201).contains(r#""format":"paper""#);
    post(r#"{"title": "Runes", "year": 800}"#).status(422).json(r#"{"error":"older than printing"}"#);
    post(r#"{"title": "", "year": 1.5}"#).status(400).json(r#"{"mistakes":["a book has a title","years are whole"]}"#);
    dev.get("/books").contains(r#""title":"Beowulf","year":1815,"format":"paper"},{"#);
    dev.get("/books/00000000-0000-4000-8000-000000000000").status(404).contains("no book");
}

#[test]
fn react_ssr_streams_the_frame_before_what_is_slow() {
    let dev = Dev::new().within("sample-projects/react-ssr").projects(&["."]).start();
    let page = dev.get("/?name=ann").status(200).text();
    let waits = page.find("Loading the news").expect("the frame comes first");
    assert!(
        page.contains("<h1>Hello, <!-- -->ann</h1>") && page[waits..].contains("<li>Suspense waits</li>"),
        "{page}"
    );
    let whole = dev.ask("GET", "/").header("user-agent", "somebot").send().text();
    assert!(!whole.contains("Loading the news") && whole.contains("<li>Suspense waits</li>"), "{whole}");
    dev.get("/page.css").header("content-type", "text/css").contains("font-family");
}

#[test]
fn wasm_image_makes_thumbnails() {
    let dev = Dev::new().within("sample-projects").projects(&["wasm-image"]);
    let dev = dev.with(|options| options.cpu_factor = 100.0).start();
    let drawn = dev.get("/").status(200).header("content-type", "image/png").body;
    assert_eq!(png_size(&drawn), (32, 32));
    let small = dev.ask("POST", "/?width=8&gray").body(drawn.clone()).send().status(200).body;
    assert_eq!(png_size(&small), (8, 8));
    dev.ask("POST", "/?width=0").body(drawn.clone()).send().status(400);
}

/// Width and height, which a PNG tells in its first chunk.
fn png_size(image: &[u8]) -> (u32, u32) {
    assert!(image.starts_with(b"\x89PNG"), "it is a PNG");
    let number = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().expect("four bytes"));
    (number(16), number(20))
}

fn sample(name: &str) -> Server {
    Dev::new().within("sample-projects").projects(&[name]).with(|options| options.cpu_factor = 100.0).start()
}

#[test]
fn guestbook_keeps_what_guests_write() {
    let dev = sample("guestbook");
    dev.get("/").status(200).contains("The Guestbook");
    dev.get("/entries").json("[]");
    let post = |body: &str| {
        dev.ask("POST", "/entries").header("content-type", "application/x-www-form-urlencoded").body(body).send()
    };
    post("name=Ann&words=What+a+view&colour=sky")
        .status(201)
        .contains(r#""name":"Ann","words":"What a view","colour":"sky""#);
    post("name=&words=x").status(422).json(r#"{"error":"A name and a few words, please."}"#);
    dev.get("/entries").contains(r#"[{"id":1,"name":"Ann""#);
    let Some(program) = installed() else { return };
    let mut browser = Browser::open(&program);
    browser.visit(&format!("http://localhost:{}/", dev.port));
    browser.wait_for("document.querySelector('#entries b')?.textContent === 'Ann'");
    browser.value("document.querySelector('textarea').value = '<i>hello</i>'; document.querySelector('[name=name]').value = 'Bo'; document.querySelector('button').click()");
    browser.wait_for("document.querySelector('#entries p').textContent === '<i>hello</i>'");
}

/// A page of the chat, in which somebody has joined the lobby.
fn chatter(program: &std::path::Path, dev: &Server, name: &str) -> Browser {
    let mut browser = Browser::open(program);
    browser.visit(&format!("http://localhost:{}/", dev.port));
    browser.wait_for("document.readyState === 'complete' && document.querySelector('#join')");
    browser.value(&format!(
        "document.querySelector('[name=name]').value = '{name}'; document.querySelector('#join').requestSubmit()"
    ));
    browser.wait_for(&format!("document.querySelector('#here [title={name}]')"));
    browser
}

#[test]
fn chat_carries_words_between_two_browsers() {
    let dev = sample("chat");
    dev.get("/rooms/lobby/socket").status(426);
    dev.get("/rooms/").status(404);
    let Some(program) = installed() else { return };
    let (mut ann, mut bob) = (chatter(&program, &dev, "Ann"), chatter(&program, &dev, "Bob"));
    ann.wait_for("document.querySelectorAll('#here li').length === 2");
    let say = |words: &str| {
        format!(
            "document.querySelector('[name=text]').value = '{words}'; document.querySelector('#say').requestSubmit()"
        )
    };
    ann.value(&say("Is anybody here?"));
    bob.wait_for("document.querySelector('#said p')?.textContent === 'Is anybody here?'");
    bob.value(&say("I am."));
    ann.wait_for("document.querySelectorAll('#said p')[1]?.textContent === 'I am.'");
    drop(bob);
    ann.wait_for("document.querySelectorAll('#here li').length === 1");
    let mut late = chatter(&program, &dev, "Cleo");
    late.wait_for("document.querySelectorAll('#said p').length === 2");
}

#[test]
fn jobs_draws_cards_in_the_background() {
    let dev = sample("jobs");
    let order = dev
        .ask("POST", "/orders")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("words=Greetings")
        .send();
    let order: serde_json::Value = serde_json::from_str(&order.status(202).text()).expect("JSON");
    let id = order["id"].as_str().expect("an id");
    let mut state = String::new();
    while !state.contains("complete") {
        assert!(!state.contains("errored"), "{state}");
        state = dev.get(&format!("/orders/{id}")).status(200).text();
    }
    dev.get(&format!("/cards/{id}.svg")).header("content-type", "image/svg+xml").contains("Greetings");
    dev.get("/cards").contains(r#""words":"Greetings""#);
    dev.get("/cdn-cgi/handler/scheduled?cron=0+*+*+*+*").status(200);
    dev.says("0 old cards thrown away, 1 kept");
}

#[test]
fn platform_passes_its_own_tests_offline() {
    let folder = Folder::new();
    let platform = repository().join("sample-projects/platform");
    let platform = platform.to_str().expect("a path in UTF-8");
    let ended = folder.run(&["test", platform, "--", "npm", "test"]);
    assert_eq!(ended.status, Some(0), "{}\n{}", ended.out, ended.error);
    assert!(ended.out.contains("pass 7"), "{}", ended.out);
}

#[test]
fn platform_has_a_page_where_customers_write_deploy_open_and_watch_their_workers() {
    let Some(program) = installed() else { return };
    let dev = Dev::new().within("sample-projects/platform").with(|options| options.cpu_factor = 100.0).start();
    let mut browser = Browser::open(&program);
    browser.visit(&format!("http://localhost:{}/", dev.port));
    browser.wait_for("document.querySelectorAll('#customers button').length === 1 && document.forms[0].code.value");
    let deploy = |browser: &mut Browser, code: &str| {
        browser.value(&format!(
            "document.forms[0].name.value; document.forms[0].elements.name.value = 'ann';
             document.forms[0].code.value = {code:?}; document.forms[0].requestSubmit()"
        ));
    };
    deploy(&mut browser, "export default { fetch: (");
    browser.wait_for("document.querySelector('#told.wrong')?.textContent.includes('SyntaxError')");
    deploy(&mut browser, "export default { fetch() { console.warn('ahoy'); return new Response('a word of ann') } }");
    browser.wait_for("document.querySelector('#told').textContent === 'ann is at sea.'");
    // The page opens the customer's host in a frame; the log tells of that visit.
    browser.wait_for("document.querySelector('#log .warn')?.textContent.endsWith('ahoy')");
    let address = browser.value("document.querySelector('#address').href");
    assert_eq!(address, format!("http://ann.localhost:{}/", dev.port));
    browser.visit(address.as_str().expect("a URL"));
    browser.wait_for("document.body.textContent === 'a word of ann'");
    browser.visit(&format!("http://bakery.localhost:{}/", dev.port));
    browser.wait_for("document.title === 'The Quayside Bakery' && document.styleSheets.length === 1");
    dev.may_say("ahoy");
    dev.may_say("SyntaxError");
}
