/**
 * What one connection sends: for each source the transceiver that carries it, the track, and what
 * its encodings may cost. Sections and directions are the connection's own business.
 */

import { applyEncoding, initialEncoding, isSound } from './encodings.js';

/** @import { SendSettings, Source } from './fastsfu.d.ts' */

export class Sending {
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #transceivers = new Map();
  /** What there is to send. @type {Map<Source, MediaStreamTrack | null>} */
  #tracks = new Map();
  #on;
  /** @type {SendSettings} */
  #settings = {};

  /** @param {boolean} on false: all stands ready, and nothing is sent */
  constructor(on) {
    this.#on = on;
  }

  /** Those of all sources that have one; a source may be deleted from it. */
  get transceivers() {
    return this.#transceivers;
  }

  /**
   * A section of its own for this source.
   *
   * @param {RTCPeerConnection} pc
   * @param {Source} source
   * @param {RTCRtpTransceiverDirection} direction
   */
  open(pc, source, direction) {
    const track = this.#sent(source);
    const transceiver = pc.addTransceiver(track ?? (isSound(source) ? 'audio' : 'video'), {
      direction,
      sendEncodings: [initialEncoding(source, track, this.#settings[source])],
    });
    this.#transceivers.set(source, transceiver);
  }

  /**
   * Send this track from now on, or none: for one that is about to come, or is muted.
   *
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async put(source, track) {
    this.#tracks.set(source, track);
    await this.#attach(source);
  }

  /** There is nothing more to send. @param {Source} source */
  async clear(source) {
    this.#tracks.delete(source);
    await this.#attach(source);
  }

  /** Send what there is, or nothing: without a word to anybody. @param {boolean} on */
  async turn(on) {
    if (on === this.#on) return;
    this.#on = on;
    await this.attach();
  }

  /** The transceivers are new. */
  async attach() {
    await this.#each((source) => this.#attach(source));
  }

  /** @param {SendSettings} settings all that hold now */
  async limit(settings) {
    this.#settings = settings;
    await this.limitAnew();
  }

  /** Browsers forget limits that were set before all was negotiated. */
  async limitAnew() {
    await this.#each((source) => this.#limit(source));
  }

  /** @param {(source: Source) => Promise<void>} act */
  async #each(act) {
    await Promise.all([...this.#transceivers.keys()].map(act));
  }

  /** @param {Source} source */
  #sent(source) {
    return (this.#on && this.#tracks.get(source)) || null;
  }

  /** Always: what the sender has may be about to be replaced. @param {Source} source */
  async #attach(source) {
    const track = this.#sent(source);
    await this.#transceivers.get(source)?.sender.replaceTrack(track);
    if (track) await this.#limit(source); // by its size
  }

  /** @param {Source} source */
  async #limit(source) {
    const sender = this.#transceivers.get(source)?.sender;
    if (sender) await applyEncoding(sender, source, this.#settings[source]);
  }
}
