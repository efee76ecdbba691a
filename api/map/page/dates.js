// Local days of the network's time zone, as YYYY-MM-DD: the API takes such a date as local midnight.

export const SPANS = ["today", "days_7", "days_30", "days_365", "own"];
const LENGTH = { today: 1, days_7: 7, days_30: 30, days_365: 365 };
const DAY_MS = 86_400_000;
const HOURLY_UP_TO_DAYS = 3;
const DAILY_UP_TO_DAYS = 120;

export function today(zone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(new Date());
}

export function moved(day, by) {
  return new Date(Date.parse(day) + by * DAY_MS).toISOString().slice(0, 10);
}

export const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));

/** First and last day of a named span that ends with today. */
export function daysOf(span, zone) {
  const last = today(zone);
  return { from: moved(last, 1 - LENGTH[span]), through: last };
}

/** The step of a series that gives some dozens of rows. */
export function stepOf(from, through) {
  const days = (Date.parse(through) - Date.parse(from)) / DAY_MS + 1;
  return days <= HOURLY_UP_TO_DAYS ? "hour" : days <= DAILY_UP_TO_DAYS ? "day" : "month";
}

// English as it is written where the clock has 24 hours and the day comes first.
const LOCALES = { en: "en-GB" };

export function shownTime(instant, zone, language, step) {
  const style =
    step === "hour"
      ? { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }
      : step === "day"
        ? { day: "numeric", month: "short", year: "numeric" }
        : { month: "long", year: "numeric" };
  return new Intl.DateTimeFormat(LOCALES[language] ?? language, { ...style, timeZone: zone }).format(new Date(instant));
}
