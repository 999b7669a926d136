/** What a chat message is, and how the log shows it. Pure. */

/**
 * @typedef {object} ChatEntry
 * @property {string} fromId session id, `local` or `server`
 * @property {string} name
 * @property {string} text
 * @property {number} at milliseconds since 1970
 */

const SAME_BREATH_MS = 120_000;

/**
 * @param {unknown} data an app message; applications may send other ones
 * @returns {string | null}
 */
export function readChat(data) {
  if (typeof data !== 'object' || data === null) return null;
  const { type, text } = /** @type {{type?: unknown, text?: unknown}} */ (data);
  return type === 'chat' && typeof text === 'string' && text.trim() ? text : null;
}

/**
 * Whether an entry needs no name of its own: the same person has just written.
 *
 * @param {ChatEntry | null} last
 * @param {ChatEntry} entry
 */
export function continues(last, entry) {
  if (last === null || last.fromId !== entry.fromId || last.name !== entry.name) return false;
  return entry.at - last.at < SAME_BREATH_MS;
}

/** @param {number} at */
export function clockTime(at) {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
