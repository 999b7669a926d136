/**
 * One data channel that carries app messages, to the server or to another browser, and what has
 * gone over it: frames as docs/app-messages.md describes them.
 *
 * A channel is ordered and reliable, so both ends can count: an `ack` says how many messages of
 * this channel have arrived. What no ack has covered when the channel is lost goes again over the
 * next one.
 */

/** @import { Frame, Metadata as MetadataFrame, WireMessage } from './frames.d.ts' */
/** @import { Metadata } from './metadata.js' */

/**
 * @typedef {object} Entry one message that we send
 * @property {number} number
 * @property {string} kind
 * @property {string} json its data
 * @property {number} bytes
 * @property {'*' | string[]} to session ids
 * @property {Set<string>} recipients origins of those who were meant when it was sent
 * @property {() => void} written resolves what `send` returned
 * @property {(error: Error) => void} failed
 */

/**
 * @typedef {object} LinkHandlers
 * @property {(link: MessageLink) => void} changed it has opened or closed
 * @property {(link: MessageLink, received: number) => void} welcomed
 * @property {(link: MessageLink, message: WireMessage) => void} message
 * @property {(link: MessageLink, frame: MetadataFrame) => void} described
 * @property {(entries: Entry[], link: MessageLink) => void} acked
 * @property {() => void} writable
 * @property {(link: MessageLink) => number} position last number that we have of the other side
 * @property {(type: string, info: string) => void} problem
 */

/** How a channel for app messages is made, on both ends alike; nobody picks the id in-band. */
export const MESSAGE_CHANNEL = {
  label: 'fastsfu.messages',
  init: { negotiated: true, id: 127, ordered: true, protocol: 'fastsfu.messages.v1' },
};

const MAX_BUFFERED_BYTES = 256 * 1024;
const LOW_BUFFERED_BYTES = 64 * 1024;
/** A frame gets no further message from here on. */
const FRAME_BYTES = 16 * 1024;
const ACK_MS = 200;
const ACK_MESSAGES = 32;

export class MessageLink {
  /** The session id at the other end; null: the server. */
  peerId;
  /** The other end has told since the last `greet` what it has. */
  ready = false;
  #channel;
  #handlers;
  /** Written and not covered by an ack. @type {Entry[]} */
  #sent = [];
  #acked = 0;
  #received = 0;
  #told = 0;
  /** What we say of ourselves, while it waits for room. @type {Metadata | null} */
  #metadata = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #ackTimer;

