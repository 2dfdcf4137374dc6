//! How long a server takes from its exec to its first 200: `first-answer PORT LOG COMMAND...` prints milliseconds.
//!
//! A program of its own, as Node's `spawn` alone takes longer than some of the servers.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_micros(200);
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(log), Some(program)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return failed("usage: first-answer PORT LOG COMMAND...");
    };
    let (Ok(port), Ok(out)) = (port.parse::<u16>(), File::create(log)) else { return failed("no port or no log") };
    let Ok(error) = out.try_clone() else { return failed("no log") };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(error).process_group(0);
    let started = Instant::now();
    let Ok(mut server) = command.spawn() else { return failed("the server cannot be started") };
    let answered = loop {
        if is_answered(port) {
            break true;
        }
        if started.elapsed() > PATIENCE || !matches!(server.try_wait(), Ok(None)) {
            break false;
        }
        thread::sleep(PAUSE);
    };
    let took = started.elapsed();
    let _gone_already = Command::new("kill").args(["-KILL", "--", &format!("-{}", server.id())]).status();
    let _reaped = server.wait();
    if !answered {
        return failed("the server never answered with 200");
    }
    let _reader_left = writeln!(std::io::stdout(), "{}", took.as_secs_f64() * 1000.0);
    ExitCode::SUCCESS
}

fn is_answered(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = Vec::new();
    let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    asked.is_ok() && stream.read_to_end(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

fn failed(why: &str) -> ExitCode {
    let _nobody_listens = writeln!(std::io::stderr(), "first-answer: {why}");
    ExitCode::from(2)
}
