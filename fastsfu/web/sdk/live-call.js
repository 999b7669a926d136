/**
 * One call from `join` to its end: signaling, the paths of the media, and what the server has told
 * us. It survives lost WebSockets (`resume`), broken media paths (ICE restart) and, when the
 * server has forgotten the session, joins anew with a new connection.
 */

import { ActiveSpeaker } from './active-speaker.js';
import { AppMessages } from './app-messages.js';
import { CallError, ejection, fatal, left } from './errors.js';
import { Meeting } from './meeting.js';
import { MeetingToken } from './meeting-token.js';
import { MAX_USER_DATA_BYTES, OwnMetadata, metadataOf } from './metadata.js';
import { Offers } from './offers.js';
import { MediaPaths } from './paths.js';
import { Quality } from './quality.js';
import { Roster } from './roster.js';
import { ServerPath } from './server-path.js';
import { isDeclined, wireSettings } from './settings.js';
import { Signaling } from './signaling.js';

/** @import { NetworkConnectionType, ReceiveSettings } from './fastsfu.d.ts' */
/** @import { SendSettings, Source } from './fastsfu.d.ts' */
/** @import { Metadata as MetadataFrame } from './frames.d.ts' */
/** @import { LocalMedia } from './local-media.js' */
/** @import { Knowledge } from './participants.js' */
/** @import { PeerConnection } from './peer-connection.js' */
/** @import * as Wire from './protocol.d.ts' */

/**
 * @typedef {object} LiveCallHandlers
 * @property {(reason?: string) => void} changed what participants() shows; why one left
 * @property {(type: NetworkConnectionType, event: 'connected' | 'interrupted') => void} network
 * @property {(peerId: string | null) => void} speaker
 * @property {(data: unknown, fromId: string) => void} message an app message has come
 * @property {(error: CallError) => void} problem the call goes on
 * @property {() => void} waits a host has to let us in
 * @property {(error: CallError) => void} lost the call is over
 * @property {import('./meeting.js').MeetingHandlers['told']} told
 */

const SDK = 'js/0.1';
const CAPABILITIES = ['knocks', 'p2p', 'confirms', 'maps', 'moves', 'batches', 'limits'];
/** Why a participant may be gone for the server and yet be there. */
const LOST = new Set(['timeout', 'connection-error']);

