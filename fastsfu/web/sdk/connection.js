/**
 * The one RTCPeerConnection with the server: own sources in `sendonly` sections, those of the
 * others in `recvonly` ones, all on one BUNDLE. The server is ICE-lite and its candidates are in
 * the answer, so nothing waits for gathering.
 */

import { IceWatch } from './ice-watch.js';
import { Negotiator } from './negotiator.js';
import { PUBLISHES_LADDER, isSound } from './encodings.js';
import { serverIceServers } from './ice-servers.js';
import { MESSAGE_CHANNEL } from './message-link.js';
import { offerDescriptor, offerFewCodecs, withSoundRepeats } from './offer-wishes.js';
import { missingSections, remapped, sendingMids, subscribedTracks } from './sections.js';
import { Sending } from './sending.js';
import { withStartBitrate } from './start-bitrate.js';

/** @import { SendSettings, Source } from './fastsfu.d.ts' */
/** @import { Answer, IceServer, Sections, SectionsMessage } from './protocol.d.ts' */
/** @import { Subscribed, WantedEncoding } from './protocol.d.ts' */

/**
 * @typedef {object} ConnectionHandlers
 * @property {(sdp: string, tracks: Record<string, Source>) => Promise<Answer>} exchange
 * @property {(revision: number) => void} confirm what the server said until then is in force
 * @property {(tracks: Map<string, MediaStreamTrack>) => void} subscriptions received, by trackKey
 * @property {(sources: Source[]) => void} refused what the server does not take from us
 * @property {(error: unknown) => void} failed an offer that nobody waits for came to nothing
 * @property {() => boolean} reachable offers can be sent now
 * @property {() => void} connected
 * @property {() => void} interrupted
 * @property {() => boolean} hopeless true: go on trying to reach it
 */

export class MediaConnection {
  #pc;
  #handlers;
  #negotiator;
  #iceWatch;
  /** @type {Sections} */
  #wanted = { audio: 0, video: 0 };
  /** @type {Set<RTCRtpTransceiver>} */
  #receiving = new Set();
  /** What the sections carry, by mid. @type {Record<string, Subscribed>} */
  #subscriptions = {};
  /** The server's last word on that. */
  #revision = 0;
  #sending = new Sending(true, PUBLISHES_LADDER);
  /** For app messages. @type {RTCDataChannel} */
  messageChannel;
  /** False before the first offer: until then all changes wait for it. */
  #begun = false;
  /** A relay over TLS could not be used. */
  relayRefused = false;

