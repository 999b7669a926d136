/**
 * The signaling WebSocket, kept alive: heartbeats find dead connections, and a lost one comes back
 * by itself with `resume`, so that the session and its media go on. When the server no longer
 * knows the session, the same loop joins anew.
 *
 * A server that is about to stop says where to go (`moved`): there we join while the old connection
 * still stands, until its owner has what it needs of the new one.
 *
 * What is sent while the connection is away is not queued: the owner sends its state again when it
 * is welcomed back.
 */

import { signalingUrl } from './address.js';
import { backoffDelay } from './backoff.js';
import { CallError, fatal, left, refusal } from './errors.js';
import { Heartbeat } from './heartbeat.js';

/** @import { ClientMessage, Join, Joined, Moved, RequestAccess } from './protocol.d.ts' */
/** @import { Resumed, ServerMessage } from './protocol.d.ts' */

/**
 * @typedef {object} SignalingHandlers
 * @property {(message: Joined | Resumed, moved: boolean) => void} welcome also after each
 *   reconnection; moved: the session before stands until `release`
 * @property {(message: ServerMessage) => void} message all that follow
 * @property {() => void} waits a host has to let us in; `ask` says that we want that
 * @property {() => void} interrupted
 * @property {() => boolean} mayReturn a session whose media failed is worth joining anew
 * @property {() => boolean} goesOn the call does, without a server
 * @property {(error: CallError) => void} lost for good
 */

const SUBPROTOCOL = 'fastsfu.v1';
const HANDSHAKE_MS = 10_000;
/** After so long without any connection the call is given up, unless it goes on without. */
const PATIENCE_MS = 120_000;
/** The same while there is a server that takes nobody: it restarts, or it is full. */
const RESTART_PATIENCE_MS = 30_000;
/** The same while it is being joined: somebody looks at it and wants to know. */
const JOIN_PATIENCE_MS = 8000;
/** Other servers are asked once ours has been away for so long: ours has our session. */
const ALTERNATES_MS = 8000;
/** One attempt takes no longer, with the wait after it: what does is a machine that slept. */
const ATTEMPT_MS = 20_000;
const CLOSED_REPLACED = 4409;
/** Why a server ends a session that its client may have again: it was silent, or the server is. */
const RETURNABLE = new Set(['timeout', 'end-of-life']);
/** Why a server takes nobody, for a while. */
const TAKES_NOBODY = new Set(['end-of-life', 'no-capacity']);

export class Signaling {
  #url;
  #handlers;
  #openSocket;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {(() => Join) | null} */
  #joinMessage = null;
  /** @type {{session_id: string, resume_key: string} | null} */
  #session = null;
  /**
   * One that was lost for good: its app messages go on in the next one.
   *
   * @type {{session_id: string, resume_key: string} | null}
   */
  #lost = null;
  #closed = false;
  #heartbeat;
  /** @type {(() => void) | null} ends the wait before the next attempt */
  #hurry = null;
  /** Of an attempt. @type {WebSocket | null} */
  #opening = null;
  /** An attempt was given up for the next one: do not wait for that. */
  #atOnce = false;
  /** Where else the call may go on. @type {string[]} */
  #alternates = [];
  /** Of the server that we have moved from. @type {WebSocket | null} */
  #left = null;
  /** A move under way. @type {Promise<void> | null} */
  #following = null;

