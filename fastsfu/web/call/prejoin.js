/** Before joining: see and hear oneself, choose name and devices. */

import { bindDeviceFields, fillDeviceFields } from './device-fields.js';
import { byId, dress } from './dom.js';
import { hue, initials } from './identity.js';
import { LevelMeter } from './meter.js';
import { isTyping, actionFor } from './shortcuts.js';
import { storageOf } from './storage.js';
import { problemText } from './texts.js';

/** @import { Call, CallError } from '../sdk/fastsfu.js' */

const NAME_SLOT = 'fastsfu.name';
const storage = storageOf('localStorage');

export class Prejoin {
  #view = byId('prejoin', HTMLElement);
  #form = byId('join-form', HTMLFormElement);
  #name = byId('name-input', HTMLInputElement);
  #mic = byId('preview-mic', HTMLButtonElement);
  #camera = byId('preview-camera', HTMLButtonElement);
  #video = byId('preview-video', HTMLVideoElement);
  #off = byId('preview-off', HTMLDivElement);
  #avatar = byId('preview-avatar', HTMLSpanElement);
  #message = byId('preview-message', HTMLParagraphElement);
  #button = byId('join-button', HTMLButtonElement);
  #meter = new LevelMeter(byId('level', HTMLDivElement));
  #selects = {
    mic: byId('prejoin-mic-select', HTMLSelectElement),
    camera: byId('prejoin-camera-select', HTMLSelectElement),
  };
  #call;
  #mayPublish;
  #wishes;
  #onJoin;
  #closed = false;
  /** What failed, by device. @type {{audio?: CallError, video?: CallError}} */
  #problems = {};

  /**
   * @param {Call} call
   * @param {import('./entry.js').Entry} entry
   * @param {{audio: boolean, video: boolean}} wishes what was on last
   * @param {(name: string) => void} onJoin
   */
  constructor(call, { room, name, nameIsFixed, mayPublish }, wishes, onJoin) {
    this.#call = call;
    this.#wishes = wishes;
    this.#mayPublish = mayPublish;
    this.#onJoin = onJoin;
    byId('room-title', HTMLHeadingElement).textContent = room;
    this.#name.value = name ?? storage.getItem(NAME_SLOT) ?? '';
    this.#button.disabled = false;
    this.#name.readOnly = nameIsFixed;
    this.#view.classList.toggle('viewer', !mayPublish);
    this.#name.oninput = () => this.#draw();
    this.#mic.onclick = () => this.#toggle('audio');
    this.#camera.onclick = () => this.#toggle('video');
    this.#form.onsubmit = (event) => this.#submit(event);
    bindDeviceFields(call, this.#selects);
    call.on('participant-updated', this.#onUpdate);
    call.on('nonfatal-error', this.#onProblem);
    call.on('available-devices-updated', this.#onUpdate);
  }

  /** Show it, and open the devices with one question to the user. */
  async open() {
    this.#view.hidden = false;
    document.addEventListener('keydown', this.#onKey);
    this.#draw();
    if (!this.#name.value) this.#name.focus();
    if (!this.#mayPublish) return;
    const { audio, video } = this.#wishes;
    await Promise.all([
      audio && this.#call.setLocalAudio(true),
      video && this.#call.setLocalVideo(true),
    ]);
    if (!this.#closed) this.#onUpdate();
  }

  close() {
    this.#closed = true;
    this.#view.hidden = true;
    document.removeEventListener('keydown', this.#onKey);
    this.#call.off('participant-updated', this.#onUpdate);
    this.#call.off('nonfatal-error', this.#onProblem);
    this.#call.off('available-devices-updated', this.#onUpdate);
    this.#meter.stop();
    this.#video.srcObject = null;
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const name = this.#name.value.trim();
    storage.setItem(NAME_SLOT, name);
    this.#button.disabled = true;
    this.say('Joining…');
    this.#onJoin(name);
  }

  /** How joining goes. @param {string} text */
  say(text) {
    this.#button.textContent = text;
  }

  /** @param {'audio' | 'video'} source */
  #toggle(source) {
    if (!this.#mayPublish) return;
    const on = this.#call.participants().local[source];
    delete this.#problems[source];
    if (source === 'audio') void this.#call.setLocalAudio(!on);
    else void this.#call.setLocalVideo(!on);
  }

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const action = actionFor(event, { typing: isTyping(document.activeElement) });
    if (action === 'mic') this.#toggle('audio');
    if (action === 'camera') this.#toggle('video');
  };

  /** @param {{error: CallError}} event */
  #onProblem = ({ error }) => {
    if (error.source === 'audio' || error.source === 'video') this.#problems[error.source] = error;
    this.#draw();
  };

  #onUpdate = () => {
    this.#draw();
    void fillDeviceFields(this.#call, this.#selects);
  };

  #draw() {
    const { audio, video, tracks } = this.#call.participants().local;
    if (audio) delete this.#problems.audio;
    if (video) delete this.#problems.video;
    dress(this.#mic, {
      icon: audio ? 'mic' : 'mic-off',
      label: audio ? 'Mute microphone' : 'Turn on microphone',
      key: 'M', off: !audio, blocked: tracks.audio.state === 'blocked',
    });
    dress(this.#camera, {
      icon: video ? 'camera' : 'camera-off',
      label: video ? 'Turn off camera' : 'Turn on camera',
      key: 'V', off: !video, blocked: tracks.video.state === 'blocked',
    });
    this.#drawPreview(video ? tracks.video.persistentTrack : null);
    this.#meter.listen(audio ? tracks.audio.persistentTrack : null);
    const blocked = tracks.audio.state === 'blocked' && tracks.video.state === 'blocked';
    if (!this.#button.disabled) {
      this.#button.textContent = blocked ? 'Join to listen and watch' : 'Join call';
    }
  }

  /** @param {MediaStreamTrack | null} track */
  #drawPreview(track) {
    const shown = /** @type {MediaStream | null} */ (this.#video.srcObject)?.getTracks()[0] ?? null;
    if (shown !== track) this.#video.srcObject = track && new MediaStream([track]);
    const name = this.#name.value.trim();
    this.#off.hidden = track !== null && !this.#problems.audio;
    this.#avatar.hidden = track !== null;
    this.#avatar.textContent = name ? initials(name) : '';
    this.#avatar.toggleAttribute('hidden', track !== null || !name);
    this.#avatar.style.setProperty('--hue', String(hue(name)));
    this.#message.textContent = this.#statusText(track);
  }

  /** @param {MediaStreamTrack | null} track */
  #statusText(track) {
    if (!this.#mayPublish) return 'Your invitation lets you listen and watch.';
    const { audio, video } = this.#problems;
    if (audio && video && audio.type === video.type) return bothProblems(video);
    if (video) return problemText(video);
    if (audio) return problemText(audio);
    if (track) return '';
    const { state } = this.#call.participants().local.tracks.video;
    return state === 'loading' ? 'Starting your camera…' : 'Your camera is off';
  }
}

/** @param {CallError} error */
function bothProblems(error) {
  if (error.type === 'permission-denied') {
    return (
      'The browser blocks your camera and microphone. Allow them in the address bar, ' +
      'or join to listen and watch.'
    );
  }
  if (error.type === 'device-not-found') {
    return 'No camera or microphone was found. You can join to listen and watch.';
  }
  return problemText(error);
}
