// luxon computes with dates and time zones.
import { DateTime, Duration, Interval, IANAZone } from "luxon";

export default () => {
  const start = DateTime.fromISO("2026-03-28T23:30:00", { zone: "utc" });
  return {
    iso: start.plus({ days: 1, hours: 2 }).toISO(),
    weekday: [start.weekday, start.weekNumber, start.daysInMonth, start.isInLeapYear],
    format: start.toFormat("yyyy LLL dd HH:mm"),
    parsed: DateTime.fromFormat("24.12.2026 18:00", "dd.MM.yyyy HH:mm", { zone: "utc" }).toMillis(),
    rfc: DateTime.fromHTTP("Sun, 06 Nov 1994 08:49:37 GMT").toUTC().toISO(),
    duration: Duration.fromObject({ hours: 36, minutes: 75 }).normalize().shiftTo("days", "hours", "minutes").toObject(),
    interval: Interval.fromDateTimes(start, start.plus({ weeks: 2 })).splitBy({ days: 5 }).map((one) => one.toISODate()),
    offset: start.setZone("UTC+3").toISO(),
    invalid: DateTime.fromISO("nonsense").isValid,
    known: IANAZone.isValidZone("Mars/Olympus"),
  };
};