  /**
   * @param {string} url of `/v1/signal`
   * @param {SignalingHandlers} handlers
   * @param {(url: string, subprotocol: string) => WebSocket} [openSocket]
   */
  constructor(url, handlers, openSocket = (to, subprotocol) => new WebSocket(to, subprotocol)) {
    this.#url = url;
    this.#handlers = handlers;
    this.#openSocket = openSocket;
    this.#heartbeat = new Heartbeat({
      ping: (id) => this.send({ type: 'ping', id }),
      dead: () => this.#drop(),
    });
  }

  get connected() {
    return this.#socket !== null;
  }

  /** The server has sent us elsewhere, and we are not there yet. */
  get moving() {
    return this.#following !== null;
  }

  /**
   * A connection that breaks while it is being made says little: browsers end all of them when the
   * network changes, as it does just after waking up. So it is tried a few times.
   *
   * @param {() => Join} message as it is to be then: it is sent anew when the session is lost
   * @returns {Promise<void>} resolves after `welcome` was called
   */
  async join(message) {
    this.#joinMessage = message;
    const error = await this.#persist(JOIN_PATIENCE_MS);
    if (error) throw error;
  }

  /**
   * @param {ClientMessage} message
   * @returns {boolean} whether it was sent
   */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** While we wait to be let in. @param {RequestAccess} request */
  ask(request) {
    if (this.#opening?.readyState === WebSocket.OPEN) this.#opening.send(JSON.stringify(request));
  }

  /** The network is back: try at once. With a connection up, let it prove that it lives. */
  wake() {
    this.#hurry?.();
    if (this.#opening?.readyState === WebSocket.CONNECTING) {
      this.#atOnce = true; // it may hang for seconds in a network that is gone
      this.#opening.close();
      this.#opening.onclose?.(/** @type {CloseEvent} */ ({}));
    }
    if (this.#socket) this.#heartbeat.probe();
  }

  /** Forget the session: the next connection joins anew. */
  rejoin() {
    this.#forget();
    this.#drop();
  }

  /** The session before the move is needed no more. */
  release() {
    const socket = this.#left;
    this.#left = null;
    if (!socket) return;
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'leave' }));
    socket.close(1000);
  }

  /** @param {ClientMessage} [farewell] */
  close(farewell) {
    if (farewell) this.send(farewell);
    this.release();
    this.#closed = true;
    this.#hurry?.();
    this.#detach()?.close(1000);
  }

  /**
   * One attempt: open, send the first message, wait for the answer to it.
   *
   * @param {ClientMessage} first
   * @param {string} url
   */
  async #handshake(first, url) {
    const socket = this.#openSocket(url, SUBPROTOCOL);
    this.#opening = socket;
    const welcome = await firstAnswer(socket, first, () => this.#handlers.waits())
      .finally(() => (this.#opening = null));
    if (this.#closed) {
      socket.send(JSON.stringify({ type: 'leave' })); // else we stay in the room for a while
      socket.close(1000);
      throw left();
    }
    this.#url = url;
    this.#adopt(socket, welcome);
  }

  /**
   * @param {WebSocket} socket
   * @param {Joined | Resumed} welcome
   */
  #adopt(socket, welcome) {
    this.release();
    const moved = this.#socket !== null;
    this.#left = this.#detach();
    this.#socket = socket;
    if (welcome.type === 'joined') {
      this.#session = { session_id: welcome.session_id, resume_key: welcome.resume_key };
      this.#lost = null;
      this.#heartbeat.interval = welcome.heartbeat * 1000;
      this.#alternates = (welcome.alternates ?? []).map(signalingUrl);
    }
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#onClose(event.code);
    this.#heartbeat.start();
    this.#handlers.welcome(welcome, moved);
  }

  /** @param {unknown} text */
  #receive(text) {
    const message = parse(text);
    if (!message) return;
    this.#heartbeat.alive();
    if (message.type === 'error' && message.fatal) this.#onFatal(message);
    else if (message.type === 'moved') this.#follow(message);
    else if (message.type === 'batch') {
      for (const each of message.messages) this.#handlers.message(each);
    } else if (message.type !== 'pong') this.#handlers.message(message);
  }

  /**
   * It may have waited in the socket while the machine slept, and the server may be another one by
   * now.
   *
   * @param {import('./protocol.d.ts').Error} message
   */
  #onFatal(message) {
    const noMedia = message.error === 'connection-error';
    const returns = noMedia ? this.#handlers.mayReturn() : RETURNABLE.has(message.error);
    if (returns) this.#drop();
    else this.#fail(refusal(message));
  }

  /** @param {number} code */
  #onClose(code) {
    this.#detach();
    if (this.#closed) return;
    if (code === CLOSED_REPLACED) {
      this.#fail(fatal('ejected', 'This session goes on in another window.'));
      return;
    }
    this.#handlers.interrupted();
    void this.#reconnect();
  }

  /** Close a socket that may be dead: do not wait for its close event. */
  #drop() {
    const socket = this.#detach();
    if (!socket) return;
    socket.close();
    this.#handlers.interrupted();
    void this.#reconnect();
  }

  #detach() {
    const socket = this.#socket;
    this.#heartbeat.stop();
    this.#socket = null;
    if (socket) socket.onmessage = socket.onclose = null;
    return socket;
  }

  /** @param {Moved} where */
  #follow({ url, alternates }) {
    if (this.#following || !this.#session) return;
    const first = url === null ? this.#url : signalingUrl(url);
    const moving = this.#move([...new Set([first, ...alternates.map(signalingUrl)])]);
    this.#following = moving.finally(() => (this.#following = null));
  }

  /**
   * Join at one of these while the old connection stands; when it goes first, `#reconnect` goes on.
   *
   * @param {string[]} urls
   */
  async #move(urls) {
    const [from, replaces] = [this.#socket, this.#session];
    for (let attempt = 0; this.#socket === from && from !== null; attempt += 1) {
      const join = /** @type {() => Join} */ (this.#joinMessage)();
      const first = /** @type {Join} */ ({ ...join, replaces });
      const error = await this.#attempt(first, urls[attempt % urls.length]);
      if (error === null || this.#closed) return;
      await this.#pause(backoffDelay(attempt + 1));
    }
  }

  async #reconnect() {
    await Promise.all([this.#pause(backoffDelay(0)), this.#following]);
    if (this.#closed || this.#socket) return;
    const error = await this.#persist(PATIENCE_MS);
    if (error) this.#fail(error);
  }

  /**
   * Try until it works, until trying again cannot help, or for so long.
   *
   * @param {number} patienceMs
   * @returns {Promise<CallError | null>} why it came to nothing
   */
  async #persist(patienceMs) {
    let attempt = 0;
    let spent = 0;
    for (let last = Date.now(); ;) {
      const error = await this.#attempt(this.#firstMessage(), this.#urlAfter(spent, attempt));
      if (error === null) return null;
      if (this.#isForgotten(error)) continue;
      const now = Date.now();
      spent += Math.min(now - last, ATTEMPT_MS);
      last = now;
      const delay = backoffDelay((attempt += 1));
      const patience = TAKES_NOBODY.has(error.type) ? RESTART_PATIENCE_MS : patienceMs;
      const late = spent + delay >= patience && !this.#handlers.goesOn();
      if (late || !this.#mayRetry(error)) return error;
      await this.#pause(delay);
      if (this.#closed) return left();
    }
  }

  /**
   * Ours, and the others in turn once it has been away for a while: all of a room ask them in the
   * same order, so that they meet.
   *
   * @param {number} spent milliseconds
   * @param {number} attempt
   */
  #urlAfter(spent, attempt) {
    if (spent < ALTERNATES_MS) return this.#url;
    const urls = [...this.#alternates, this.#url];
    return urls[attempt % urls.length];
  }

  /**
   * @param {ClientMessage} first
   * @param {string} url
   * @returns {Promise<CallError | null>}
   */
  async #attempt(first, url) {
    try {
      await this.#handshake(first, url);
      return null;
    } catch (error) {
      if (error instanceof CallError) return error;
      return fatal('connection-error', error instanceof Error ? error.message : String(error));
    }
  }

  /** @returns {ClientMessage} */
  #firstMessage() {
    if (this.#session) return { type: 'resume', ...this.#session };
    const join = /** @type {() => Join} */ (this.#joinMessage)();
    return this.#lost ? { ...join, replaces: this.#lost } : join;
  }

  /**
   * A refused `resume` means that the session is gone: the next attempt joins anew, at once.
   *
   * @param {CallError} error
   */
  #isForgotten({ type }) {
    const gone = this.#session !== null && (type === 'no-room' || type === 'not-allowed');
    if (gone) this.#forget();
    return gone && !this.#closed;
  }

  /** @param {CallError} error */
  #mayRetry({ fatal: refused, type, cause }) {
    if (this.#closed || cause === 'origin-refused') return false;
    if (!refused || type === 'connection-error') return true;
    const wasIn = this.#session !== null || this.#lost !== null;
    return TAKES_NOBODY.has(type) && wasIn;
  }

  #forget() {
    this.#lost = this.#session ?? this.#lost;
    this.#session = null;
  }

  /** @param {CallError} error */
  #fail(error) {
    if (this.#closed) return;
    this.close();
    this.#handlers.lost(error);
  }

  /** @param {number} ms */
  #pause(ms) {
    const atOnce = this.#atOnce;
    this.#atOnce = false;
    if (atOnce) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        this.#hurry = null;
        resolve(undefined);
      };
    });
  }
}

