/**
 * Watches the media path and asks for an ICE restart when it is broken: at once when it has failed,
 * after a moment when it is only disconnected (that often heals by itself), and again, more and
 * more rarely, until it works. Several restarts without effect mean that this connection is beyond
 * repair, unless its owner wants it nevertheless.
 */

const DISCONNECTED_MS = 2000;
const RETRY_MS = [4000, 8000, 12_000];

/**
 * @typedef {object} IceWatchHandlers
 * @property {() => void} connected
 * @property {() => void} interrupted
 * @property {() => boolean} reachable a restart is possible now; none that is not counts
 * @property {() => void} restart
 * @property {() => boolean} hopeless true: go on restarting
 */

export class IceWatch {
  #handlers;
  #restarts = 0;
  /** @type {boolean | null} null before the first news */
  #up = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {IceWatchHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  /** @param {RTCPeerConnectionState} state */
  update(state) {
    if (state === 'connected') this.#onConnected();
    if (state === 'disconnected') {
      this.#onInterrupted();
      this.#timer ??= setTimeout(() => this.#restart(), DISCONNECTED_MS);
    }
    if (state === 'failed') {
      this.#onInterrupted();
      this.#restart();
    }
    if (state === 'closed') this.stop();
  }

  /** The network has changed or come back: if the path is broken, do not wait. */
  wake() {
    if (!this.#up && this.#timer) this.#restart();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #onConnected() {
    this.stop();
    this.#restarts = 0;
    if (!this.#up) this.#handlers.connected();
    this.#up = true;
  }

  #onInterrupted() {
    if (this.#up !== false) this.#handlers.interrupted();
    this.#up = false;
  }

  #restart() {
    this.stop();
    const exhausted = this.#restarts >= RETRY_MS.length;
    if (exhausted && !this.#handlers.hopeless()) return;
    const delay = RETRY_MS[this.#restarts] ?? RETRY_MS[RETRY_MS.length - 1];
    this.#timer = setTimeout(() => this.#restart(), delay);
    if (!this.#handlers.reachable()) return;
    this.#handlers.restart();
    this.#restarts += 1;
  }
}
