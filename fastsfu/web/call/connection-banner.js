/** When to say that the connection is broken, and when that it works again. */

/** A connection that is back within this time was never away, for a person. */
const PATIENCE_MS = 900;

/**
 * @typedef {object} BannerText
 * @property {string} text
 * @property {boolean} busy
 */

export class ConnectionBanner {
  #show;
  #hide;
  #broken = new Set();
  #visible = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {(banner: BannerText) => void} show
   * @param {(recovered: boolean) => void} hide
   */
  constructor(show, hide) {
    this.#show = show;
    this.#hide = hide;
  }

  /** @param {{type: string, event: 'connected' | 'interrupted'}} change */
  update({ type, event }) {
    if (event === 'interrupted') this.#broken.add(type);
    else this.#broken.delete(type);
    clearTimeout(this.#timer);
    if (this.#broken.size === 0) this.clear(this.#visible);
    else if (this.#visible) this.#draw();
    else this.#timer = setTimeout(() => this.#draw(), PATIENCE_MS);
  }

  clear(recovered = false) {
    clearTimeout(this.#timer);
    this.#broken.clear();
    this.#visible = false;
    this.#hide(recovered);
  }

  #draw() {
    this.#visible = true;
    this.#show({ text: textFor(this.#broken), busy: true });
  }
}

/** @param {Set<string>} broken */
export function textFor(broken) {
  if (broken.has('sfu')) return 'Connection lost. Reconnecting…';
  return 'Lost touch with the server. Reconnecting… You can go on talking.';
}