  /**
   * @param {RTCDataChannel} channel
   * @param {string | null} peerId
   * @param {LinkHandlers} handlers
   */
  constructor(channel, peerId, handlers) {
    this.peerId = peerId;
    this.#channel = channel;
    this.#handlers = handlers;
    channel.bufferedAmountLowThreshold = LOW_BUFFERED_BYTES;
    channel.addEventListener('open', this.#onChange);
    channel.addEventListener('close', this.#onChange);
    channel.addEventListener('message', this.#onMessage);
    channel.addEventListener('bufferedamountlow', this.#onLow);
  }

  get open() {
    return this.#channel.readyState === 'open';
  }

  get writable() {
    return this.ready && this.#hasRoom;
  }

  get #hasRoom() {
    return this.open && this.#channel.bufferedAmount < MAX_BUFFERED_BYTES;
  }

  /** Ask the other end what it has; `welcomed` follows. */
  greet() {
    this.ready = false;
    this.#send({ type: 'hello' });
  }

  /**
   * Write one frame with the first of `queue`, which are taken from it.
   *
   * @param {Entry[]} queue
   * @returns {Entry[]} those
   */
  write(queue) {
    let bytes = 0;
    const entries = [];
    while (queue.length && (bytes === 0 || bytes + queue[0].bytes <= FRAME_BYTES)) {
      const entry = /** @type {Entry} */ (queue.shift());
      bytes += entry.bytes;
      entries.push(entry);
    }
    const messages = entries.map((entry) => serialised(entry, this.peerId === null));
    this.#sendText(`{"type":"messages","messages":[${messages.join(',')}]}`);
    this.#sent.push(...entries);
    for (const entry of entries) entry.written();
    return entries;
  }

  /** Say this as soon as there is room, instead of what still waits. @param {Metadata} metadata */
  describe(metadata) {
    this.#metadata = metadata;
    this.#tellMetadata();
  }

  /** Let go of the channel, which stays as it is. */
  release() {
    clearTimeout(this.#ackTimer);
    this.#channel.removeEventListener('open', this.#onChange);
    this.#channel.removeEventListener('close', this.#onChange);
    this.#channel.removeEventListener('message', this.#onMessage);
    this.#channel.removeEventListener('bufferedamountlow', this.#onLow);
    this.ready = false;
    this.#metadata = null;
  }

  #onChange = () => {
    this.ready = false;
    this.#tellMetadata();
    this.#handlers.changed(this);
  };

  #onLow = () => {
    this.#tellMetadata();
    this.#handlers.writable();
  };

  /** @param {MessageEvent} event */
  #onMessage = (event) => {
    const frame = parse(event.data);
    const handle = frame && Object.hasOwn(this.#onType, frame.type) && this.#onType[frame.type];
    if (handle) handle(/** @type {any} */ (frame));
    else this.#handlers.problem('bad-message', 'A frame for app messages could not be read.');
  };

  /** @type {{[Type in Frame['type']]: (frame: Extract<Frame, {type: Type}>) => void}} */
  #onType = {
    hello: () => this.#send({ type: 'welcome', received: this.#handlers.position(this) }),
    welcome: ({ received }) => {
      this.ready = true;
      this.#handlers.welcomed(this, Number(received) || 0);
    },
    messages: ({ messages }) => {
      for (const message of Array.isArray(messages) ? messages : []) {
        this.#received += 1;
        if (isSound(message)) this.#handlers.message(this, message);
      }
      this.#owe();
    },
    ack: ({ count }) => {
      const acked = this.#sent.splice(0, Math.max(0, Number(count) - this.#acked) || 0);
      this.#acked += acked.length;
      this.#handlers.acked(acked, this);
    },
    metadata: (frame) => this.#handlers.described(this, frame),
    refused: ({ error, info }) => this.#handlers.problem(error, info),
    lost: ({ count }) => {
      const info = `This client read too slowly: ${count} app messages were not kept for it.`;
      this.#handlers.problem('messages-lost', info);
    },
  };

  #tellMetadata() {
    if (!this.#metadata || !this.#hasRoom) return;
    this.#send({ type: 'metadata', ...this.#metadata });
    this.#metadata = null;
  }

  /** An ack is due: at once when many wait for it, else soon. */
  #owe() {
    if (this.#received - this.#told >= ACK_MESSAGES) this.#acknowledge();
    else this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_MS);
  }

  #acknowledge() {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#told = this.#received;
    this.#send({ type: 'ack', count: this.#received });
  }

  /** @param {Frame} frame */
  #send(frame) {
    this.#sendText(JSON.stringify(frame));
  }

  /** @param {string} text */
  #sendText(text) {
    // A channel can close between the event and this line; `changed` then comes as well.
    if (this.open) this.#channel.send(text);
  }
}

/**
 * @param {Entry} entry
 * @param {boolean} addressed the server has to know for whom it is
 */
function serialised({ number, kind, json, to }, addressed) {
  const address = addressed ? `,"to":${JSON.stringify(to)}` : '';
  const what = kind === 'app' ? '' : `,"kind":${JSON.stringify(kind)}`;
  return `{"number":${number}${address}${what},"data":${json}}`;
}

/** @param {WireMessage} message */
function isSound(message) {
  return Number.isSafeInteger(message?.number) && message.number > 0 && 'data' in message;
}

/**
 * @param {unknown} text
 * @returns {Frame | null}
 */
function parse(text) {
  try {
    const frame = JSON.parse(String(text));
    return typeof frame?.type === 'string' ? frame : null;
  } catch {
    return null;
  }
}
