// Numbers in readable form.

/** 75.2 -> "1:15", 4000 -> "1:06:40". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** 0.83 -> "0.8 s", null -> "–". */
export function seconds(value) {
  return value === null || value === undefined ? "–" : `${value.toFixed(1)} s`;
}
