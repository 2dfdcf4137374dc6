//! The `devflare` binary (placeholder until the command line lands).
use devflare::{dev, fleet, term};
fn main() {
    let args: Vec<String> = std::env::args().skip(2).collect();
    let mut projects = vec![];
    let mut port = 8787;
    let mut json = false;
    let mut it = args.into_iter();
    while let Some(a) = it.next() {
        match a.as_str() { "--port" => port = it.next().unwrap().parse().unwrap(), "--log-format" => { json = it.next().unwrap() == "json" } _ => projects.push(a) }
    }
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    rt.block_on(async {
        let terminal = term::Terminal::start(term::Options { format: if json { term::Format::Json } else { term::Format::Pretty }, level: if json {term::Level::Info} else {term::Level::Log}, stream: term::Stream::Out, color: false, base: std::env::current_dir().unwrap() }, term::Standard);
        let options = dev::Options { fleet: fleet::Options { projects, ..Default::default() }, cpu_factor: 10.0, host: None, live_reload: false, watch: true };
        let session = match dev::Session::start(options, terminal.clone()).await { Ok(s) => s, Err(p) => { for p in p.0 { terminal.tell(p) } terminal.flush(std::time::Duration::from_secs(1)); return } };
        let l = dev::Session::bind([127,0,0,1].into(), port, false).await.unwrap();
        terminal.tell(term::Banner { url: format!("http://localhost:{}", l[0].local_addr().unwrap().port()), ..Default::default() });
        session.serve(l, tokio_util::sync::CancellationToken::new()).await;
    });
}
