/** How times and lengths are said. Pure: `now` comes from the caller. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let zone: string | undefined;

/** Says times in this zone (`Europe/Berlin`) from now on; in the browser's own without one, or with one it cannot know. */
export function sayIn(name: string | undefined): void {
  try {
    zone = name ? new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone : undefined;
  } catch {
    zone = undefined;
  }
}

/** The moment as a date whose local fields are those of the reader's zone. */
function here(date: Date): Date {
  if (!zone) return date;
  const local = new Date(date.toLocaleString("en-US", { timeZone: zone }));
  local.setMilliseconds(date.getMilliseconds());
  return local;
}

const clock = (moment: Date): string => {
  const date = here(moment);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
};

const midnight = (moment: Date): number => {
  const date = here(moment);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
};

const weekday = (date: Date): string =>
  date.toLocaleDateString("en-GB", { weekday: "short", timeZone: zone });

/** Whole calendar days from `now` to `date` in the reader's zone: -1 is yesterday. */
const daysBetween = (date: Date, now: Date): number => Math.round((midnight(date) - midnight(now)) / DAY);

/** "14 s ago", "in 5 min", "Yesterday 16:02", "Mon 09:12", "3 Nov", "3 Nov 2025". */
export function relativeTime(date: Date, now: Date): string {
  const ahead = date.getTime() - now.getTime();
  const away = Math.abs(ahead);
  if (away < 5 * SECOND) return "now";
  const say = (value: number, unit: string): string =>
    ahead > 0 ? `in ${Math.floor(value)} ${unit}` : `${Math.floor(value)} ${unit} ago`;
  if (away < MINUTE) return say(away / SECOND, "s");
  if (away < HOUR) return say(away / MINUTE, "min");
  const days = daysBetween(date, now);
  if (days === 0 || away < 6 * HOUR) return say(away / HOUR, "h");
  if (days === -1) return `Yesterday ${clock(date)}`;
  if (days === 1) return `Tomorrow ${clock(date)}`;
  if (Math.abs(days) < 7) return `${weekday(date)} ${clock(date)}`;
  const sameYear = here(date).getFullYear() === here(now).getFullYear();
  return date.toLocaleDateString("en-GB", {
    timeZone: zone,
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** The exact moment in the reader's zone, for hovering: "Fri 20 November 2026, 09:12:03 CET". */
export function exactTime(date: Date): string {
  return date.toLocaleString("en-GB", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** How a moment of its own is said: "Sat 21 Nov, 09:12", "21 Nov, 09:12", "09:12:03", "09:12:03.042", or in full. */
export type MomentForm = "day" | "short" | "clock" | "fine" | "exact";

/** An absolute time in the reader's zone, in the form the server uses for UTC. */
export function moment(date: Date, form: MomentForm): string {
  if (form === "exact") return exactTime(date);
  if (form === "clock" || form === "fine") {
    const seconds = `${clock(date)}:${String(date.getSeconds()).padStart(2, "0")}`;
    return form === "clock" ? seconds : `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  }
  const month = date.toLocaleDateString("en-GB", { month: "short", timeZone: zone });
  const day = `${here(date).getDate()} ${month}, ${clock(date)}`;
  return form === "day" ? `${weekday(date)} ${day}` : day;
}

/** The hour that begins at a moment, in the reader's zone: "09:00 to 10:00". */
export function hourSpan(from: Date): string {
  return `${clock(from)} to ${clock(new Date(from.getTime() + HOUR))}`;
}

/** The hour alone, "09"; with its minutes where the zone is off by half an hour. */
export function hourLabel(from: Date): string {
  const text = clock(from);
  return text.endsWith(":00") ? text.slice(0, 2) : text;
}

/** A length of time in milliseconds with at most two units: "2 ms", "1.9 s", "48 s", "14 min 35 s", "2 d 3 h". */
export function duration(ms: number): string {
  const length = Math.max(0, ms);
  if (length < SECOND) return `${Math.round(length)} ms`;
  if (length < 9.95 * SECOND) return `${(length / SECOND).toFixed(1).replace(".0", "")} s`;
  if (Math.round(length / SECOND) < 60) return `${Math.round(length / SECOND)} s`;
  const wholeSeconds = Math.round(length / SECOND) * SECOND;
  const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string => {
    const whole = Math.floor(wholeSeconds / big);
    const rest = Math.floor((wholeSeconds - whole * big) / small);
    return rest === 0 ? `${whole} ${bigUnit}` : `${whole} ${bigUnit} ${rest} ${smallUnit}`;
  };
  if (length < HOUR) return pair(MINUTE, "min", SECOND, "s");
  if (length < DAY) return pair(HOUR, "h", MINUTE, "min");
  return pair(DAY, "d", HOUR, "h");
}

/** An amount of US dollars, however small: `$0.0145`, `$3.20`. */
export function dollars(amount: number): string {
  if (amount > 0 && amount < 0.0001) return "<$0.0001";
  return `$${amount.toFixed(amount === 0 || amount >= 1 ? 2 : 4)}`;
}

/** What remains until a deadline: "23 h 48 min left", "Overdue". */
export function timeLeft(date: Date, now: Date): string {
  const left = date.getTime() - now.getTime();
  if (left <= 0) return "Overdue";
  return left < MINUTE ? `${Math.ceil(left / SECOND)} s left` : `${duration(left - (left % MINUTE))} left`;
}

/** Deadlines turn red below this many milliseconds. */
export const SOON = 2 * HOUR;
