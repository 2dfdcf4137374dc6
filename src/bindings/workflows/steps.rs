//! What the steps of an instance did, kept so that they are not done again, and the events that steps wait for.

use rusqlite::{Connection, OptionalExtension as _};

use super::instances::{Answer, InstanceKey, RunId, Workflows};

/// How a step stands. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    /// `running`, `retrying`, `sleeping`, `complete`, `failed`, or `waiting ` and the type of an event.
    pub(super) state: String,
    /// What it gave, packed.
    pub(super) result: Option<Vec<u8>>,
    /// JSON.
    pub(super) error: Option<String>,
    pub(super) attempts: u32,
    pub(super) due: Option<i64>,
}

/// A step for those who look at an instance.
#[derive(Debug, Clone)]
pub struct ShownStep {
    /// `do`, `sleep` or `waitForEvent`, a colon, its name and its number.
    pub name: String,
    pub state: String,
    pub result: Option<Vec<u8>>,
    pub error: Option<String>,
    pub attempts: u32,
    pub began: i64,
    pub changed: i64,
    pub due: Option<i64>,
}

const COLUMNS: &str = "state, result, error, attempts, due";
/// Of the run that tells it, and of no older one.
const CURRENT: &str = "FROM instances WHERE flow = ?1 AND id = ?2 AND generation = ?3 AND status <> 'terminated'";

impl Workflows {
    pub(super) async fn step(&self, run: &RunId, name: String) -> Answer<Option<Step>> {
        let key = run.key.clone();
        self.read(move |open| {
            let sql = format!("SELECT {COLUMNS} FROM steps WHERE flow = ?1 AND id = ?2 AND name = ?3");
            let step = open.prepare_cached(&sql)?.query_row((key.flow, key.id, name), |row| {
                let (state, result, error) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(Step { state, result, error, attempts: row.get(3)?, due: row.get(4)? })
            });
            step.optional()
        })
        .await
    }

    /// Keeps how a step stands; with `waits` nothing of the instance runs now.
    pub(super) async fn keep_step(&self, run: &RunId, name: String, step: Step, waits: bool) -> Answer<()> {
        let (run, now) = (run.clone(), self.now());
        let bytes = step.result.as_ref().map_or(0, Vec::len);
        self.write(bytes, move |open| {
            keep(open, &run, (&name, step), now)?;
            let status = if waits { "waiting" } else { "running" };
            let sql = "UPDATE instances SET status = ?4, modified = ?5 WHERE flow = ?1 AND id = ?2 AND generation = ?3
                       AND status IN ('running', 'waiting')";
            let of = (&run.key.flow, &run.key.id, run.generation, status, now);
            open.prepare_cached(sql)?.execute(of).map(drop)
        })
        .await
    }

    /// The oldest event of a type, which is the step's from now on, and when it was sent.
    pub(super) async fn take_event(&self, run: &RunId, name: String, kind: String) -> Answer<Option<(Vec<u8>, i64)>> {
        let (run, now) = (run.clone(), self.now());
        self.write(0, move |open| {
            let find = format!(
                "SELECT number, payload, sent FROM events WHERE flow = ?1 AND id = ?2 AND type = ?4
                 AND EXISTS (SELECT 1 {CURRENT}) ORDER BY number LIMIT 1"
            );
            let of = (&run.key.flow, &run.key.id, run.generation, kind);
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?));
            let found: Option<(i64, Vec<u8>, i64)> = open.prepare_cached(&find)?.query_row(of, read).optional()?;
            let Some((number, payload, sent)) = found else { return Ok(None) };
            open.prepare_cached("DELETE FROM events WHERE number = ?1")?.execute([number])?;
            let result = Some(payload.clone());
            let step = Step { state: "complete".into(), result, due: Some(sent), ..Step::default() };
            keep(open, &run, (&name, step), now)?;
            Ok(Some((payload, sent)))
        })
        .await
    }

    /// The status of the instance, if the run is still its.
    pub(super) async fn standing(&self, run: &RunId) -> Answer<Option<String>> {
        let run = run.clone();
        self.read(move |open| {
            let of = (run.key.flow, run.key.id, run.generation);
            open.prepare_cached(&format!("SELECT status {CURRENT}"))?.query_row(of, |row| row.get(0)).optional()
        })
        .await
    }

    /// The steps of an instance in the order in which they began.
    pub async fn steps(&self, key: &InstanceKey) -> Answer<Vec<ShownStep>> {
        let key = key.clone();
        self.read(move |open| {
            let sql = format!(
                "SELECT {COLUMNS}, name, began, changed FROM steps WHERE flow = ?1 AND id = ?2 ORDER BY began, rowid"
            );
            let mut select = open.prepare_cached(&sql)?;
            let rows = select.query_map((key.flow, key.id), |row| {
                let (state, result, error, attempts) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                let (due, name, began, changed) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
                Ok(ShownStep { name, state, result, error, attempts, began, changed, due })
            })?;
            rows.collect()
        })
        .await
    }
}

fn keep(open: &Connection, run: &RunId, (name, step): (&str, Step), now: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO steps (flow, id, name, state, result, error, attempts, due, began, changed)
         SELECT ?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10 {CURRENT}
         ON CONFLICT DO UPDATE SET state = excluded.state, result = excluded.result, error = excluded.error,
         attempts = excluded.attempts, due = excluded.due, changed = excluded.changed"
    );
    let Step { state, result, error, attempts, due } = step;
    let of = (&run.key.flow, &run.key.id, run.generation, name, state, result, error, attempts, due, now);
    open.prepare_cached(&sql)?.execute(of).map(drop)
}
