/** How somebody without a picture looks: initials on a colour of their own. Pure. */

/**
 * @param {string} name
 * @returns {string} one or two letters
 */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const [first = '', last = ''] = [words[0], words.length > 1 ? words[words.length - 1] : ''];
  return `${firstLetter(first)}${firstLetter(last)}`.toUpperCase() || '?';
}

/** @param {string} word */
function firstLetter(word) {
  return Array.from(word)[0] ?? '';
}

/**
 * @param {string} text
 * @returns {number} a hue in degrees, the same for the same text
 */
export function hue(text) {
  let hash = 2166136261;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  }
  return (hash >>> 0) % 360;
}

/** @param {{user_name: string, local: boolean}} participant */
export function displayName({ user_name: name, local }) {
  const known = name || 'Guest';
  return local ? `${known} (you)` : known;
}
