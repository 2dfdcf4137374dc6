//! Schedules that fire on the clock.

use super::*;
use crate::clock::ManualClock;
use crate::worker::Cron;

struct Timetable(Vec<(WorkerId, Vec<Cron>)>);

impl Triggers for Timetable {
    fn schedules(&self) -> Vec<(WorkerId, Vec<Cron>)> {
        self.0.clone()
    }
}

#[tokio::test]
async fn schedules_fire_once_a_minute_that_fits() {
    let clock = Arc::new(ManualClock::at(Duration::from_millis(10 * 3_600_000 - 20)));
    let store = Store::in_memory(clock.clone(), tokio::runtime::Handle::current());
    let mut settings = World::settings(store);
    let cron = |text| Cron::parse(text).unwrap();
    let (plain, user) = (WorkerId::plain("clock"), WorkerId::user("staging", "customer"));
    let table = vec![(plain, vec![cron("*/2 * * * *"), cron("30 * * * *")]), (user, vec![cron("0 10 * * *")])];
    settings.0.triggers = Arc::new(Timetable(table));
    let world = World::of(settings);
    let code = "export default { scheduled(controller) { console.log(controller.cron, controller.scheduledTime) } }";
    world.worker("clock", code).await;
    world.user("customer", code);
    clock.advance(Duration::from_millis(30));
    let said = |count: usize| world.said(count);
    let mut first = said(2).await;
    first.sort();
    assert_eq!(first, ["clock log: */2 * * * * 36000000", "staging/customer log: 0 10 * * * 36000000"]);
    clock.advance(Duration::from_mins(2));
    assert_eq!(said(3).await[2], "clock log: */2 * * * * 36120000");
}