export class LiveCall {
  #handlers;
  #local;
  #meeting;
  #signaling;
  #messages;
  #metadata;
  #maxUserDataBytes = MAX_USER_DATA_BYTES;
  #paths;
  /** @type {ActiveSpeaker<PeerConnection>} */
  #speaker;
  /** @type {Wire.Participant | null} */
  #you = null;
  #others = new Roster();
  #offers = new Offers((offer) => this.#signaling.send(offer));
  #token = new MeetingToken((message) => this.#signaling.send(message));
  /** @type {Promise<void>} */
  #firstAnswer = Promise.resolve();
  #name = /** @type {string | undefined} */ (undefined);
  #receiveSettings = /** @type {ReceiveSettings} */ ({});
  #quality = new Quality(
    () => this.#paths, (message) => this.#signaling.send(message), () => this.#handlers.changed(),
  );
  #serverPath = new ServerPath();
  #ended = false;

  /**
   * @param {string} url of signaling
   * @param {unknown} userData of `userDataOf`
   * @param {LocalMedia} local
   * @param {LiveCallHandlers} handlers
   */
  constructor(url, userData, local, handlers) {
    this.#handlers = handlers;
    this.#local = local;
    this.#messages = new AppMessages({
      others: () => this.#others.all(),
      deliver: ({ data, fromId }) => handlers.message(data, fromId),
      described: (frame, peerId) => this.#onMetadata(frame, peerId),
      problem: (error) => handlers.problem(error),
    });
    this.#metadata = new OwnMetadata(userData, {
      sources: () => local.sourcesOn(),
      channels: (metadata) => this.#messages.describe(metadata),
      signal: (metadata) => this.#signaling.send({ type: 'update', ...metadata }),
    });
    this.#speaker = new ActiveSpeaker({
      sounds: (direct) => this.#sounds(direct),
      changed: handlers.speaker,
    });
    this.#meeting = new Meeting(local, {
      told: (told) => handlers.told(told),
      send: (message) => this.#signaling.send(message),
      counted: () => handlers.changed(),
    });
    this.#paths = this.#newPaths();
    this.#signaling = new Signaling(url, {
      welcome: (message, moved) => this.#onWelcome(message, moved),
      message: (message) => this.#onMessage(message),
      waits: () => handlers.waits(),
      interrupted: () => handlers.network('signaling', 'interrupted'),
      mayReturn: () => this.#serverPath.mayReturn(),
      goesOn: () => this.#paths.topology.topology === 'peer',
      lost: (error) => this.#onLost(this.#serverPath.explained(error, this.#paths)),
    });
  }

  /**
   * @param {{room: string, token?: string, name?: string}} options
   */
  async join({ room, token, name }) {
    this.#name = name;
    this.#local.start();
    this.#token.start(token);
    await this.#signaling.join(() => ({
      type: 'join', room, token: this.#token.current, name: this.#name, sdk: SDK,
      user_data: this.#metadata.userData, capabilities: CAPABILITIES,
    }));
    await this.#answered();
  }

  /** The first offer is answered: that of the newest session, should the first one get lost. */
  async #answered() {
    const answer = this.#firstAnswer;
    await answer.catch((error) => {
      if (answer === this.#firstAnswer) throw error;
    });
    if (answer !== this.#firstAnswer) await this.#answered();
  }

  end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#signaling.close({ type: 'leave' });
    this.#messages.close();
    this.#metadata.close();
    this.#speaker.close();
    this.#paths.close();
    this.#offers.abandon(left());
    this.#token.abandon(left());
    this.#meeting.abandon(left());
  }

  /** Say goodbye from a page that is being closed. */
  farewell() {
    this.#signaling.send({ type: 'leave' });
  }

  /** The network is back or another one. */
  wake() {
    this.#signaling.wake();
    this.#paths.wake();
  }

  /** @returns {Knowledge | null} null before `joined` */
  knowledge() {
    if (!this.#you) return null;
    return {
      you: { ...this.#you, user_data: this.#metadata.userData },
      local: this.#quality.marked(this.#local.tracks()),
      others: this.#others.all(),
      received: this.#paths.received(),
      declined: (sessionId, source) => isDeclined(this.#receiveSettings, sessionId, source),
      suspended: (sessionId, source) => this.#paths.isSuspended(sessionId, source),
      limitOf: (other, source) => this.#quality.limitOf(other, source),
      pathUp: this.#paths.up,
    };
  }

  /** What the application's wishes go to as they are. */
  get parts() {
    return {
      meeting: this.#meeting, token: this.#token, quality: this.#quality,
      metadata: this.#metadata, messages: this.#messages,
    };
  }

  /**
   * @param {Source} source
   * @param {MediaStreamTrack | null} track
   * @param {boolean} [muted]
   */
  publish(source, track, muted) {
    return this.#paths.publish(source, track, muted);
  }

  /** @param {Source} source */
  unpublish(source) {
    return this.#paths.unpublish(source);
  }

  /** Tell the others what is muted, if they do not know yet. */
  announce() {
    if (this.#you) this.#metadata.refresh();
  }

  get maxUserDataBytes() {
    return this.#maxUserDataBytes;
  }

  /** @param {string} [name] */
  requestAccess(name) {
    this.#name = name ?? this.#name;
    this.#signaling.ask({ type: 'request-access', name: this.#name });
  }

  /** @param {string} name */
  setUserName(name) {
    this.#name = name;
    this.#signaling.send({ type: 'update', name });
  }

  /** @param {ReceiveSettings} settings all that hold now */
  setReceiveSettings(settings) {
    this.#receiveSettings = settings;
    this.#paths.setDeclined((sessionId, source) => isDeclined(settings, sessionId, source));
    const known = (/** @type {string} */ id) => this.#others.get(id) !== undefined;
    this.#signaling.send({ type: 'receive-settings', settings: wireSettings(settings, known) });
  }

  /** @param {SendSettings} settings all that hold now */
  setSendSettings(settings) {
    return this.#paths.setSendSettings(settings);
  }

  /** @param {'auto' | 'peer' | 'sfu'} topology */
  setTopology(topology) {
    this.#signaling.send({ type: 'set-topology', topology });
  }

  get topology() {
    return this.#paths.topology;
  }

  #newPaths() {
    return new MediaPaths({
      exchange: (sdp, tracks) => this.#offers.exchange(sdp, tracks),
      confirm: (revision) => this.#signaling.send({ type: 'confirm', revision }),
      refused: (sources) => this.#onRefused(sources),
      failed: (error) => this.#onNegotiationFailed(error),
      reachable: () => this.#signaling.connected,
      hopeless: () => this.#onHopeless(),
      send: (message) => this.#signaling.send(message),
      changed: () => this.#onPaths(),
      network: (type, event) => this.#onNetwork(type, event),
      participant: (sessionId) => this.#others.get(sessionId),
      channel: (channel, peerId) => this.#messages.attach(channel, peerId),
      channelGone: (channel) => this.#messages.detach(channel),
      released: (sessionId) => this.#forget(sessionId),
      moved: () => this.#onMoved(),
    });
  }

  /** @param {Wire.Joined | Wire.Resumed} welcome @param {boolean} moved to another server */
  #onWelcome(welcome, moved) {
    const again = this.#you !== null;
    if (welcome.type === 'joined' && again) this.#startOver(moved);
    this.#you = welcome.you;
    for (const participant of welcome.participants) this.#recognise(participant);
    this.#others.replace(welcome.participants, this.#paths.kept);
    this.#meeting.welcomed(welcome);
    this.#paths.welcome(welcome);
    if (welcome.type === 'joined') {
      this.#maxUserDataBytes = welcome.config.max_user_data_bytes;
      this.#messages.configure({
        maxBytes: welcome.config.max_app_message_bytes,
        allowed: welcome.you.permissions.messages,
      });
      this.#begin(again);
    } else {
      if (!this.#offers.repeat()) this.#paths.confirm();
      this.#paths.wake();
    }
    this.#token.welcomed(welcome.type === 'joined');
    this.#metadata.welcomed(welcome.you);
    this.#quality.welcomed(welcome.you);
    if (Object.keys(this.#receiveSettings).length) this.setReceiveSettings(this.#receiveSettings);
    this.#handlers.network('signaling', 'connected');
    this.#messages.route();
    this.#handlers.changed();
    this.#speaker.told(welcome.active_speaker);
  }

  /** @param {boolean} again nobody waits for it: a failure ends the call */
  #begin(again) {
    const answer = this.#paths.begin();
    this.#firstAnswer = answer;
    answer.catch((error) => {
      if (again && answer === this.#firstAnswer) {
        this.#onLost(fatal('connection-error', String(error?.message ?? error)));
      }
    });
  }

  /**
   * The server gave us a new session: the old connection is worth nothing, or as much as its server
   * still brings when we have moved.
   *
   * @param {boolean} moved
   */
  #startOver(moved) {
    this.#paths.renew(moved);
    if (moved) this.#others.carry();
    this.#offers.abandon(new CallError('negotiation-error', 'The session was replaced.'));
  }

  /** All that the server before brought comes by the new one. */
  #onMoved() {
    this.#others.settle();
    this.#signaling.release();
    this.#messages.route();
    this.#handlers.changed();
  }

  /** @param {Wire.ServerMessage} message */
  #onMessage(message) {
    const handle = /** @type {Record<string, (message: any) => void>} */ (this.#onType);
    (handle[message.type] ?? handle.other)(message);
  }

  #onType = {
    /** @param {Wire.Answer} answer */
    answer: (answer) => this.#offers.answered(answer),
    /** @param {Wire.TokenRefreshed} message */
    'token-refreshed': ({ id }) => this.#token.taken(id),
    /** @param {Wire.SectionsMessage} sections */
    sections: (sections) => this.#paths.setSections(sections),
    /** @param {Wire.TopologyMessage} message */
    topology: (message) => this.#paths.follow(message),
    /** @param {Wire.PeerDescriptionMessage} message */
    'peer-description': (message) => this.#paths.receive(message),
    /** @param {Wire.PeerCandidateMessage} message */
    'peer-candidate': (message) => this.#paths.receive(message),
    /** @param {Wire.ParticipantJoined} message */
    'participant-joined': ({ participant }) => this.#learn(participant),
    /** @param {Wire.ParticipantJoined} message */
    'participant-updated': ({ participant }) => this.#learn(participant),
    /** @param {Wire.ParticipantLeft} message */
    'participant-left': ({ session_id, reason }) => {
      if (this.#signaling.moving) return; // to where we go, too
      if (LOST.has(reason) && this.#paths.keep(session_id)) return;
      this.#forget(session_id, reason);
    },
    /** @param {Wire.ActiveSpeaker} message */
    'active-speaker': ({ session_id }) => this.#speaker.told(session_id),
    /** @param {Wire.Encodings} wanted */
    encodings: (wanted) => void this.#paths.want(wanted),
    /** @param {Wire.VideoSuspended} told */
    'video-suspended': (told) => this.#paths.suspend(told),
    /** @param {Wire.LimitsMessage} told */
    limits: (told) => this.#quality.follow(told),
    /** @param {{type: string}} message */
    other: (message) => this.#meeting.receive(message),
    /** @param {Wire.Ejected} message */
    ejected: ({ reason }) =>
      this.#onLost(this.#serverPath.explained(ejection(reason), this.#paths)),
    /** @param {Wire.Error} message */
    error: ({ error, info, re }) => {
      const problem = new CallError(error, info);
      const asked = [this.#offers, this.#token, this.#meeting];
      if (asked.some((each) => each.refused(re, problem))) return;
      if (error === 'sfu-unreachable') this.#tellUnreachable();
      else this.#handlers.problem(problem);
    },
  };

  /** @param {Wire.Participant} participant */
  #learn(participant) {
    if (participant.session_id === this.#you?.session_id) {
      this.#you = participant;
      this.#meeting.follow(participant);
      this.#messages.allow(participant.permissions.messages);
      this.#metadata.heard(participant);
    } else {
      this.#recognise(participant);
      this.#others.learn(participant);
    }
    this.#messages.route();
    this.#handlers.changed();
  }

  /**
   * The other side of a direct call that goes on, and whom we knew at the server before, may have
   * joined anew: they are known by their origin.
   *
   * @param {Wire.Participant} participant
   */
  #recognise(participant) {
    const { session_id } = participant;
    const isKept = this.#paths.kept === session_id;
    const before = isKept ? session_id : this.#others.formerId(participant);
    if (before === undefined) return;
    if (before === this.#paths.direct?.sessionId && !this.#paths.keep(before)) return;
    this.#others.succeed(before, participant);
    this.#messages.rename(before, session_id);
    this.#paths.returned(before, session_id);
  }

  /**
   * @param {string} sessionId
   * @param {string} [reason]
   */
  #forget(sessionId, reason) {
    this.#others.forget(sessionId);
    this.#messages.route();
    this.#handlers.changed(reason);
  }

  /**
   * @param {MetadataFrame} frame
   * @param {string | null} peerId whose browser it came from; null: the server
   */
  #onMetadata(frame, peerId) {
    const metadata = metadataOf(frame, this.#maxUserDataBytes);
    if (!metadata) {
      const info = 'What a participant says of itself could not be read.';
      this.#handlers.problem(new CallError('bad-message', info));
      return;
    }
    if (peerId !== null) this.#others.direct(peerId, metadata);
    else if (frame.from === this.#you?.session_id) this.#metadata.heard(metadata);
    else this.#others.relayed(frame.from ?? '', metadata);
    this.#handlers.changed();
  }

  #onPaths() {
    for (const track of this.#paths.received().values()) {
      track.onmute = track.onunmute = () => this.#handlers.changed();
    }
    this.#speaker.follow(this.#paths.direct);
    this.#handlers.changed();
  }

  /** Of both people in a direct call. @param {PeerConnection} direct */
  async #sounds(direct) {
    const { ours, theirs } = await direct.sounds();
    const { session_id: ourId } = /** @type {Wire.Participant} */ (this.#you);
    const unmuted = this.#local.tracks().audio.state === 'playable';
    const heard = this.#others.get(direct.sessionId)?.audio;
    return new Map([
      [ourId, unmuted ? ours : null],
      [direct.sessionId, heard ? theirs : null],
    ]);
  }

  /** @param {Source[]} sources */
  #onRefused(sources) {
    for (const source of sources) {
      this.#local.refuse(source);
      void this.#paths.unpublish(source);
    }
    this.#handlers.problem(new CallError('not-allowed', 'You may not publish in this room.'));
  }

  /** @param {unknown} error */
  #onNegotiationFailed(error) {
    if (this.#ended) return;
    const info = error instanceof Error ? error.message : String(error);
    this.#handlers.problem(new CallError('negotiation-error', info));
  }

  /**
   * @param {NetworkConnectionType} type
   * @param {'connected' | 'interrupted'} event
   */
  #onNetwork(type, event) {
    if (type === 'sfu' && event === 'connected') this.#serverPath.up();
    this.#handlers.network(type, event);
  }

  /** A direct call goes on, and the way to the server is tried for as long as it does. */
  #onHopeless() {
    if (this.#paths.topology.topology === 'peer') {
      this.#tellUnreachable();
      return true;
    }
    if (this.#serverPath.mayReturn()) this.#signaling.rejoin();
    else this.#onLost(this.#paths.blocked);
    return false;
  }

  /** The server notices it too; whoever is first. */
  #tellUnreachable() {
    const problem = this.#serverPath.unreachable();
    if (problem) this.#handlers.problem(problem);
  }

  /** @param {CallError} error */
  #onLost(error) {
    if (this.#ended) return;
    this.end();
    this.#handlers.lost(error);
  }
}
