/** The public face: what `createCall` returns. See fastsfu.d.ts for each method and event. */

import { Access } from './access.js';
import { servedFrom, signalingUrl } from './address.js';
import { Emitter } from './emitter.js';
import { CallError, fatal, left, unsupported } from './errors.js';
import { listDevices } from './devices.js';
import { shareBandwidth } from './encodings.js';
import { HostedCall } from './hosted-call.js';
import { LiveCall } from './live-call.js';
import { LocalMedia } from './local-media.js';
import { userDataOf } from './metadata.js';
import { eventsBetween, nobody, participantsOf, withoutTracksOfOthers } from './participants.js';
import { mergeReceiveSettings, mergeSendSettings, startOf } from './settings.js';

/** @import * as Face from './fastsfu.d.ts' */

const QUALITY_PERIOD_MS = 4000;

/** @type {typeof import('./fastsfu.d.ts').createCall} */
export function createCall(options = {}) {
  return new Call(options);
}

/** @implements {Face.Call} */
class Call extends HostedCall {
  /** @type {Emitter<Face.CallEvents>} */
  #events = new Emitter();
  /** @type {Face.MeetingState} */
  #state = 'new';
  #options;
  /** @type {Face.Participants} */
  #participants;
  #local;
  /** @type {LiveCall | null} */
  #live = null;
  /** @type {string | null} */
  #speaker = null;
  /** @type {Face.ReceiveSettings} */
  #receiveSettings = {};
  /** @type {Face.SendSettings} */
  #sendSettings = {};
  /** @type {number | null} */
  #kbs = null;
  /** The limits in force leave room for a shared screen. */
  #sharing = false;
  /** The threshold that was told last, and its causes. */
  #judged = 'good';
  /** @type {Face.NetworkTopology} */
  #topology = NO_TOPOLOGY;
  /** @type {Face.ParticipantCounts} */
  #counts = { present: 0, hidden: 0 };
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #qualityTimer;
  #userName = '';
  #access = new Access((access) => this.#emit('access-state-updated', { access }));
  #destroyed = false;

