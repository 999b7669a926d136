/**
 * App messages of one call, over whatever channel there is: to the server, or to the one other
 * browser of a peer-to-peer call. Each message reaches each receiver once and in its sender's
 * order, also when the channel changes under it. Metadata, which is a state, goes over all of them.
 *
 * How: a sender numbers its messages. One channel is in use at a time; before it is (again), the
 * other end says the last number that it has, and what comes after goes over it in order. So on
 * each channel numbers only grow, and whatever is not greater than the last number delivered of a
 * sender has been delivered already. The format is docs/app-messages.md.
 */

import { CallError } from './errors.js';
import { checkedJson } from './json.js';
import { MessageLink } from './message-link.js';

/** @import { Entry } from './message-link.js' */
/** @import { Metadata as MetadataFrame, WireMessage } from './frames.d.ts' */
/** @import { Metadata } from './metadata.js' */

/**
 * @typedef {object} Someone
 * @property {string} session_id
 * @property {string} origin the session id under which this participant first came
 */

/**
 * @typedef {object} CallKnowledge
 * @property {() => Someone[]} others who is in the room besides us
 * @property {(message: {data: unknown, fromId: string, kind: string}) => void} deliver
 * @property {(frame: MetadataFrame, peerId: string | null) => void} described by another browser or
 *   (null) by the server
 * @property {(error: CallError) => void} problem
 */

const MAX_UNSETTLED = 1000;
const MAX_UNSETTLED_BYTES = 4 * 1024 * 1024;
/** What the server has taken over is kept for a change to a peer-to-peer channel. */
const HISTORY_MS = 30_000;
const MAX_HISTORY = 256;
/** Senders whose last number is remembered, the most recent ones. */
const MAX_SENDERS = 10_000;

export class AppMessages {
  #call;
  #now;
  #number = 0;
  #maxBytes = 4096;
  #allowed = true;
  #closed = false;
  /** By origin of the sender. @type {Map<string, number>} */
  #positions = new Map();
  /** Neither the server nor every receiver has them yet. @type {Map<number, Entry>} */
  #unsettled = new Map();
  #unsettledBytes = 0;
  /** @type {{entry: Entry, at: number}[]} */
  #history = [];
  /** To be written to the link in use. @type {Entry[]} */
  #queue = [];
  /** Unsettled ones that went to a browser. @type {Set<number>} */
  #direct = new Set();
  /** @type {Map<RTCDataChannel, MessageLink>} */
  #links = new Map();
  /** @type {MessageLink | null} */
  #inUse = null;
  #flushing = false;
  /** What we say of ourselves. @type {Metadata | null} */
  #metadata = null;

  /**
   * @param {CallKnowledge} call
   * @param {() => number} [now] milliseconds
   */
  constructor(call, now = () => performance.now()) {
    this.#call = call;
    this.#now = now;
  }

  /**
   * What the server told on joining.
   *
   * @param {{maxBytes: number, allowed: boolean}} rules
   */
  configure({ maxBytes, allowed }) {
    this.#maxBytes = maxBytes;
    this.#allowed = allowed;
  }

  /** We may say something, or not any more. @param {boolean} allowed */
  allow(allowed) {
    this.#allowed = allowed;
  }

