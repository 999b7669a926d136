/**
 * The RTCPeerConnection with one other browser, for a call of two: perfect negotiation over the
 * signaling connection. One media section for each source, in a fixed order and always in both
 * directions, so that muting, sharing and unsharing need no offer: only ICE restarts and declined
 * sources do.
 */

import { isSound } from './encodings.js';
import { IceWatch } from './ice-watch.js';
import { MESSAGE_CHANNEL } from './message-link.js';
import { OwnSound } from './own-sound.js';
import { SOURCES } from './participants.js';
import { fingerprintsOf } from './safety-number.js';
import { Sending } from './sending.js';
import { withStartBitrate } from './start-bitrate.js';
import { soundOf } from './stats.js';

/** @import { SendSettings, Source } from './fastsfu.d.ts' */
/** @import * as Wire from './protocol.d.ts' */

/**
 * @typedef {object} PeerHandlers
 * @property {(message: Wire.ClientMessage) => void} signal
 * @property {() => boolean} reachable signaling works
 * @property {(state: 'connected' | 'interrupted' | 'failed') => void} state
 * @property {() => void} changed there are other tracks
 * @property {(channel: RTCDataChannel) => void} channel for app messages
 */

export class PeerConnection {
  /** @type {Wire.PeerConnection} */
  #peer;
  #handlers;
  #pc;
  #iceWatch;
  #sending = new Sending(false);
  /** @type {(source: Source) => boolean} */
  #declined = () => false;
  /** @type {RTCDataChannel | null} */
  #channel = null;
  #ownSound = new OwnSound();
  #makingOffer = false;
  #ignoring = false;
  #wasUp = false;
  /** What the other side says is handled in its order. */
  #work = Promise.resolve();

