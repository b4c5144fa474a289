// Texts and parameters of scenarios, checked by the emulator during typing.

import { admin } from "../../../lib/api.js";
import { useEffect, useState } from "../../../lib/html.js";

const CALM_MS = 250;

/** Returns `{valid, errors, scenario, plan}`. It changes nothing, so no list needs to load again. */
export const check = (order) =>
  admin("POST", "scenarios/validate", order, { isReading: true });

/** The check of the current text, a moment after the last key; until then, of the previous text. */
export function useCheck(order) {
  const [result, setResult] = useState(null);
  const subject = JSON.stringify(order);
  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(async () => {
      try {
        const answer = await check(order);
        if (!isOld) setResult(answer);
      } catch (error) {
        const message = { message: error.message, file: "", line: 0, column: 0, parameter: "" };
        if (!isOld) setResult({ valid: false, errors: [message], plan: [], scenario: null });
      }
    }, CALM_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [subject]);
  return result;
}
