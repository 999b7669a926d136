/**
 * Both ways that media can go: by the server (always connected, dormant while it is not needed) and
 * directly to one other browser. The server says which one carries the call; here it is carried
 * out, so that nobody above needs to know: what is published goes over whatever is sent on, and
 * `received` has one track for each source, exchanged only when the new one has pictures or sound.
 */

import { NOTHING, networkOf, shownOf } from './carriers.js';
import { MediaConnection } from './connection.js';
import { mediaBlocked } from './errors.js';
import { iceServers } from './ice-servers.js';
import { Move } from './move.js';
import { SOURCES } from './participants.js';
import { PeerConnection } from './peer-connection.js';
import { safetyNumber } from './safety-number.js';
import { partsOf, trackKey } from './sections.js';
import { TakeOver } from './take-over.js';

/** @import { Reporter } from './arrivals.js' */
/** @import { Carrier, Shown } from './carriers.js' */
/** @import { NetworkTopology, SendSettings, Source } from './fastsfu.d.ts' */
/** @import { ConnectionHandlers } from './connection.js' */
/** @import * as Wire from './protocol.d.ts' */

/**
 * @typedef {object} PathHandlers
 * @property {ConnectionHandlers['exchange']} exchange
 * @property {ConnectionHandlers['confirm']} confirm
 * @property {ConnectionHandlers['refused']} refused
 * @property {ConnectionHandlers['failed']} failed
 * @property {ConnectionHandlers['reachable']} reachable
 * @property {() => boolean} hopeless no media reaches the server; true: go on trying
 * @property {(message: Wire.ClientMessage) => void} send
 * @property {() => void} changed other tracks, or a path is up or down
 * @property {(type: 'peer-to-peer' | 'sfu', event: 'connected' | 'interrupted') => void} network
 * @property {(sessionId: string) => Wire.Participant | undefined} participant
 * @property {(channel: RTCDataChannel, peerId: string | null) => void} channel null: to the server
 * @property {(channel: RTCDataChannel) => void} channelGone
 * @property {(sessionId: string) => void} released the direct connection that was kept has ended
 * @property {() => void} moved the server before is needed no more
 */

/** What was kept without a server to repair it is broken for good after so long. */
const REPAIR_MS = 5000;

export class MediaPaths {
  #handlers;
  /** @type {MediaConnection} */
  #sfu;
  #peer = /** @type {PeerConnection | null} */ (null);
  /**
   * A direct connection that goes on although the server has lost one side: as it was planned,
   * until that side has joined anew (`found`) and the server wants it again, or it breaks.
   *
   * @type {'lost' | 'found' | null}
   */
  #kept = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #breaking;
  #plan = NOTHING;
  /** @type {Wire.IceServer[]} */
  #iceServers = [];
  /** @type {Map<Source, {track: MediaStreamTrack | null, muted: boolean}>} */
  #published = new Map();
  /** @type {SendSettings} */
  #sendSettings = {};
  /** @type {(sessionId: string, source: Source) => boolean} */
  #declined = () => false;
  /** What the server gives us, by trackKey. @type {Map<string, MediaStreamTrack>} */
  #subscribed = new Map();
  /** What of that does not fit through to us. @type {Set<string>} */
  #suspended = new Set();
  /** By trackKey. @type {Map<string, Shown>} */
  #shown = new Map();
  #takeOver = /** @type {TakeOver | null} */ (null);
  #move = /** @type {Move | null} */ (null);
  #sfuUp = true;
  #peerUp = true;
  #safetyNumber = /** @type {string | null} */ (null);