  /**
   * @param {Wire.PeerConnection} peer
   * @param {RTCIceServer[]} iceServers
   * @param {PeerHandlers} handlers
   * @param {(config: RTCConfiguration) => RTCPeerConnection} [create]
   */
  constructor(peer, iceServers, handlers, create = (config) => new RTCPeerConnection(config)) {
    this.#peer = peer;
    this.#handlers = handlers;
    this.#pc = create({
      iceServers,
      iceTransportPolicy: peer.relay ? 'relay' : 'all',
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
    });
    this.#iceWatch = new IceWatch({
      connected: () => this.#onConnected(),
      interrupted: () => this.#onInterrupted(),
      hopeless: () => {
        handlers.state('failed');
        return false;
      },
      reachable: handlers.reachable,
      restart: () => this.#pc.restartIce(),
    });
    this.#pc.onconnectionstatechange = () => this.#iceWatch.update(this.#pc.connectionState);
    this.#pc.onicecandidate = ({ candidate }) => candidate && this.#tellCandidate(candidate);
    this.#pc.onnegotiationneeded = () => void this.#offer();
  }

  get number() {
    return this.#peer.number;
  }

  get sessionId() {
    return this.#peer.session_id;
  }

  get messageChannel() {
    return this.#channel;
  }

  /**
   * The other side has joined anew, and this is still the connection with it.
   *
   * @param {string} sessionId
   */
  rename(sessionId) {
    this.#peer = { ...this.#peer, session_id: sessionId };
  }

  /** The server wants it (again), by this number. @param {Wire.PeerConnection} peer */
  adopt(peer) {
    this.#peer = peer;
  }

  get connected() {
    return this.#pc.connectionState === 'connected';
  }

  /** The impolite side makes the first offer, by having sections to negotiate. */
  begin() {
    if (this.#peer.polite) return;
    for (const source of SOURCES) {
      this.#sending.open(this.#pc, source, this.#directionOf(source));
    }
    this.#openChannel();
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   */
  publish(source, track) {
    return this.#sending.put(source, track);
  }

  /** Send what is published, or nothing. @param {boolean} sending */
  setSending(sending) {
    return this.#sending.turn(sending);
  }

  /** @param {(source: Source) => boolean} declined what we do not want to receive */
  setDeclined(declined) {
    this.#declined = declined;
    for (const [source, transceiver] of this.#sending.transceivers) {
      transceiver.direction = this.#directionOf(source);
    }
  }

  /** @param {SendSettings} settings */
  setSendSettings(settings) {
    return this.#sending.limit(settings);
  }

  /** @param {Wire.PeerDescriptionMessage | Wire.PeerCandidateMessage} message of the other side */
  receive(message) {
    this.#work = this.#work
      .then(() => (message.type === 'peer-description'
        ? this.#onDescription(message)
        : this.#onCandidate(message)))
      .catch(() => this.#handlers.state('failed'));
  }

  /** What the other side sends, or would. @returns {Map<Source, MediaStreamTrack>} */
  received() {
    const { transceivers } = this.#sending;
    return new Map([...transceivers].map(([source, { receiver }]) => [source, receiver.track]));
  }

  /** The certificates of both sides, as the descriptions in force name them. */
  fingerprints() {
    const { currentLocalDescription: ours, currentRemoteDescription: theirs } = this.#pc;
    if (!ours || !theirs) return null;
    return { ours: fingerprintsOf(ours.sdp), theirs: fingerprintsOf(theirs.sdp) };
  }

  /** @param {MediaStreamTrack} [track] */
  getStats(track) {
    return this.#pc.getStats(track);
  }

  /** What both microphones have brought so far. */
  async sounds() {
    const transceiver = this.#sending.transceivers.get('audio');
    if (!transceiver) return { ours: null, theirs: null };
    const { sender, receiver } = transceiver;
    const reports = await Promise.all([sender.getStats(), receiver.getStats()]);
    const [ours, theirs] = reports.map((report) => soundOf(/** @type {any} */ (report).values()));
    return { ours: ours ?? this.#ownSound.of(sender.track), theirs };
  }

  wake() {
    this.#iceWatch.wake();
  }

  close() {
    this.#iceWatch.stop();
    this.#ownSound.close();
    const pc = this.#pc;
    pc.onconnectionstatechange = pc.onicecandidate = pc.onnegotiationneeded = null;
    pc.close();
  }

  /** @param {Source} source @returns {RTCRtpTransceiverDirection} */
  #directionOf(source) {
    return this.#declined(source) ? 'sendonly' : 'sendrecv';
  }

  #openChannel() {
    const { label, init } = MESSAGE_CHANNEL;
    this.#channel = this.#pc.createDataChannel(label, init);
    this.#handlers.channel(this.#channel);
  }

  async #offer() {
    try {
      this.#makingOffer = true;
      await this.#pc.setLocalDescription();
      this.#tellDescription();
    } catch {
      if (this.#pc.signalingState !== 'closed') this.#handlers.state('failed');
    } finally {
      this.#makingOffer = false;
    }
  }

  /** @param {Wire.PeerDescriptionMessage} message */
  async #onDescription({ kind, sdp }) {
    const pc = this.#pc;
    const collides = kind === 'offer' && (this.#makingOffer || pc.signalingState !== 'stable');
    this.#ignoring = collides && !this.#peer.polite;
    if (this.#ignoring) return;
    // For a polite one whose own offer is out this is a rollback too.
    await pc.setRemoteDescription({ type: kind, sdp: withStartBitrate(sdp, pictureMids(sdp)) });
    if (kind !== 'offer') return;
    if (this.#sending.transceivers.size === 0) await this.#adoptSections();
    await pc.setLocalDescription();
    this.#tellDescription();
  }

  /** The sections of the first offer, by their order. */
  async #adoptSections() {
    this.#openChannel();
    const transceivers = this.#pc.getTransceivers();
    SOURCES.forEach((source, index) => {
      const transceiver = transceivers[index];
      if (!transceiver || (transceiver.receiver.track.kind === 'audio') !== isSound(source)) {
        throw new Error('The offer does not have the sections that the protocol names.');
      }
      transceiver.direction = this.#directionOf(source);
      this.#sending.transceivers.set(source, transceiver);
    });
    this.#handlers.changed();
    await this.#sending.attach();
  }

  /** @param {Wire.PeerCandidateMessage} message */
  async #onCandidate({ candidate, sdp_mid, sdp_mline_index, username_fragment }) {
    try {
      await this.#pc.addIceCandidate({
        candidate,
        sdpMid: sdp_mid,
        sdpMLineIndex: sdp_mline_index,
        usernameFragment: username_fragment,
      });
    } catch (error) {
      if (!this.#ignoring) throw error;
    }
  }

  #tellDescription() {
    const description = this.#pc.localDescription;
    if (description?.type !== 'offer' && description?.type !== 'answer') return;
    const { number } = this.#peer;
    const { type: kind, sdp } = description;
    this.#handlers.signal({ type: 'peer-description', number, kind, sdp });
  }

  /** @param {RTCIceCandidate} candidate */
  #tellCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
    this.#handlers.signal({
      type: 'peer-candidate', number: this.#peer.number, candidate,
      sdp_mid: sdpMid, sdp_mline_index: sdpMLineIndex, username_fragment: usernameFragment ?? null,
    });
  }

  #onConnected() {
    this.#wasUp = true;
    void this.#sending.limitAnew();
    this.#handlers.state('connected');
  }

  #onInterrupted() {
    this.#handlers.state(this.#wasUp ? 'interrupted' : 'failed');
  }
}

/** @param {string} sdp @returns {string[]} mids of the video sections */
function pictureMids(sdp) {
  const sections = sdp.split(/^(?=m=)/m).filter((section) => section.startsWith('m=video'));
  return sections.flatMap((section) => /^a=mid:(\S+)/m.exec(section)?.[1] ?? []);
}
