/** What the page's address says, and which address to give to others. Pure. */

/**
 * @typedef {object} Entry
 * @property {string} room
 * @property {string | null} token
 * @property {string | null} name
 * @property {boolean} autojoin
 * @property {string} cleanAddress the address without the token
 */

/**
 * The token leaves the address at once (it would stay in history, and in what people copy); the
 * session storage keeps it for a reload.
 *
 * @param {string} address
 * @param {Pick<Storage, 'getItem' | 'setItem'>} storage
 * @returns {Entry}
 */
export function readEntry(address, storage) {
  const url = new URL(address);
  const room = decodeURIComponent(url.pathname.split('/').pop() ?? '');
  const slot = `fastsfu.token.${room}`;
  const given = url.searchParams.get('t');
  if (given) storage.setItem(slot, given);
  const { searchParams } = url;
  const name = searchParams.get('name');
  const autojoin = searchParams.get('autojoin') === '1';
  searchParams.delete('t');
  return { room, token: given ?? storage.getItem(slot), name, autojoin, cleanAddress: url.href };
}

/**
 * The link for others. A token goes with it only if it says nothing about its holder: no name, no
 * ownership, no user id.
 *
 * @param {string} address
 * @param {string | null} token
 */
export function inviteLink(address, token) {
  const url = new URL(address);
  url.search = '';
  url.hash = '';
  if (token && isImpersonal(token)) url.searchParams.set('t', token);
  return url.href;
}

/** @param {string} token */
export function isImpersonal(token) {
  const claims = claimsOf(token);
  return claims !== null && !claims.name && !claims.owner && !claims.user_id && !claims.sub_id;
}

/**
 * @param {string} token a JWT; nothing is verified here
 * @returns {Record<string, unknown> | null}
 */
export function claimsOf(token) {
  try {
    const body = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
