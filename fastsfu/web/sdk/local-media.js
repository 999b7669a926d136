/**
 * What we send: microphone, camera and screen. It works before joining too (then it is the
 * preview).
 *
 * Muting the microphone keeps it open (`enabled = false`): it comes back at once. To the server it
 * sends nothing then. The camera is closed, so that its light goes off. Tracks that the application
 * gave us are never stopped by us.
 */

import { deviceError } from './errors.js';
import { DeviceOpener } from './devices.js';
import { ScreenShare } from './screen-share.js';

/** @import { CallOptions, InputDevices, InputSource, Publishable } from './fastsfu.d.ts' */
/** @import { Source, TrackInfo } from './fastsfu.d.ts' */
/** @import { CallError } from './errors.js' */
/** @import { DeviceKind } from './devices.js' */

/**
 * @typedef {object} LocalHandlers
 * @property {(source: Source, track: MediaStreamTrack | null, muted?: boolean) => Promise<void>
 *   } publish muted: the track stays, and has nothing to say
 * @property {(source: Source) => Promise<void>} unpublish
 * @property {() => void} changed
 * @property {(error: CallError) => void} problem
 */

/**
 * @typedef {object} Slot
 * @property {DeviceKind} kind
 * @property {InputSource} input where the track comes from
 * @property {boolean | null} on null: not decided before joining
 * @property {boolean} declined somebody has turned it off, so it stays off in the next call
 * @property {MediaStreamTrack | null} track
 * @property {boolean} own we opened the track, so we close it
 * @property {boolean} blocked the last attempt to open it failed
 * @property {Promise<void>} work changes of one slot follow each other; never rejects
 * @property {Promise<void>} published what the slot has now is negotiated; never rejects
 */

export class LocalMedia {
  #handlers;
  #opener;
  #audio = newSlot('audio');
  #video = newSlot('video');
  #screen;

  /**
   * @param {LocalHandlers} handlers
   * @param {DeviceOpener} [opener]
   */
  constructor(handlers, opener = new DeviceOpener()) {
    this.#handlers = handlers;
    this.#opener = opener;
    this.#screen = new ScreenShare(handlers);
  }

