// Whether the server answers: the calls of a page report it, and parts of the page follow it.

let isReached = true;
const listeners = new Set();

/** Report a call that was answered, whatever the answer, or that was not. */
export function report(isAnswered) {
  if (isAnswered === isReached) return;
  isReached = isAnswered;
  for (const listener of listeners) listener(isAnswered);
}

/** Call `listener(isReached)` at each change. Returns a function that ends the subscription. */
export function onReach(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
