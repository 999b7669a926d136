/** One rectangle of the stage: somebody's camera, or a shared screen. */

import { icon, make } from './dom.js';
import { PAUSED, REDUCED } from './texts.js';

/** @import { PictureLimit } from '../sdk/fastsfu.js' */
/** @import { Rect } from './layout.js' */

/**
 * @typedef {object} TileView
 * @property {string} key
 * @property {string | null} sessionId whose picture it is; null: our own
 * @property {string} name
 * @property {string} initials
 * @property {number} hue
 * @property {MediaStreamTrack | null} track the picture, when there is one
 * @property {boolean} screen
 * @property {boolean} mirrored
 * @property {boolean} muted
 * @property {boolean} speaking
 * @property {boolean} interrupted
 * @property {boolean} paused no picture comes for now, since it does not fit to us
 * @property {PictureLimit | null} limit why the picture is less than it could be
 * @property {boolean} pinned
 */

export class Tile {
  element = make('div', 'tile');
  #video = newVideo();
  /** Takes over with its first picture; until then the old one shows. */
  #next = /** @type {HTMLVideoElement | null} */ (null);
  #mirrored = false;
  #avatar = make('span', 'avatar');
  #name = make('span', 'name');
  #mutedIcon = icon('mic-off');
  #why = make('span', 'why');
  #reduced = make('span', 'reduced', icon('signal-1'), this.#why);
  #label = make('div', 'tile-label', this.#mutedIcon, this.#name, this.#reduced);
  #note = make('div', 'tile-note', PAUSED.what, make('span', 'why', `: ${PAUSED.why}`));
  #paused = false;
  #pin = make('button', 'pin', icon('pin'));
  /** @type {MediaStreamTrack | null} */
  #track = null;

  /** @param {() => void} onPin */
  constructor(onPin) {
    this.element.setAttribute('role', 'listitem');
    this.#avatar.setAttribute('aria-hidden', 'true');
    this.#label.setAttribute('aria-hidden', 'true');
    this.#note.setAttribute('aria-hidden', 'true');
    this.#pin.type = 'button';
    this.#pin.onclick = onPin;
    this.element.ondblclick = onPin;
    this.element.append(this.#avatar, this.#video, this.#note, this.#label, this.#pin);
  }

  /** @param {TileView} view */
  update(view) {
    const { classList, style } = this.element;
    style.setProperty('--hue', String(view.hue));
    this.#avatar.textContent = view.initials;
    this.#name.textContent = view.screen ? `${view.name}: screen` : view.name;
    this.#mutedIcon.toggleAttribute('hidden', !view.muted);
    this.#reduced.hidden = !view.limit;
    this.#why.textContent = view.limit ? REDUCED[view.limit] : '';
    this.#label.title = view.limit ? `Reduced picture: ${REDUCED[view.limit]}` : '';
    classList.toggle('screen', view.screen);
    classList.toggle('speaking', view.speaking);
    classList.toggle('interrupted', view.interrupted);
    classList.toggle('pinned', view.pinned);
    this.#mirrored = view.mirrored;
    this.#video.classList.toggle('mirrored', view.mirrored);
    this.#pin.setAttribute('aria-label', `Pin ${this.#name.textContent}`);
    this.#pin.setAttribute('aria-pressed', String(view.pinned));
    this.element.setAttribute('aria-label', description(view));
    this.#show(view.track);
    this.#pause(view.paused);
  }

  /** @param {Rect} rect */
  place({ x, y, width, height }) {
    const { style, classList } = this.element;
    style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    style.width = `${Math.round(width)}px`;
    style.height = `${Math.round(height)}px`;
    const avatar = Math.max(36, Math.min(132, Math.min(width, height) * 0.38));
    style.setProperty('--avatar', `${Math.round(avatar)}px`);
    classList.toggle('small', width < 220);
  }

  remove() {
    this.#show(null);
    this.element.remove();
  }

  /** @param {MediaStreamTrack | null} track */
  #show(track) {
    if (track === this.#track) return;
    const before = this.#track;
    this.#track = track;
    this.#next?.remove();
    this.#next = null;
    if (track && before?.readyState === 'live') {
      this.#exchange(track);
      return;
    }
    this.element.classList.remove('with-video');
    this.#video.onloadeddata = () => this.element.classList.add('with-video');
    attach(this.#video, track);
  }

  /**
   * Who is seen no more is there as an avatar, and says why, until the next picture has come.
   *
   * @param {boolean} paused
   */
  #pause(paused) {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.element.classList.add('paused');
    const goOn = () => this.element.classList.toggle('paused', this.#paused);
    if (!paused) onFirstPicture(this.#video, goOn);
    if (!paused) setTimeout(goOn, EXCHANGE_MS);
  }

  /**
   * The picture comes another way from now on. A video element that gets another source is blank
   * for a moment, so a second one is made ready below the first.
   *
   * @param {MediaStreamTrack} track
   */
  #exchange(track) {
    const next = newVideo();
    this.#next = next;
    next.classList.toggle('mirrored', this.#mirrored);
    const takeOver = () => {
      if (this.#next !== next) return;
      this.#next = null;
      attach(this.#video, null);
      this.#video.remove();
      this.#video = next;
      this.element.classList.add('with-video');
    };
    onFirstPicture(next, takeOver);
    setTimeout(takeOver, EXCHANGE_MS);
    this.#video.before(next);
    attach(next, track);
  }
}

/** A picture that has not come by then will show itself when it does. */
const EXCHANGE_MS = 2000;

function newVideo() {
  const video = make('video');
  video.autoplay = video.muted = video.playsInline = true;
  video.disablePictureInPicture = false;
  return video;
}

/**
 * @param {HTMLVideoElement} video
 * @param {MediaStreamTrack | null} track
 */
function attach(video, track) {
  video.srcObject = track && new MediaStream([track]);
  if (track) video.play().catch(() => undefined);
}

/**
 * @param {HTMLVideoElement} video
 * @param {() => void} then
 */
function onFirstPicture(video, then) {
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(then);
  else video.onloadeddata = then;
}

/** @param {TileView} view */
function description({ name, screen, muted, track, speaking, paused, limit }) {
  const why = paused ? [`${PAUSED.what}: ${PAUSED.why}`] : [];
  if (limit) why.push(`reduced picture: ${REDUCED[limit]}`);
  if (screen) return [`Screen of ${name}`, ...why].join(', ');
  const facts = [name, ...why];
  if (muted) facts.push('muted');
  if (!track) facts.push('camera off');
  if (speaking) facts.push('speaking');
  return facts.join(', ');
}
