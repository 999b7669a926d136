/** How long to wait before the next attempt: exponential, with jitter that spreads a crowd out. */

const FIRST_MS = 300;
/** So a wait takes about a fifth of the time that the server has been away. */
const GROWTH = 1.2;
const LONGEST_MS = 8000;

/**
 * The first attempt comes almost at once; then the window grows up to `LONGEST_MS`, and the wait is
 * evenly spread over its upper half.
 *
 * @param {number} attempt counted from 0
 * @param {() => number} [random] in [0, 1)
 * @returns {number} milliseconds
 */
export function backoffDelay(attempt, random = Math.random) {
  if (attempt <= 0) return random() * FIRST_MS;
  const window = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** attempt);
  return window / 2 + (random() * window) / 2;
}
