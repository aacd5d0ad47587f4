import { describe, expect, it } from "vitest";
import { duration, hourLabel, hourSpan, moment, relativeTime, sayIn, timeLeft } from "./words.ts";

const now = new Date(2026, 10, 20, 9, 12, 0);
const earlier = (ms: number): Date => new Date(now.getTime() - ms);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("relativeTime", () => {
  it.each([
    [earlier(2_000), "now"],
    [earlier(14_400), "14 s ago"],
    [earlier(59 * MINUTE), "59 min ago"],
    [earlier(5 * HOUR), "5 h ago"],
    [earlier(24 * HOUR), "Yesterday 09:12"],
    [earlier(-27 * HOUR), "Tomorrow 12:12"],
    [earlier(-5 * MINUTE), "in 5 min"],
    [earlier(4 * 24 * HOUR), "Mon 09:12"],
    [new Date(2026, 10, 3), "3 Nov"],
    [new Date(2025, 10, 3), "3 Nov 2025"],
  ])("says %s as %s", (date, words) => {
    expect(relativeTime(date, now)).toBe(words);
  });

  it("stays in hours just after midnight", () => {
    const late = new Date(2026, 10, 20, 0, 30, 0);
    expect(relativeTime(new Date(2026, 10, 19, 22, 0, 0), late)).toBe("2 h ago");
  });
});

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [2, "2 ms"],
    [999.6, "1000 ms"],
    [1_900, "1.9 s"],
    [5_000, "5 s"],
    [9_960, "10 s"],
    [48_000, "48 s"],
    [59_700, "1 min"],
    [14 * MINUTE + 35_000, "14 min 35 s"],
    [8 * HOUR, "8 h"],
    [51 * HOUR, "2 d 3 h"],
  ])("says %i ms as %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});

describe("moment", () => {
  it("says the same as the server, in the reader's zone", () => {
    const date = new Date(2026, 10, 21, 9, 2, 3);
    expect(moment(date, "day")).toBe("Sat 21 Nov, 09:02");
    expect(moment(date, "short")).toBe("21 Nov, 09:02");
    expect(moment(date, "clock")).toBe("09:02:03");
    expect(moment(date, "fine")).toBe("09:02:03.000");
  });

  it("names hours, with minutes only where a zone has them", () => {
    expect(hourSpan(new Date(2026, 10, 20, 23, 0))).toBe("23:00 to 00:00");
    expect(hourLabel(new Date(2026, 10, 20, 9, 0))).toBe("09");
    expect(hourLabel(new Date(2026, 10, 20, 9, 30))).toBe("09:30");
  });
});

describe("timeLeft", () => {
  it("drops seconds above a minute and names what is overdue", () => {
    expect(timeLeft(new Date(now.getTime() + 23 * HOUR + 48 * MINUTE + 30_000), now)).toBe(
      "23 h 48 min left",
    );
    expect(timeLeft(new Date(now.getTime() + 42_100), now)).toBe("43 s left");
    expect(timeLeft(earlier(1), now)).toBe("Overdue");
  });
});

describe("sayIn", () => {
  const noon = new Date(Date.UTC(2026, 10, 20, 12, 0, 0, 42));

  it("says moments in the zone somebody chose", () => {
    sayIn("Asia/Kolkata");
    expect(moment(noon, "fine")).toBe("17:30:00.042");
    expect(moment(new Date(noon.getTime() + 7 * HOUR), "day")).toBe("Sat 21 Nov, 00:30");
    expect(hourLabel(noon)).toBe("17:30");
    sayIn(undefined);
  });

  it("falls back to the browser's for a zone it cannot know", () => {
    const usual = moment(noon, "clock");
    sayIn("Mars/Olympus");
    expect(moment(noon, "clock")).toBe(usual);
  });
});
