/**
 * Events by name. A handler that throws is reported and does not keep the others from running.
 *
 * @template {object} Events
 */
export class Emitter {
  /** @type {Map<keyof Events, Set<(event: any) => void>>} */
  #handlers = new Map();

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(event: Events[Name]) => void} handler
   */
  on(name, handler) {
    const handlers = this.#handlers.get(name) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(name, handlers);
    return this;
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(event: Events[Name]) => void} handler
   */
  once(name, handler) {
    /** @type {((event: Events[Name]) => void) & {original?: Function}} */
    const onlyOnce = (event) => {
      this.off(name, onlyOnce);
      handler(event);
    };
    onlyOnce.original = handler;
    return this.on(name, onlyOnce);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(event: Events[Name]) => void} handler
   */
  off(name, handler) {
    const handlers = this.#handlers.get(name);
    for (const known of handlers ?? []) {
      if (known === handler || /** @type {any} */ (known).original === handler) {
        handlers?.delete(known);
      }
    }
    return this;
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} event
   */
  emit(name, event) {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) {
      try {
        handler(event);
      } catch (error) {
        report(error);
      }
    }
  }

  clear() {
    this.#handlers.clear();
  }
}

/** @param {unknown} error */
function report(error) {
  queueMicrotask(() => {
    throw error;
  });
}
