//! What a Worker did, as those who follow its log are told: the event, its console lines, its exceptions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Console, ConsoleLevel, Exception, HappenedLine, Line, RequestLine};
use crate::term::{Level, Style};

/// A trace item, as Cloudflare's tails have them.
#[derive(Debug, Clone)]
pub struct Traced(pub Value);

impl Line for Traced {
    fn level(&self) -> Level {
        Level::Log
    }

    fn pretty(&self, style: &Style, out: &mut String) {
        let item = &self.0;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let worker: std::sync::Arc<str> = match item["dispatchNamespace"].as_str() {
            Some(namespace) => format!("{namespace}/{}", text(&item["scriptName"])).into(),
            None => text(&item["scriptName"]).into(),
        };
        self.event(&worker).pretty(style, out);
        for log in item["logs"].as_array().into_iter().flatten() {
            let level = level_of(log["level"].as_str().unwrap_or_default());
            let parts = log["message"].as_array().into_iter().flatten();
            let parts: Vec<_> =
                parts.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned)).collect();
            Console { worker: worker.clone(), level, message: parts.join(" "), ray: None }.pretty(style, out);
        }
        for thrown in item["exceptions"].as_array().into_iter().flatten() {
            let stack = text(&thrown["stack"]);
            let frames = stack.lines().skip_while(|line| !line.trim_start().starts_with("at "));
            let stack = frames.collect::<Vec<_>>().join("\n");
            let (name, message) = (text(&thrown["name"]), text(&thrown["message"]));
            Exception { worker: worker.clone(), name, message, stack, place: None, help: None, ray: None }
                .pretty(style, out);
        }
    }

    fn json(&self, _: &Style) -> Value {
        json!({ "event": "tail", "trace": self.0 })
    }

    /// A trace has at most so much.
    fn size(&self) -> usize {
        256 << 10
    }

    /// Who follows reads all of it.
    fn may_drop(&self) -> bool {
        false
    }
}

impl Traced {
    fn event(&self, worker: &std::sync::Arc<str>) -> Box<dyn Line> {
        let event = &self.0["event"];
        let took = Duration::from_millis(self.0["wallTime"].as_u64().unwrap_or_default());
        if let Some(request) = event["request"].as_object() {
            let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let answered = event["response"]["status"].as_u64().and_then(|status| u16::try_from(status).ok());
            // What has no answer has failed, or its client left.
            let status = answered.unwrap_or(if self.0["outcome"] == "canceled" { 499 } else { 500 });
            let workers = vec![worker.clone()];
            return Box::new(RequestLine {
                method: text("method"),
                target: text("url"),
                status,
                took,
                workers,
                ray: None,
            });
        }
        let text = |key: &str| event[key].as_str().map(str::to_owned);
        let (kind, what) = if let Some(cron) = text("cron") {
            ("scheduled", cron)
        } else if let Some(queue) = text("queue") {
            ("queue", format!("{queue} ({})", event["batchSize"]))
        } else if let Some(method) = text("rpcMethod") {
            ("rpc", method)
        } else if let Some(to) = text("rcptTo") {
            ("email", to)
        } else if event["consumedEvents"].is_array() {
            ("tail", String::new())
        } else {
            ("event", String::new())
        };
        let well = self.0["outcome"] == "ok";
        Box::new(HappenedLine { kind, what, well, took, worker: worker.clone(), rays: Vec::new() })
    }
}

fn level_of(name: &str) -> ConsoleLevel {
    match name {
        "debug" => ConsoleLevel::Debug,
        "info" => ConsoleLevel::Info,
        "warn" => ConsoleLevel::Warn,
        "error" => ConsoleLevel::Error,
        _ => ConsoleLevel::Log,
    }
}