  /** @param {CallOptions} options */
  configure({ audioSource, videoSource, startAudioOff, startVideoOff }) {
    configureSlot(this.#audio, audioSource, startAudioOff);
    configureSlot(this.#video, videoSource, startVideoOff);
  }

  /** Joining: reserve sections for what is on, and open what is not open yet; waits for nothing. */
  start() {
    for (const slot of [this.#audio, this.#video]) {
      slot.on ??= slot.input !== false && !slot.declined;
      if (!slot.on) continue;
      void this.#handlers.publish(slot.kind, slot.track);
      void this.#settle(slot);
    }
  }

  /** Close everything. */
  stop() {
    for (const slot of [this.#audio, this.#video]) {
      closeTrack(slot);
      slot.on = null;
      slot.blocked = false;
    }
    this.#screen.stopTracks();
  }

  /** @param {boolean} on */
  setAudio(on) {
    return this.#turn(this.#audio, on);
  }

  /** @param {boolean} on */
  setVideo(on) {
    return this.#turn(this.#video, on);
  }

  get screen() {
    return this.#screen;
  }

  /** @param {InputDevices} devices */
  async setInputs(devices) {
    const audio = devices.audioSource ?? devices.audioDeviceId;
    const video = devices.videoSource ?? devices.videoDeviceId;
    await Promise.all([
      audio === undefined ? null : this.#switchInput(this.#audio, audio),
      video === undefined ? null : this.#switchInput(this.#video, video),
    ]);
    return this.inputs();
  }

  inputs() {
    return { mic: deviceOf(this.#audio), camera: deviceOf(this.#video) };
  }

  /** @returns {Record<Source, TrackInfo>} */
  tracks() {
    return {
      audio: infoOf(this.#audio),
      video: infoOf(this.#video),
      ...this.#screen.tracks(),
    };
  }

  /** Which sources are on, not muted. @returns {Record<Source, boolean>} */
  sourcesOn() {
    const { audio, video, screenVideo, screenAudio } = this.tracks();
    /** @param {TrackInfo} info */
    const on = ({ state }) => state === 'playable';
    return {
      audio: on(audio), video: on(video),
      screenVideo: on(screenVideo), screenAudio: on(screenAudio),
    };
  }

  /** By somebody else: what is on of these is turned off. @param {Publishable[]} names */
  turnOff(names) {
    if (names.includes('audio') && this.#audio.on) void this.setAudio(false);
    if (names.includes('video') && this.#video.on) void this.setVideo(false);
    if (names.includes('screen')) void this.#screen.stop();
  }

  /** The server does not take this source. @param {Source} source */
  refuse(source) {
    if (source === 'audio' || source === 'video') {
      const slot = source === 'audio' ? this.#audio : this.#video;
      closeTrack(slot);
      slot.on = false;
    } else {
      this.#screen.stopTracks();
    }
    this.#handlers.changed();
  }

  /**
   * @param {Slot} slot
   * @param {boolean} on
   */
  #turn(slot, on) {
    slot.on = on;
    slot.declined = !on;
    if (on && slot.input === false) slot.input = true;
    if (slot.kind === 'audio' && slot.track) slot.track.enabled = on;
    this.#handlers.changed();
    return this.#settle(slot);
  }

  /**
   * Bring the track to what is wanted, after what is under way.
   *
   * @param {Slot} slot
   */
  #settle(slot) {
    return this.#change(slot, async () => {
      if (slot.on && !slot.track) await this.#open(slot);
      else if (slot.on) this.#publish(slot);
      else if (slot.kind === 'audio' && slot.track) this.#publish(slot);
      else if (slot.track) this.#close(slot);
    });
  }

  /**
   * The next change does not wait for the server, which may take long to answer: a camera has to
   * be closed at once.
   *
   * @param {Slot} slot
   * @param {() => Promise<void>} change
   */
  async #change(slot, change) {
    slot.work = slot.work.then(change).then(() => this.#handlers.changed());
    await slot.work;
    await slot.published;
  }

  /** @param {Slot} slot */
  async #open(slot) {
    slot.blocked = false;
    try {
      await this.#take(slot, slot.input);
    } catch (error) {
      slot.blocked = true;
      slot.on = false;
      this.#handlers.problem(deviceError(error, slot.kind));
      slot.published = this.#handlers.unpublish(slot.kind).catch(() => undefined);
    }
  }

  /**
   * What was turned off while it was being opened, or whose call has ended, is closed again.
   *
   * @param {Slot} slot
   * @param {InputSource} input
   * @param {boolean} [muted] a muted microphone is wanted too
   */
  async #take(slot, input, muted = false) {
    const given = typeof input === 'object' ? input : null;
    const track = given ?? (await this.#opener.open(slot.kind, input));
    if (!slot.on && !(muted && slot.on === false)) {
      if (!given) track.stop();
      return;
    }
    slot.track = track;
    slot.own = !given;
    track.enabled = slot.on === true;
    if (slot.kind === 'video' && !track.contentHint) track.contentHint = 'motion';
    track.onended = () => this.#onEnded(slot, track);
    this.#publish(slot);
  }

  /** @param {Slot} slot */
  #publish(slot) {
    slot.published = this.#handlers
      .publish(slot.kind, slot.track, slot.track !== null && slot.on === false)
      .catch((error) => this.#handlers.problem(deviceError(error, slot.kind)));
  }

  /** @param {Slot} slot */
  #close(slot) {
    closeTrack(slot);
    this.#publish(slot);
  }

  /**
   * The old device is closed first: phones cannot open two cameras. If the new one fails, the old
   * one comes back.
   *
   * @param {Slot} slot
   * @param {InputSource} input
   */
  #switchInput(slot, input) {
    return this.#change(slot, async () => {
      const before = slot.input;
      slot.input = input;
      if (!slot.track && !slot.on) return;
      const muted = slot.track !== null && slot.kind === 'audio' && slot.on === false;
      if (input === false) {
        slot.on = false;
        this.#close(slot);
      } else {
        closeTrack(slot);
        await this.#openOrReturn(slot, before, muted);
      }
    });
  }

  /**
   * @param {Slot} slot
   * @param {InputSource} before
   * @param {boolean} muted
   */
  async #openOrReturn(slot, before, muted) {
    try {
      await this.#take(slot, slot.input, muted);
      slot.blocked = false;
    } catch (error) {
      this.#handlers.problem(deviceError(error, slot.kind));
      slot.input = before;
      if (before !== false) await this.#open(slot);
    }
  }

  /**
   * The device was unplugged, or another program took it: go on with the default one.
   *
   * @param {Slot} slot
   * @param {MediaStreamTrack} track
   */
  #onEnded(slot, track) {
    if (slot.track !== track) return;
    slot.track = null;
    if (slot.own) slot.input = true;
    if (!slot.own) slot.on = false;
    void this.#settle(slot);
  }
}

/**
 * @param {DeviceKind} kind
 * @returns {Slot}
 */
function newSlot(kind) {
  return {
    kind, input: true, on: null, declined: false, track: null, own: false, blocked: false,
    work: Promise.resolve(), published: Promise.resolve(),
  };
}

/**
 * @param {Slot} slot
 * @param {InputSource | undefined} input
 * @param {boolean | undefined} startOff
 */
function configureSlot(slot, input, startOff) {
  if (input !== undefined) {
    slot.input = input;
    if (input === false) slot.on = false;
  }
  if (startOff === undefined || slot.on === true) return;
  slot.declined = startOff;
  if (startOff) slot.on = false;
}

/** @param {Slot} slot */
function closeTrack(slot) {
  if (slot.track) slot.track.onended = null;
  if (slot.own) slot.track?.stop();
  slot.track = null;
}

/** @param {Slot} slot */
function deviceOf({ track }) {
  return track && { deviceId: track.getSettings().deviceId ?? '', label: track.label };
}

/**
 * @param {Slot} slot
 * @returns {TrackInfo}
 */
function infoOf({ on, track, blocked }) {
  if (blocked) return { state: 'blocked', persistentTrack: null };
  if (!on) return { state: 'off', persistentTrack: track };
  return { state: track ? 'playable' : 'loading', persistentTrack: track };
}
