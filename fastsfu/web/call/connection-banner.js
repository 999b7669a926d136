/** When to say that the connection is broken, and when that it works again. */

/** A connection that is back within this time was never away, for a person. */
const PATIENCE_MS = 900;

export class ConnectionBanner {
  #show;
  #hide;
  #broken = new Set();
  #carrier = 'sfu';
  #visible = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {(text: string) => void} show
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
    this.#decide();
  }

  /**
   * What carries the call now: of the two connections for media only this one counts.
   *
   * @param {{topology: string}} network
   */
  setTopology({ topology }) {
    if (topology === 'none') return;
    const concerned = this.#broken.size > 0;
    this.#carrier = topology === 'peer' ? 'peer-to-peer' : 'sfu';
    if (topology === 'sfu') this.#broken.delete('peer-to-peer');
    if (concerned) this.#decide();
  }

  #decide() {
    const concerned = this.#visible || this.#timer !== undefined;
    this.#stopTimer();
    const counts = this.#broken.has('signaling') || this.#broken.has(this.#carrier);
    if (counts && this.#visible) this.#draw();
    else if (counts) this.#timer = setTimeout(() => this.#draw(), PATIENCE_MS);
    else if (concerned) this.#recover();
  }

  #recover() {
    this.#hide(this.#visible);
    this.#visible = false;
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  clear() {
    this.#stopTimer();
    this.#broken.clear();
    this.#visible = false;
    this.#hide(false);
  }

  #draw() {
    this.#visible = true;
    this.#show(textFor(this.#broken, this.#carrier));
  }
}

/**
 * That one can go on talking is known only of a direct call: the connection to a server that is
 * gone takes seconds to notice it.
 *
 * @param {Set<string>} broken
 * @param {string} carrier
 */
export function textFor(broken, carrier = 'sfu') {
  if (broken.has(carrier)) return 'Connection lost. Reconnecting…';
  if (carrier === 'sfu') return 'Lost touch with the server. Reconnecting…';
  return 'Lost touch with the server. Reconnecting… You can go on talking.';
}