  /** @param {Face.CallOptions} options */
  constructor(options) {
    super(() => this.#requireJoined().parts.meeting);
    this.#options = options;
    this.#local = new LocalMedia({
      publish: async (...published) => this.#live?.publish(...published),
      unpublish: async (source) => this.#live?.unpublish(source),
      changed: () => this.#onLocalChange(),
      problem: (error) => this.#onProblem(error),
    });
    this.#local.configure(options);
    this.#participants = participantsOf(this.#knowledge());
    this.#listen('addEventListener');
  }

  /** @param {Face.JoinOptions} options */
  async join(options) {
    this.#requireUsable();
    if (this.#state === 'joining-meeting' || this.#state === 'joined-meeting') {
      throw new CallError('bad-request', 'This call has been joined already.');
    }
    const { room, token, name, ...others } = { ...this.#options, ...options };
    const userData = userDataOf(others.userData);
    this.#local.configure(startOf(options, this.#options));
    this.#userName = name ?? '';
    this.#state = 'joining-meeting';
    /** @type {LiveCall | null} */
    let live = null;
    try {
      live = this.#live = this.#newLive(others.url ?? servedFrom(), userData);
      live.setReceiveSettings(this.#receiveSettings);
      this.#emit('joining-meeting', {});
      await this.#applySettings();
      this.#requireLive(live);
      await this.#access.begin(live.join({ room, token, name }));
      this.#requireLive(live);
    } catch (error) {
      throw this.#joinFailed(live, error);
    }
    this.#onJoined();
    return this.participants();
  }

  async leave() {
    if (!this.#live) return;
    this.#end('left-meeting');
    this.#emit('left-meeting', {});
  }

  async destroy() {
    this.#destroyed = true;
    await this.leave();
    this.#local.stop();
    this.#listen('removeEventListener');
    this.#events.clear();
  }

  meetingState() {
    return this.#state;
  }

  participants() {
    return { ...this.#participants };
  }

  participantCounts() {
    const joined = this.#state === 'joined-meeting';
    const present = joined ? Object.keys(this.#participants).length : 0;
    return { present, hidden: (joined && this.#live?.parts.meeting.hidden) || 0 };
  }

  /** @param {string} token */
  async refreshToken(token) {
    await this.#requireJoined().parts.token.refresh(token);
  }

  /** @param {boolean} on */
  async setLocalAudio(on) {
    this.#requireUsable();
    if (!on || this.#unmute('audio')) await this.#local.setAudio(on);
  }

  /** @param {boolean} on */
  async setLocalVideo(on) {
    this.#requireUsable();
    if (!on || this.#unmute('video')) await this.#local.setVideo(on);
  }

  /** @param {Face.ScreenShareOptions} [options] */
  async startScreenShare(options) {
    this.#requireJoined();
    if (this.#unmute('screen')) await this.#local.screen.start(options);
  }

  async stopScreenShare() {
    await this.#local.screen.stop();
  }

  /** @param {Face.InputDevices} devices */
  setInputDevices(devices) {
    return this.#local.setInputs(devices);
  }

  async enumerateDevices() {
    return { devices: await listDevices() };
  }

  /** @param {Face.ReceiveSettings} settings */
  async updateReceiveSettings(settings) {
    const merged = mergeReceiveSettings(this.#receiveSettings, settings);
    this.#receiveSettings = merged;
    this.#live?.setReceiveSettings(merged);
    this.#refresh();
    return merged;
  }

  /** @param {Face.SendSettings} settings */
  async updateSendSettings(settings) {
    this.#sendSettings = mergeSendSettings(this.#sendSettings, settings);
    await this.#applySettings();
    return { ...this.#sendSettings };
  }

  /** @param {Face.CodecPreferences} preferences */
  async setCodecPreferences({ video }) {
    await this.updateSendSettings({ video: { codecs: video } });
  }

  /** @param {Face.BandwidthOptions} options */
  async setBandwidth({ kbs }) {
    if (kbs !== null && !(kbs > 0)) {
      throw new CallError('bad-request', 'kbs has to be a positive number or null.');
    }
    this.#kbs = kbs;
    await this.#applySettings();
  }

  /** @param {unknown} data */
  async setUserData(data) {
    const userData = userDataOf(data, this.#live?.maxUserDataBytes);
    this.#options = { ...this.#options, userData };
    this.#live?.parts.metadata.setUserData(userData);
    this.#refresh();
  }

  /** @param {string} name */
  async setUserName(name) {
    this.#requireJoined().setUserName(name);
  }

  /** @param {{name?: string}} [options] */
  async requestAccess({ name } = {}) {
    return this.#access.request(name);
  }

  room() {
    return this.#live?.parts.meeting.room ?? null;
  }

  meetingSessionState() {
    return { data: this.#live?.parts.meeting.data ?? null };
  }

  /** @returns {Promise<Face.NetworkTopology>} */
  async getNetworkTopology() {
    return { ...this.#topology };
  }

  /** @param {Face.TopologyWish} wish */
  async setNetworkTopology({ topology }) {
    if (topology !== 'auto' && topology !== 'peer' && topology !== 'sfu') {
      throw new CallError('bad-request', "topology has to be 'auto', 'peer' or 'sfu'.");
    }
    this.#requireJoined().setTopology(topology);
  }

  async getNetworkStats() {
    return this.#requireJoined().parts.quality.stats();
  }

  /**
   * @param {unknown} data
   * @param {'*' | string | string[]} [to]
   */
  async sendAppMessage(data, to) {
    await this.#requireJoined().parts.messages.send(data, to);
  }

  async reconnect() {
    this.#live?.wake();
  }

  getActiveSpeaker() {
    return { peerId: this.#speaker };
  }

  /**
   * @template {keyof Face.CallEvents} Name
   * @param {Name} name
   * @param {(event: Face.CallEvents[Name]) => void} handler
   */
  on(name, handler) {
    this.#events.on(name, handler);
    return this;
  }

  /**
   * @template {keyof Face.CallEvents} Name
   * @param {Name} name
   * @param {(event: Face.CallEvents[Name]) => void} handler
   */
  once(name, handler) {
    this.#events.once(name, handler);
    return this;
  }

  /**
   * @template {keyof Face.CallEvents} Name
   * @param {Name} name
   * @param {(event: Face.CallEvents[Name]) => void} handler
   */
  off(name, handler) {
    this.#events.off(name, handler);
    return this;
  }

  /**
   * @template {keyof Face.CallEvents} Name
   * @param {Name} action
   * @param {Omit<Face.CallEvents[Name], 'action'>} details
   */
  #emit(action, details) {
    const event = /** @type {unknown} */ ({ action, ...details });
    this.#events.emit(action, /** @type {Face.CallEvents[Name]} */ (event));
  }

  /**
   * @param {string} url where the server is mounted
   * @param {unknown} userData
   */
  #newLive(url, userData) {
    const problem = unsupported();
    if (problem) throw problem;
    return new LiveCall(signalingUrl(url), userData, this.#local, this.#liveHandlers());
  }

  /** @returns {import('./live-call.js').LiveCallHandlers} */
  #liveHandlers() {
    return {
      changed: (reason) => {
        this.#refresh(reason);
        this.#noticeTopology();
      },
      network: (type, event) => this.#emit('network-connection', { type, event }),
      speaker: (peerId) => {
        this.#speaker = peerId;
        if (this.#state === 'joined-meeting') this.#tellSpeaker();
      },
      message: (data, fromId) => this.#emit('app-message', { data, fromId }),
      problem: (error) => this.#onProblem(error),
      lost: (error) => this.#onLost(error),
      waits: () => this.#live && this.#access.waits(this.#live),
      told: ({ name, details }) => this.#emit(name, /** @type {any} */ (details)),
    };
  }

  /**
   * Our user wants to send it: whether we may, and then a host's mute is over.
   *
   * @param {Face.Publishable} name
   */
  #unmute(name) {
    const meeting = this.#live?.parts.meeting;
    meeting?.unmute(name);
    if (!meeting || meeting.mayPublish(name)) return true;
    this.#onProblem(new CallError('not-allowed', `There is no permission to publish ${name}.`));
    return false;
  }

  #onJoined() {
    this.#access.granted();
    this.#state = 'joined-meeting';
    this.#participants = withoutTracksOfOthers(participantsOf(this.#knowledge()));
    this.#qualityTimer = setInterval(() => void this.#checkQuality(), QUALITY_PERIOD_MS);
    this.#emit('joined-meeting', { participants: this.participants() });
    this.#refresh();
    if (this.#speaker !== null) this.#tellSpeaker();
  }

  #tellSpeaker() {
    this.#emit('active-speaker-change', { activeSpeaker: { peerId: this.#speaker } });
  }

  /**
   * @param {LiveCall | null} live
   * @param {unknown} error
   */
  #joinFailed(live, error) {
    if (this.#live !== live) return left();
    const problem =
      error instanceof CallError && error.fatal
        ? error
        : fatal('connection-error', error instanceof Error ? error.message : String(error));
    this.#onLost(problem);
    return problem;
  }

  /** @param {CallError} error */
  #onLost(error) {
    this.#end('error');
    this.#emit('error', { errorMsg: error.info, error });
  }

  /** @param {Face.MeetingState} state */
  #end(state) {
    const live = this.#live;
    this.#live = null;
    this.#state = state;
    this.#speaker = null;
    this.#access.end();
    clearInterval(this.#qualityTimer);
    live?.end();
    this.#local.stop();
    this.#refresh('left');
    this.#noticeTopology();
  }

  #noticeTopology() {
    const topology = this.#live?.topology ?? NO_TOPOLOGY;
    if (JSON.stringify(topology) === JSON.stringify(this.#topology)) return;
    this.#topology = topology;
    this.#emit('network-topology-change', topology);
  }

  #noticeCounts() {
    const participantCounts = this.participantCounts();
    const { present, hidden } = this.#counts;
    if (present === participantCounts.present && hidden === participantCounts.hidden) return;
    this.#counts = participantCounts;
    this.#emit('participant-counts-updated', { participantCounts });
  }

  #onLocalChange() {
    if (this.#local.screen.active !== this.#sharing) void this.#applySettings();
    this.#live?.announce();
    this.#refresh();
  }

  /** @param {CallError} error */
  #onProblem(error) {
    this.#emit('nonfatal-error', { errorMsg: error.info, error });
  }

  /**
   * Show what has changed. While joining only we ourselves are shown: the others come with
   * `joined-meeting`, and their tracks after it.
   *
   * @param {string} [reason] why somebody has left
   */
  #refresh(reason) {
    const before = this.#participants;
    const joining = this.#state === 'joining-meeting';
    const knowledge = this.#knowledge();
    this.#participants = participantsOf(joining ? { ...knowledge, others: [] } : knowledge);
    const events = eventsBetween(before, this.#participants, () => reason ?? 'left');
    for (const { name, event } of events) {
      this.#events.emit(name, /** @type {any} */ (event));
    }
    this.#noticeCounts();
  }

  /** @returns {import('./participants.js').Knowledge} */
  #knowledge() {
    return (
      this.#live?.knowledge() ?? {
        you: nobody(this.#userName, this.#options.userData),
        local: this.#local.tracks(),
        others: [],
        received: new Map(),
        declined: () => false,
        suspended: () => false,
        limitOf: () => null,
        pathUp: true,
      }
    );
  }

  async #applySettings() {
    this.#sharing = this.#local.screen.active;
    const limits = shareBandwidth(this.#kbs, this.#sharing);
    const { video, screenVideo, ...others } = this.#sendSettings;
    await this.#live?.setSendSettings({
      ...others,
      video: { ...video, ...limits.video },
      screenVideo: { ...screenVideo, ...limits.screenVideo },
    });
  }

  #requireUsable() {
    if (this.#destroyed) throw new CallError('bad-request', 'This call was destroyed.');
  }

  /** It has not been left meanwhile. @param {LiveCall} live */
  #requireLive(live) {
    if (this.#live !== live) throw left();
  }

  #requireJoined() {
    if (!this.#live || this.#state !== 'joined-meeting') {
      throw new CallError('bad-request', 'Join a room first.');
    }
    return this.#live;
  }

  async #checkQuality() {
    const { threshold, quality, causes } = await this.#requireJoined().parts.quality.watch();
    const judged = [threshold, ...causes].join();
    if (judged === this.#judged) return;
    this.#judged = judged;
    const participant = this.#participants.local;
    this.#emit('network-quality-change', { participant, threshold, quality, causes });
  }

  /** @param {'addEventListener' | 'removeEventListener'} act */
  #listen(act) {
    globalThis[act]?.('online', this.#onOnline);
    globalThis[act]?.('pagehide', this.#onPageHide);
    globalThis.navigator?.mediaDevices?.[act]('devicechange', this.#onDeviceChange);
  }

  #onOnline = () => this.#live?.wake();

  #onPageHide = () => this.#live?.farewell();

  #onDeviceChange = async () => {
    const { devices } = await this.enumerateDevices();
    this.#emit('available-devices-updated', { availableDevices: devices });
  };
}

/** @type {Face.NetworkTopology} */
const NO_TOPOLOGY = { topology: 'none', encryption: 'none', safetyNumber: null };
