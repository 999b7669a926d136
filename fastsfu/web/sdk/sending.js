/**
 * What one connection sends: for each source the transceiver that carries it, the track, and what
 * its encodings may cost. Sections and directions are the connection's own business.
 */

import { applyEncodings, initialEncodings, isSound } from './encodings.js';
import { offerCodecs } from './offer-wishes.js';

/** @import { SendLimits, SendSettings, Source } from './fastsfu.d.ts' */
/** @import { WantedEncoding } from './protocol.d.ts' */

/**
 * Browsers that do not know a mode of layers refuse it.
 *
 * @param {RTCPeerConnection} pc
 * @param {MediaStreamTrack | string} sent
 * @param {RTCRtpTransceiverInit & {sendEncodings: RTCRtpEncodingParameters[]}} options
 */
function addTransceiver(pc, sent, options) {
  try {
    return pc.addTransceiver(sent, options);
  } catch (error) {
    if (!options.sendEncodings.some((one) => 'scalabilityMode' in one)) throw error;
    const plain = { scalabilityMode: undefined };
    const sendEncodings = options.sendEncodings.map((one) => ({ ...one, ...plain }));
    return pc.addTransceiver(sent, { ...options, sendEncodings });
  }
}

export class Sending {
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #transceivers = new Map();
  /** What there is to send. @type {Map<Source, MediaStreamTrack | null>} */
  #tracks = new Map();
  #on;
  #ladder;
  /** @type {SendSettings} */
  #settings = {};
  /** What others want of a source. @type {Map<Source, WantedEncoding[]>} */
  #wanted = new Map();
  /** Until the limits of a source are set. @type {Map<Source, Promise<void>>} */
  #limiting = new Map();

  /**
   * @param {boolean} on false: all stands ready, and nothing is sent
   * @param {boolean} [ladder] the other end chooses among several encodings of a picture
   */
  constructor(on, ladder = false) {
    this.#on = on;
    this.#ladder = ladder;
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
    const kind = isSound(source) ? 'audio' : 'video';
    const sendEncodings = initialEncodings(source, track, ...this.#limitsOf(source));
    const transceiver = addTransceiver(pc, track ?? kind, { direction, sendEncodings });
    const { codecs } = /** @type {SendLimits} */ (this.#settings[source] ?? {});
    if (this.#ladder && codecs) offerCodecs(transceiver, kind, codecs);
    this.#transceivers.set(source, transceiver);
    return transceiver;
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

  /**
   * What nobody wants rests.
   *
   * @param {Source} source
   * @param {WantedEncoding[]} encodings
   */
  async want(source, encodings) {
    this.#wanted.set(source, encodings);
    await this.#limit(source);
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

  /** Browsers refuse the later ones of limits that are set at once. @param {Source} source */
  #limit(source) {
    const before = this.#limiting.get(source) ?? Promise.resolve();
    const limited = before.catch(() => undefined).then(async () => {
      const sender = this.#transceivers.get(source)?.sender;
      if (sender) await applyEncodings(sender, source, ...this.#limitsOf(source));
    });
    this.#limiting.set(source, limited);
    return limited;
  }

  /**
   * @param {Source} source
   * @returns {[SendSettings[Source], import('./encodings.js').Circumstances]}
   */
  #limitsOf(source) {
    return [this.#settings[source], { ladder: this.#ladder, wanted: this.#wanted.get(source) }];
  }
}