  /**
   * Resolves when the message is on its way: written to a channel, in its order. Rejects with a
   * CallError, and then nobody gets it: `too-large`, `not-allowed`, `bad-request`, or
   * `too-many-messages` when too many wait for a channel or for their acknowledgement.
   *
   * @param {unknown} data JSON
   * @param {'*' | string | string[]} [to] everybody else, or session ids
   * @param {string} [kind] `app`, or what the call itself has to say to another browser
   * @returns {Promise<void>}
   */
  async send(data, to = '*', kind = 'app') {
    const json = this.#checked(data, kind);
    const ids = receivers(to);
    const recipients = this.#origins(ids);
    // Nobody is here and there is no server to ask who else may be.
    if (recipients.size === 0 && (ids !== '*' || !this.#links.size)) return;
    const bytes = json.bytes + 64 + (ids === '*' ? 0 : 40 * ids.length);
    this.#requireRoom(bytes);
    await new Promise((resolve, reject) => {
      /** @type {Entry} */
      const entry = {
        number: (this.#number += 1), kind, json: json.text, bytes, to: ids, recipients,
        written: () => resolve(undefined), failed: reject,
      };
      this.#unsettled.set(entry.number, entry);
      this.#unsettledBytes += bytes;
      this.#queue.push(entry);
      this.#flushSoon();
    });
  }

  /**
   * Use this channel from now on where it fits; both ends have to attach theirs. Make it with
   * MESSAGE_CHANNEL of message-link.js.
   *
   * @param {RTCDataChannel} channel opening or open
   * @param {string | null} [peerId] session id of the browser at its other end; null: the server
   */
  attach(channel, peerId = null) {
    if (this.#closed || this.#links.has(channel)) return;
    const link = new MessageLink(channel, peerId, this.#handlers);
    this.#links.set(channel, link);
    if (this.#metadata) link.describe(this.#metadata);
    this.route();
  }

  /** @param {RTCDataChannel} channel it gets and gives nothing more; its owner closes it */
  detach(channel) {
    this.#links.get(channel)?.release();
    this.#links.delete(channel);
    this.route();
  }

  /**
   * Who is at the other end of a channel has joined anew.
   *
   * @param {string} before session id
   * @param {string} sessionId
   */
  rename(before, sessionId) {
    for (const link of this.#links.values()) {
      if (link.peerId === before) link.peerId = sessionId;
    }
  }

  /** Choose the channel anew; call it when somebody has come or gone. */
  route() {
    const others = this.#call.others();
    const links = [...this.#links.values()].filter((link) => link.open);
    const alone = others.length === 1 ? others[0].session_id : null;
    const peer = alone === null ? undefined : links.findLast((link) => link.peerId === alone);
    const link = peer ?? links.findLast((each) => each.peerId === null) ?? null;
    if (link === this.#inUse) return;
    this.#inUse = link;
    link?.greet();
  }

  /** Say it on all channels, also those that come. @param {Metadata} metadata our own */
  describe(metadata) {
    this.#metadata = metadata;
    for (const link of this.#links.values()) link.describe(metadata);
  }

  /** All that was sent is with the server or with its receivers. */
  get settled() {
    return this.#unsettled.size === 0;
  }

  /** The call has ended. */
  close() {
    this.#closed = true;
    for (const link of this.#links.values()) link.release();
    this.#links.clear();
    this.#inUse = null;
    const error = new CallError('bad-request', 'The call was left before the message was sent.');
    for (const entry of this.#unsettled.values()) entry.failed(error);
    this.#unsettled.clear();
    this.#queue = [];
  }

  /** @type {import('./message-link.js').LinkHandlers} */
  #handlers = {
    changed: (link) => {
      if (link === this.#inUse) this.#inUse = null;
      this.route();
    },
    welcomed: (link, received) => {
      if (link !== this.#inUse) return;
      this.#queue = this.#missing(link, received);
      this.#flush();
    },
    message: (link, message) => this.#receive(link, message),
    described: (link, frame) => this.#call.described(frame, link.peerId),
    acked: (entries, link) => {
      for (const entry of entries) this.#settle(entry, link);
    },
    writable: () => this.#flush(),
    position: (link) => this.#positions.get(this.#originOf(link.peerId ?? '')) ?? 0,
    problem: (type, info) => this.#call.problem(new CallError(type, info)),
  };

  /**
   * @param {unknown} data
   * @param {string} kind
   */
  #checked(data, kind) {
    if (this.#closed) throw new CallError('bad-request', 'The call was left.');
    if (!this.#allowed && kind === 'app') {
      throw new CallError('not-allowed', 'There is no permission to send app messages.');
    }
    return checkedJson(data, this.#maxBytes, 'An app message');
  }

  /** @param {number} bytes */
  #requireRoom(bytes) {
    const full =
      this.#unsettled.size >= MAX_UNSETTLED || this.#unsettledBytes + bytes > MAX_UNSETTLED_BYTES;
    if (full) {
      const info = `${this.#unsettled.size} app messages wait to be sent or acknowledged.`;
      throw new CallError('too-many-messages', info);
    }
  }

  /** @param {'*' | string[]} to */
  #origins(to) {
    if (to === '*') return new Set(this.#call.others().map(({ origin }) => origin));
    return new Set(to.map((id) => this.#originOf(id)));
  }

  /** @param {string} id */
  #originOf(id) {
    return this.#call.others().find(({ session_id }) => session_id === id)?.origin ?? id;
  }

  /**
   * What the other end of a link does not have, in order. What it has is settled by this.
   *
   * @param {MessageLink} link
   * @param {number} received
   */
  #missing(link, received) {
    const waiting = [...this.#unsettled.values()];
    if (link.peerId === null) {
      for (const entry of waiting) {
        if (entry.number <= received) this.#settle(entry, link);
        // A browser may have got it: it is only for those who were meant then.
        else if (this.#direct.has(entry.number)) entry.to = [...entry.recipients];
      }
      return waiting.filter((entry) => entry.number > received);
    }
    const origin = this.#originOf(link.peerId);
    const meant = (/** @type {Entry} */ entry) => entry.recipients.has(origin);
    // Whoever else was meant has left.
    for (const entry of waiting) {
      if (entry.number <= received || !meant(entry)) this.#settle(entry, link);
    }
    const since = this.#now() - HISTORY_MS;
    const past = this.#history.filter(({ at }) => at >= since).map(({ entry }) => entry);
    return [...past, ...waiting]
      .filter((entry) => entry.number > received && meant(entry))
      .sort((one, other) => one.number - other.number);
  }

  /**
   * @param {Entry} entry
   * @param {MessageLink} link who has it
   */
  #settle(entry, link) {
    if (!this.#unsettled.delete(entry.number)) return;
    this.#unsettledBytes -= entry.bytes;
    this.#direct.delete(entry.number);
    entry.written();
    if (link.peerId !== null) return;
    this.#history.push({ entry, at: this.#now() });
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }

  #flushSoon() {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush() {
    while (this.#queue.length && this.#inUse?.writable) {
      const written = this.#inUse.write(this.#queue);
      if (this.#inUse.peerId === null) continue;
      for (const entry of written) this.#direct.add(entry.number);
    }
  }

  /**
   * @param {MessageLink} link
   * @param {WireMessage} message
   */
  #receive(link, message) {
    // Only the server may say whose a message is.
    const fromId = link.peerId ?? message.from;
    if (!fromId) return;
    const origin = link.peerId === null ? (message.origin ?? fromId) : this.#originOf(fromId);
    if (message.number <= (this.#positions.get(origin) ?? 0)) return;
    this.#positions.delete(origin);
    this.#positions.set(origin, message.number);
    if (this.#positions.size > MAX_SENDERS) {
      this.#positions.delete(this.#positions.keys().next().value ?? '');
    }
    this.#call.deliver({ data: message.data, fromId, kind: message.kind ?? 'app' });
  }
}

/**
 * @param {string | string[]} to
 * @returns {'*' | string[]}
 */
function receivers(to) {
  if (to === '*') return to;
  const ids = typeof to === 'string' ? [to] : to;
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string' && id !== '*')) {
    throw new CallError('bad-request', "to has to be '*', a session id or an array of them.");
  }
  return [...new Set(ids)];
}
