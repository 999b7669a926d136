/** What the page keeps: where the browser blocks its storage, in memory, so for this page alone. */

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Kept */

/**
 * @param {'localStorage' | 'sessionStorage'} name
 * @returns {Kept} never throws: blocked as a whole, full, or gone meanwhile
 */
export function storageOf(name) {
  /** @type {Map<string, string>} */
  const memory = new Map();
  /** @template T @param {(storage: Storage) => T} act */
  const attempt = (act) => {
    try {
      return act(globalThis[name]);
    } catch {
      return undefined;
    }
  };
  return {
    getItem: (key) => attempt((storage) => storage.getItem(key)) ?? memory.get(key) ?? null,
    setItem: (key, value) => {
      memory.set(key, value);
      attempt((storage) => storage.setItem(key, value));
    },
    removeItem: (key) => {
      memory.delete(key);
      attempt((storage) => storage.removeItem(key));
    },
  };
}