  /** @param {PathHandlers} handlers */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#sfu = this.#newSfu();
  }

  /** The first offer to the server. */
  begin() {
    return this.#sfu.begin();
  }

  /**
   * Signaling is there (again), and this is how things are.
   *
   * @param {Wire.Joined | Wire.Resumed} welcome
   */
  welcome({ ice_servers, sections, topology }) {
    this.#iceServers = ice_servers;
    this.#suspended.clear();
    this.#sfu.setIceServers(ice_servers);
    this.#sfu.setSections(sections);
    this.follow(topology);
  }

  /** @param {Wire.SectionsMessage} sections that we are to receive in */
  setSections(sections) {
    this.#sfu.setSections(sections);
  }

  /** What we have in force of what the server said, once more. */
  confirm() {
    this.#sfu.confirm();
  }

  /**
   * The server's word on what carries the call.
   *
   * @param {Wire.Topology} plan
   */
  follow(plan) {
    if (this.#kept === 'lost' && plan.topology === 'none') return;
    this.#settleKept(plan.peer);
    const changes = JSON.stringify(plan.sending) !== JSON.stringify(this.#plan.sending);
    this.#plan = { topology: plan.topology, sending: plan.sending, peer: plan.peer };
    if (plan.peer?.number !== this.#peer?.number) this.#replacePeer(plan.peer);
    void this.#sfu.setDormant(!plan.sending.includes('sfu'));
    void this.#peer?.setSending(plan.sending.includes('peer'));
    if (changes) this.#endTakeOver();
    if (changes && plan.sending.length === 2) this.#beginTakeOver();
    this.#show();
  }

  /**
   * The server takes this session for lost, the other side's or our own. Their direct connection
   * needs no server: while it works, it goes on.
   *
   * @param {string} sessionId of the other side
   * @returns {boolean} it does
   */
  keep(sessionId) {
    const { direct } = this;
    const works = direct?.sessionId === sessionId && direct.connected;
    if (!works || this.#plan.topology !== 'peer') return false;
    this.#kept = 'lost';
    return true;
  }

  /** The other side of what is kept. @returns {string | null} a session id */
  get kept() {
    return (this.#kept && this.#peer?.sessionId) ?? null;
  }

  /**
   * Somebody has joined anew.
   *
   * @param {string} before session id
   * @param {string} sessionId
   */
  returned(before, sessionId) {
    this.#move?.rename(before, sessionId);
    if (this.#peer?.sessionId === before) {
      this.#kept = 'found';
      this.#peer.rename(sessionId);
    }
    this.#show();
  }

  /** @param {Wire.PeerDescriptionMessage | Wire.PeerCandidateMessage} message */
  receive(message) {
    if (!this.#kept && message.number === this.#peer?.number) this.#peer.receive(message);
  }

  /**
   * Of a muted track nothing goes to the server, which keeps sound and picture together all the
   * same. Directly it goes on, as silence: there the pause would set them apart.
   *
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   * @param {boolean} [muted]
   */
  async publish(source, track, muted = false) {
    this.#published.set(source, { track, muted });
    await Promise.all([
      this.#sfu.publish(source, muted ? null : track),
      this.#peer?.publish(source, track),
    ]);
  }

  /** @param {Source} source */
  async unpublish(source) {
    this.#published.delete(source);
    await Promise.all([this.#sfu.unpublish(source), this.#peer?.publish(source, null)]);
  }

  /** @param {SendSettings} settings */
  async setSendSettings(settings) {
    this.#sendSettings = settings;
    await Promise.all([
      this.#sfu.setSendSettings(settings),
      this.#peer?.setSendSettings(settings),
    ]);
  }

  /** Of what the SFU is sent. @param {Wire.Encodings} wanted */
  want({ source, encodings }) {
    return this.#sfu.want(source, encodings);
  }

  /** @param {(sessionId: string, source: Source) => boolean} declined */
  setDeclined(declined) {
    this.#declined = declined;
    const peer = this.#peer;
    peer?.setDeclined((source) => declined(peer.sessionId, source));
  }

  /** Nothing of it comes from the server, or it comes again. @param {Wire.VideoSuspended} told */
  suspend({ session_id, source, suspended }) {
    this.#suspended[suspended ? 'add' : 'delete'](trackKey(session_id, source));
    this.#handlers.changed();
  }

  /**
   * Whether it does not fit to us, unless it is shown by another way than the server.
   *
   * @param {string} sessionId
   * @param {Source} source
   */
  isSuspended(sessionId, source) {
    const key = trackKey(sessionId, source);
    return this.#suspended.has(key) && this.#shown.get(key)?.track === this.#subscribed.get(key);
  }

  /** Not all pictures fit to us. */
  get suspends() {
    return this.#plan.topology === 'sfu' && this.#suspended.size > 0;
  }

  /** What there is to play, by trackKey. @returns {Map<string, MediaStreamTrack>} */
  received() {
    return new Map([...this.#shown].map(([key, { track }]) => [key, track]));
  }

  /** Whether media flows by what carries the call. */
  get up() {
    return this.#plan.topology === 'peer' ? this.#peerUp : this.#sfuUp;
  }

  /** The connection with the other browser, while it is sent on. */
  get direct() {
    return this.#plan.sending.includes('peer') ? this.#peer : null;
  }

  /**
   * What carries our media now: end-to-end only while none of it goes to the server.
   *
   * @returns {NetworkTopology}
   */
  get topology() {
    const direct = this.#peer?.connected ?? false;
    return networkOf(this.#plan, this.#sfu.state === 'connected', direct, this.#safetyNumber);
  }

  /** Why no media reaches the server although signaling does. */
  get blocked() {
    return mediaBlocked(this.#sfu.relayRefused);
  }

  /** The connection to the server has been described, so it can be tried. */
  get negotiated() {
    return this.#sfu.state !== 'new';
  }

  /** The connection that carries the call. @returns {Reporter} */
  get carrier() {
    const direct = this.#plan.topology === 'peer' && this.#peer;
    return direct || this.#sfu;
  }

  wake() {
    this.#sfu.wake();
    this.#peer?.wake();
  }

  /**
   * The session is a new one: of the old one only a direct connection is worth something, and when
   * we have `moved`, what its server still brings until the new one does.
   *
   * @param {boolean} moved
   */
  renew(moved) {
    const old = this.#sfu;
    this.#endMove();
    if (!moved) this.#handlers.channelGone(old.messageChannel);
    if (!this.#peer || !this.keep(this.#peer.sessionId)) {
      this.#replacePeer(null);
      this.#plan = NOTHING;
    }
    const carried = this.#subscribed;
    this.#subscribed = new Map();
    this.#shown = new Map();
    this.#endTakeOver();
    this.#sfu = this.#newSfu();
    if (moved) this.#moveFrom(old, carried);
    else old.close();
    void this.#sfu.setSendSettings(this.#sendSettings);
    for (const [source, { track, muted }] of this.#published) {
      void this.#sfu.publish(source, muted ? null : track);
    }
    this.#show();
  }

  close() {
    this.#endTakeOver();
    this.#move?.end();
    this.#replacePeer(null);
    this.#sfu.close();
  }

  /**
   * @param {MediaConnection} before
   * @param {Map<string, MediaStreamTrack>} tracks that it brings
   */
  #moveFrom(before, tracks) {
    this.#move = new Move(before, this.#sfu, tracks, {
      wanted: (key) => {
        const [id, source] = partsOf(key);
        const isOn = this.#handlers.participant(id)?.[source] && !this.#declined(id, source);
        return isOn === true && this.#plan.topology !== 'peer';
      },
      next: (key) => this.#subscribed.get(key),
      arrived: () => this.#show(),
      done: () => this.#endMove(),
    });
  }

  #endMove() {
    if (!this.#move) return;
    this.#handlers.channelGone(this.#move.messageChannel);
    this.#move.end();
    this.#move = null;
    this.#handlers.moved();
    this.#show();
  }

  #newSfu() {
    const { exchange, confirm, refused, failed, reachable, hopeless } = this.#handlers;
    /** @param {boolean} up */
    const changed = (up) => {
      this.#sfuUp = up;
      this.#handlers.network('sfu', up ? 'connected' : 'interrupted');
      this.#handlers.changed();
    };
    /** @type {MediaConnection} */
    const connection = new MediaConnection({
      exchange,
      confirm,
      refused,
      failed: (error) => {
        if (connection === this.#sfu) failed(error);
      },
      reachable,
      hopeless,
      subscriptions: (tracks) => {
        this.#subscribed = tracks;
        this.#show();
      },
      connected: () => changed(true),
      interrupted: () => changed(false),
    });
    void connection.setDormant(true);
    this.#handlers.channel(connection.messageChannel, null);
    return connection;
  }

  /** The server knows again what there should be. @param {Wire.PeerConnection | null} wanted */
  #settleKept(wanted) {
    const [peer, kept] = [this.#peer, this.#kept];
    if (!kept || !peer) return;
    if (wanted?.session_id === peer.sessionId) {
      this.#kept = null;
      peer.adopt(wanted);
      if (peer.connected) this.#onPeer(peer, 'connected');
    } else {
      this.#replacePeer(null);
      if (kept === 'lost') this.#handlers.released(peer.sessionId);
    }
  }

  /** It broke, and there is no server to repair it with. @param {PeerConnection} peer */
  #release(peer) {
    if (peer !== this.#peer || !this.#kept) return;
    this.#settleKept(null);
    this.#plan = NOTHING;
    this.#show();
  }

  /** @param {Wire.PeerConnection | null} wanted */
  #replacePeer(wanted) {
    clearTimeout(this.#breaking);
    this.#kept = null;
    const channel = this.#peer?.messageChannel;
    if (channel) this.#handlers.channelGone(channel);
    this.#peer?.close();
    this.#peer = null;
    this.#peerUp = true;
    this.#safetyNumber = null;
    if (!wanted) return;
    const peer = new PeerConnection(wanted, iceServers(this.#iceServers), {
      signal: (message) => {
        if (!this.#kept) this.#handlers.send(message);
      },
      reachable: () => !this.#kept && this.#handlers.reachable(),
      state: (state) => {
        if (peer === this.#peer) this.#onPeer(peer, state);
      },
      changed: () => this.#show(),
      channel: (channel) => this.#handlers.channel(channel, wanted.session_id),
    });
    this.#peer = peer;
    void peer.setSendSettings(this.#sendSettings);
    this.setDeclined(this.#declined);
    for (const [source, { track }] of this.#published) void peer.publish(source, track);
    peer.begin();
  }

  /**
   * @param {PeerConnection} peer
   * @param {'connected' | 'interrupted' | 'failed'} state
   */
  #onPeer(peer, state) {
    const up = state === 'connected';
    if (up || this.#peerUp) {
      this.#handlers.network('peer-to-peer', up ? 'connected' : 'interrupted');
    }
    this.#peerUp = up;
    clearTimeout(this.#breaking);
    if (!this.#kept) this.#handlers.send({ type: 'peer-state', number: peer.number, state });
    else if (!up) this.#breaking = setTimeout(() => this.#release(peer), REPAIR_MS);
    if (up) void this.#learnSafetyNumber(peer);
    this.#handlers.changed();
  }

  /** @param {PeerConnection} peer */
  async #learnSafetyNumber(peer) {
    const fingerprints = peer.fingerprints();
    if (!fingerprints) return;
    const number = await safetyNumber(fingerprints.ours, fingerprints.theirs);
    if (peer !== this.#peer) return;
    this.#safetyNumber = number;
    this.#handlers.changed();
  }

  /** Show what the new carrier brings, source by source, and say when all is there. */
  #beginTakeOver() {
    const { topology, peer: wanted } = this.#plan;
    const carrier = topology === 'peer' ? this.#peer : this.#sfu;
    if (!carrier || !wanted || topology === 'none') return;
    this.#takeOver = new TakeOver(carrier, {
      tracks: () => this.#tracksOf(topology),
      wanted: () => this.#wantedOf(this.#plan.peer?.session_id ?? ''),
      looked: () => this.#show(),
      done: () => this.#handlers.send({ type: 'carried', number: wanted.number, by: topology }),
    });
  }

  #endTakeOver() {
    this.#takeOver?.end();
    this.#takeOver = null;
  }

  /** All that somebody has on and we do not decline, by trackKey. @param {string} sessionId */
  #wantedOf(sessionId) {
    const participant = this.#handlers.participant(sessionId);
    const isWanted = (/** @type {Source} */ source) =>
      participant?.[source] && !this.#declined(sessionId, source);
    return SOURCES.filter(isWanted).map((source) => trackKey(sessionId, source));
  }

  /** @param {Carrier} carrier */
  #tracksOf(carrier) {
    const peer = this.#peer;
    if (carrier === 'sfu' || !peer) return carrier === 'sfu' ? this.#subscribed : new Map();
    const tracks = [...peer.received()];
    return new Map(tracks.map(([source, track]) => [trackKey(peer.sessionId, source), track]));
  }

  #show() {
    const tracks = { sfu: this.#tracksOf('sfu'), peer: this.#tracksOf('peer') };
    const hasArrived = (/** @type {MediaStreamTrack} */ track) =>
      this.#takeOver?.hasArrived(track) ?? false;
    this.#shown = shownOf(this.#plan, tracks, this.#shown, hasArrived);
    for (const [key, track] of this.#move?.shown() ?? []) {
      this.#shown.set(key, { by: 'sfu', track });
    }
    this.#handlers.changed();
  }
}
