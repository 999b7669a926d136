/** What the page's address says, and which address to give to others. Pure. */

/**
 * @typedef {object} Entry
 * @property {string} room
 * @property {string | null} token
 * @property {string | null} name
 * @property {boolean} nameIsFixed the token says it: no other one counts
 * @property {boolean} mayPublish false: the token is for listening and watching
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
  const token = given ?? storage.getItem(slot);
  const claims = (token && claimsOf(token)) || {};
  const { searchParams } = url;
  searchParams.delete('t');
  return {
    room,
    token,
    name: String(claims.name || '') || searchParams.get('name'),
    nameIsFixed: Boolean(claims.name),
    mayPublish: claims.publish !== false,
    autojoin: searchParams.get('autojoin') === '1',
    cleanAddress: url.href,
  };
}

/**
 * Whether the server would let us in, before anybody is asked for devices and a name. What does not
 * answer now may do so when we join.
 *
 * @param {string} address
 * @param {Pick<Entry, 'room' | 'token'>} entry
 * @param {typeof fetch} [ask]
 * @returns {Promise<string | null>} type of the error that joining would end in
 */
export async function refusalOf(address, { room, token }, ask = fetch) {
  try {
    const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
    const url = new URL(`${encodeURIComponent(room)}/may-join`, address);
    const answer = await ask(url, { headers, cache: 'no-store' });
    const refused = answer.status === 401 || answer.status === 403;
    return refused ? String((await answer.json()).error) : null;
  } catch {
    return null;
  }
}

/**
 * The link for others. A token goes with it only if it says nothing about its holder: no name, no
 * ownership, no user id.
 *
 * @param {string} address
 * @param {string | null} token
 * @returns {{link: string, complete: boolean}} complete: it opens the room as ours does
 */
export function inviteLink(address, token) {
  const url = new URL(address);
  url.search = '';
  url.hash = '';
  const shared = token !== null && isImpersonal(token);
  if (shared) url.searchParams.set('t', token);
  return { link: url.href, complete: shared || token === null };
}

/** @param {string} token */
export function isImpersonal(token) {
  const claims = claimsOf(token);
  return claims !== null && !claims.name && !claims.owner && !claims.sub;
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
