// Numbers and times in readable form.

/** `90` is "1 min 30 s". Seconds under ten keep one decimal. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
  if (seconds < 1 && seconds > 0) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let rest = Math.round(seconds);
  const words = [];
  for (const [size, name] of units) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole) words.push(`${whole} ${name}`);
  }
  return words.slice(0, 2).join(" ");
}

/** Bits per second: `2400000` is "2.4 Mbit/s". */
export const bits = (perSecond) => scaled(perSecond, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);

/** `1500000` is "1.5 MB". */
export const bytes = (number) => scaled(number, ["B", "kB", "MB", "GB"]);

/** `12345` is "12,345", an unknown number "–". */
export const count = (number) => number?.toLocaleString("en") ?? "–";

/** The time of day of an ISO text, in UTC like the world's clock: "14:03:09". */
export const time = (iso) => iso?.slice(11, 19) ?? "–";

let today = new Date().toISOString().slice(0, 10);

/** Set the day that `when` leaves out: that of the world's clock. */
export const setToday = (iso) => {
  today = iso.slice(0, 10);
};

/** "14:03:09" for a time of today, else with its day. */
export const when = (iso) => (iso?.slice(0, 10) === today ? time(iso) : date(iso));

/** "2026-03-01 14:03:09" */
export const date = (iso) => iso?.slice(0, 19).replace("T", " ") ?? "–";

function scaled(number, units) {
  if (number === null || number === undefined) return "–";
  let index = 0;
  while (number >= 1000 && index < units.length - 1) {
    number /= 1000;
    index += 1;
  }
  return `${number < 10 && index ? number.toFixed(1) : Math.round(number)} ${units[index]}`;
}
