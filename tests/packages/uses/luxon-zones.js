// luxon in time zones and languages, which it asks Intl for.
import { DateTime } from "luxon";

export default () => {
  const start = DateTime.fromISO("2026-03-28T23:30:00", { zone: "utc" });
  return {
    berlin: start.setZone("Europe/Berlin").plus({ hours: 5 }).toISO(),
    spoken: start.setLocale("de").toLocaleString(DateTime.DATE_FULL),
    relative: start.plus({ days: 2 }).toRelative({ base: start, locale: "en" }),
  };
};
