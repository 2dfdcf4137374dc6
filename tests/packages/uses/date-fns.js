// date-fns adds, compares, formats and parses dates, with a locale.
import { addMonths, differenceInCalendarDays, eachWeekOfInterval, formatISO, intervalToDuration, parse, format } from "date-fns";
import { de } from "date-fns/locale";

export default () => {
  const start = new Date(Date.UTC(2026, 0, 31, 12));
  return {
    end: addMonths(start, 1).toISOString(),
    days: differenceInCalendarDays(addMonths(start, 1), start),
    weeks: eachWeekOfInterval({ start, end: addMonths(start, 1) }).map((day) => formatISO(day)),
    spoken: format(start, "EEEE, d. MMMM yyyy, HH:mm", { locale: de }),
    parsed: parse("24.12.2026", "dd.MM.yyyy", start).toISOString(),
    duration: intervalToDuration({ start, end: new Date(Date.UTC(2027, 3, 1, 5, 6, 7)) }),
  };
};
