/** Keeps the screen of a phone on during a call. */

export class WakeLock {
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;
  #wanted = false;

  hold() {
    this.#wanted = true;
    document.addEventListener('visibilitychange', this.#onVisible);
    void this.#request();
  }

  release() {
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.#onVisible);
    void this.#sentinel?.release();
    this.#sentinel = null;
  }

  /** The browser takes the lock back whenever the page is hidden. */
  #onVisible = () => void this.#request();

  async #request() {
    if (document.visibilityState !== 'visible' || !navigator.wakeLock) return;
    try {
      const sentinel = await navigator.wakeLock.request('screen');
      if (this.#wanted) this.#sentinel = sentinel;
      else void sentinel.release();
    } catch {
      // A low battery may refuse it: the call goes on all the same.
    }
  }
}
