/** Finds a connection that is dead without having said so: pings, and wants some answer in time. */

const DEFAULT_INTERVAL_MS = 10_000;
/** Silence of so long after a ping means dead. */
const ANSWER_MS = 6000;

export class Heartbeat {
  interval = DEFAULT_INTERVAL_MS;
  #ping;
  #dead;
  #id = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pinging;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #waiting;

  /** @param {{ping: (id: number) => void, dead: () => void}} actions */
  constructor({ ping, dead }) {
    this.#ping = ping;
    this.#dead = dead;
  }

  start() {
    this.stop();
    this.#pinging = setInterval(() => this.probe(), this.interval);
  }

  stop() {
    clearInterval(this.#pinging);
    this.alive();
  }

  /** Ping now. */
  probe() {
    this.#ping((this.#id += 1));
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#dead();
    }, ANSWER_MS);
  }

  /** Something came. */
  alive() {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
  }
}