  /**
   * @param {ConnectionHandlers} handlers
   * @param {(config: RTCConfiguration) => RTCPeerConnection} [create]
   */
  constructor(handlers, create = (config) => new RTCPeerConnection(config)) {
    this.#handlers = handlers;
    this.#pc = create({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers: [] });
    const { label, init } = MESSAGE_CHANNEL;
    this.messageChannel = this.#pc.createDataChannel(label, init);
    this.#iceWatch = new IceWatch({
      connected: handlers.connected,
      interrupted: handlers.interrupted,
      hopeless: handlers.hopeless,
      reachable: handlers.reachable,
      restart: () => this.#pc.restartIce(),
    });
    this.#negotiator = new Negotiator(this.#pc, {
      prepare: () => this.#addMissingSections(),
      amend: withSoundRepeats,
      exchange: (sdp) => this.#exchange(sdp),
      apply: (answer) => this.#apply(answer),
    });
    this.#pc.onconnectionstatechange = () => this.#iceWatch.update(this.#pc.connectionState);
    this.#pc.onnegotiationneeded = () => this.#renegotiate();
    this.#pc.onicecandidateerror = ({ url }) => {
      this.relayRefused ||= url?.startsWith('turns:') ?? false;
    };
  }

  get state() {
    return this.#pc.connectionState;
  }

  /** The first offer; everything before it only prepares. */
  begin() {
    this.#begun = true;
    return this.#negotiator.negotiate();
  }

  /**
   * What to receive in. The server may ask for an offer also when no section is missing: a free one
   * may get a new source.
   *
   * @param {Sections & Partial<SectionsMessage>} sections in all, and what empty ones carry now
   */
  setSections({ audio, video, offer = true, subscriptions = {}, revision = 0 }) {
    this.#wanted = { audio, video };
    if (Object.keys(subscriptions).length) void this.#carry(subscriptions, revision);
    if (offer) this.#renegotiate();
  }

  /** All that the server said until now is in force: it may not have heard so. */
  confirm() {
    this.#handlers.confirm(this.#revision);
  }

  /**
   * Relays for networks that let nothing else through; they count from the next ICE gathering on.
   *
   * @param {IceServer[]} servers
   */
  setIceServers(servers) {
    const configuration = this.#pc.getConfiguration();
    this.#pc.setConfiguration({ ...configuration, iceServers: serverIceServers(servers) });
  }

  /**
   * Send this source: with null only its section stands, for a track that is about to come or is
   * muted.
   *
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  async publish(source, track) {
    const put = this.#sending.put(source, track);
    const transceiver = this.#sending.transceivers.get(source);
    if (!transceiver) this.#open(source);
    else if (transceiver.direction !== 'inactive') return put;
    else transceiver.direction = 'sendonly';
    await Promise.all([put, this.#changed()]);
  }

  /** @param {Source} source */
  async unpublish(source) {
    const cleared = this.#sending.clear(source);
    const transceiver = this.#sending.transceivers.get(source);
    if (!transceiver || transceiver.direction === 'inactive') return cleared;
    transceiver.direction = 'inactive';
    await Promise.all([cleared, this.#changed()]);
  }

  /**
   * Send nothing, while all stays connected and negotiated: what is published is sent from the
   * moment that it is no longer dormant, without a word to anybody.
   *
   * @param {boolean} dormant
   */
  setDormant(dormant) {
    return this.#sending.turn(!dormant);
  }

  /** @param {SendSettings} settings */
  setSendSettings(settings) {
    return this.#sending.limit(settings);
  }

  /**
   * @param {Source} source
   * @param {WantedEncoding[]} encodings what the others want of it
   */
  want(source, encodings) {
    return this.#sending.want(source, encodings);
  }

  /** @param {MediaStreamTrack} [track] */
  getStats(track) {
    return this.#pc.getStats(track);
  }

  wake() {
    this.#iceWatch.wake();
  }

  /** Go on as it is, until it is closed: nothing more is offered, and nobody hears of it. */
  retire() {
    this.#iceWatch.stop();
    const pc = this.#pc;
    pc.onconnectionstatechange = pc.onnegotiationneeded = pc.onicecandidateerror = null;
    this.#negotiator.close();
  }

  close() {
    this.retire();
    this.#pc.close();
  }

  /** @param {Source} source */
  #open(source) {
    const transceiver = this.#sending.open(this.#pc, source, 'sendonly');
    if (!isSound(source)) offerDescriptor(transceiver);
  }

  /** Bring a change into force: part of the first offer, or an offer of its own. */
  #changed() {
    return this.#begun ? this.#negotiator.negotiate() : Promise.resolve();
  }

  #renegotiate() {
    if (!this.#begun) return;
    this.#negotiator.negotiate().catch(this.#handlers.failed);
  }

  #receivingKinds() {
    return [...this.#receiving].map(({ receiver }) => receiver.track);
  }

  #addMissingSections() {
    for (const transceiver of this.#receiving) {
      if (transceiver.currentDirection === 'stopped') this.#receiving.delete(transceiver);
    }
    for (const kind of missingSections(this.#wanted, this.#receivingKinds())) {
      const transceiver = this.#pc.addTransceiver(kind, { direction: 'recvonly' });
      offerFewCodecs(transceiver, kind);
      if (kind === 'video') offerDescriptor(transceiver);
      this.#receiving.add(transceiver);
    }
  }

  /** @param {string} sdp */
  async #exchange(sdp) {
    const sources = this.#sourcesByMid(sdp);
    const answer = await this.#handlers.exchange(sdp, sources);
    const pictures = Object.entries(sources).filter(([, source]) => !isSound(source));
    const answerSdp = withStartBitrate(answer.sdp, pictures.map(([mid]) => mid));
    return { ...answer, sdp: answerSdp, offered: new Set(Object.values(sources)) };
  }

  /** What this offer sends; directions may have changed while it was made. @param {string} sdp */
  #sourcesByMid(sdp) {
    const sending = sendingMids(sdp);
    /** @type {Record<string, Source>} */
    const tracks = {};
    for (const [source, { mid }] of this.#sending.transceivers) {
      if (mid !== null && sending.has(mid)) tracks[mid] = source;
    }
    return tracks;
  }

  /** @param {Answer & {offered: Set<Source>}} answer and what its offer was to send */
  #apply(answer) {
    this.#show(answer.subscriptions, answer.revision);
    this.#noticeRefused(answer.offered);
  }

  /**
   * Sections of the last answer, which are to be in force first; a newer answer says all anew.
   *
   * @param {Record<string, Subscribed>} changes
   * @param {number} revision
   */
  async #carry(changes, revision) {
    await this.#negotiator.settled();
    if (revision > this.#revision) this.#show(remapped(this.#subscriptions, changes), revision);
  }

  /**
   * Before it is confirmed nothing comes, so nothing is ever shown as somebody else's.
   *
   * @param {Record<string, Subscribed>} subscriptions
   * @param {number} revision
   */
  #show(subscriptions, revision) {
    this.#subscriptions = subscriptions;
    this.#revision = revision;
    const byMid = new Map([...this.#receiving].map((one) => [one.mid, one.receiver.track]));
    this.#handlers.subscriptions(subscribedTracks(subscriptions, (mid) => byMid.get(mid) ?? null));
    this.confirm();
  }

  /**
   * A section that we want to send in is inactive, or was rejected as a whole. The answer says
   * nothing of what has been published since its offer.
   *
   * @param {Set<Source>} offered
   */
  #noticeRefused(offered) {
    /** @type {Source[]} */
    const refused = [];
    for (const [source, { direction, currentDirection }] of this.#sending.transceivers) {
      if (direction === 'stopped') this.#sending.transceivers.delete(source);
      const wanted = offered.has(source) && direction !== 'inactive';
      if (wanted && currentDirection !== 'sendonly') refused.push(source);
    }
    if (refused.length) this.#handlers.refused(refused);
  }
}