/**
 * @param {WebSocket} socket
 * @param {ClientMessage} first
 * @param {() => void} waits a host has to let us in, which may take long
 * @returns {Promise<Joined | Resumed>}
 */
function firstAnswer(socket, first, waits) {
  return new Promise((resolve, reject) => {
    /** @type {ReturnType<typeof setInterval> | undefined} */
    let pings;
    const stop = () => {
      clearTimeout(timer);
      clearInterval(pings);
    };
    /** @param {CallError} error */
    const refuse = (error) => {
      stop();
      socket.onmessage = socket.onclose = socket.onopen = null;
      socket.close();
      reject(error);
    };
    const timer = setTimeout(
      () => refuse(fatal('connection-error', 'The server did not answer in time.', 'no-server')),
      HANDSHAKE_MS,
    );
    socket.onopen = () => socket.send(JSON.stringify(first));
    socket.onclose = () =>
      refuse(fatal('connection-error', 'The server cannot be reached.', 'no-server'));
    socket.onmessage = (event) => {
      const message = parse(event.data);
      if (message?.type === 'error') refuse(refusal(message));
      if (message?.type === 'waiting') {
        stop();
        const ping = JSON.stringify({ type: 'ping', id: 0 });
        pings = setInterval(() => socket.send(ping), message.heartbeat * 1000);
        waits();
      }
      if (message?.type !== 'joined' && message?.type !== 'resumed') return;
      stop();
      resolve(message);
    };
  });
}

/**
 * @param {unknown} text
 * @returns {ServerMessage | null}
 */
function parse(text) {
  try {
    const message = JSON.parse(String(text));
    return message && typeof message.type === 'string' ? message : null;
  } catch {
    return null;
  }
}
