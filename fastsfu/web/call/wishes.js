/**
 * How much of each picture the page asks for: as many lines as its tile has device pixels, nothing
 * of what cannot be seen. So a grid of sixteen costs what it shows.
 */

/** @import { Call, ReceiveSettings, SourceSettings, VideoWish } from '../sdk/fastsfu.js' */
/** @import { Rect } from './layout.js' */
/** @import { TileView } from './tile.js' */

/**
 * @typedef {object} Seen
 * @property {TileView} view
 * @property {Rect} rect within the stage
 */

/** @typedef {{top: number, height: number}} Window the part of the stage that is scrolled to */

/** Tiles glide and windows are dragged: only what they come to counts. */
const SETTLE_MS = 300;
/** A tab that is hidden for a moment is not worth a keyframe of everybody. */
const HIDDEN_MS = 3000;
/** So near to the visible part a tile is about to be scrolled to. */
const MARGIN = 120;
/** What is asked for changes by steps, not with each pixel. */
const STEPS = [90, 180, 270, 360, 540, 720, 1080, 1440, 2160];

/**
 * @param {Seen[]} tiles
 * @param {Window} window
 * @param {number} pixelRatio device pixels in a CSS pixel
 * @returns {ReceiveSettings}
 */
export function wishesFor(tiles, window, pixelRatio) {
  /** @type {ReceiveSettings} */
  const wishes = {};
  for (const { view, rect } of tiles) {
    if (view.sessionId === null) continue;
    const above = rect.y + rect.height < window.top - MARGIN;
    const below = rect.y > window.top + window.height + MARGIN;
    const wish = above || below ? false : wishFor(view, rect, pixelRatio);
    (wishes[view.sessionId] ??= {})[view.screen ? 'screenVideo' : 'video'] = wish;
  }
  return wishes;
}

/**
 * @param {TileView} view
 * @param {Rect} rect
 * @param {number} pixelRatio
 * @returns {VideoWish}
 */
function wishFor(view, { width, height }, pixelRatio) {
  // A camera fills its tile and is cropped, a screen is shown whole.
  const lines = view.screen ? height : Math.max(height, (width * 9) / 16);
  const needed = lines * pixelRatio;
  const maxHeight = STEPS.find((step) => step >= needed - 1) ?? STEPS[STEPS.length - 1];
  return { maxHeight, priority: priorityOf(view, maxHeight) };
}

/**
 * A shared screen, what is pinned, who speaks, then the larger one.
 *
 * @param {TileView} view
 * @param {number} maxHeight
 */
function priorityOf({ screen, pinned, speaking }, maxHeight) {
  return (screen ? 128 : 0) + (pinned ? 64 : 0) + (speaking ? 32 : 0) + STEPS.indexOf(maxHeight);
}

export class Wishes {
  #call;
  /** @type {ReceiveSettings} */
  #wanted = {};
  #said = '';
  #hidden = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hiding;

  /** @param {Pick<Call, 'updateReceiveSettings' | 'getNetworkTopology'>} call */
  constructor(call) {
    this.#call = call;
  }

  /** The call begins. */
  open() {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#onVisibility();
  }

  close() {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    clearTimeout(this.#settling);
    clearTimeout(this.#hiding);
    this.#settling = undefined;
    this.#hidden = false;
    this.#wanted = {};
    this.#said = '';
  }

  /** @param {ReceiveSettings} wanted of `wishesFor` */
  want(wanted) {
    this.#wanted = wanted;
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      void this.#say();
    }, SETTLE_MS);
  }

  /** Hidden, the page only sounds, unless a picture of it floats above others. */
  #onVisibility = () => {
    clearTimeout(this.#hiding);
    const hidden = document.hidden && !document.pictureInPictureElement;
    if (hidden) this.#hiding = setTimeout(() => this.#hide(true), HIDDEN_MS);
    else this.#hide(false);
  };

  /** @param {boolean} hidden */
  #hide(hidden) {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    void this.#say();
  }

  /** In a direct call there is only one picture, and declining it would need an offer. */
  async #say() {
    const { topology } = await this.#call.getNetworkTopology();
    const wanted = this.#hidden && topology === 'sfu' ? soundOnly(this.#wanted) : this.#wanted;
    const text = JSON.stringify(wanted);
    if (text === this.#said) return;
    this.#said = text;
    await this.#call.updateReceiveSettings(wanted);
  }
}

/** @param {ReceiveSettings} wanted @returns {ReceiveSettings} */
function soundOnly(wanted) {
  /** @param {SourceSettings} sources */
  const silenced = (sources) => Object.keys(sources).map((source) => [source, false]);
  return Object.fromEntries(
    Object.entries(wanted).map(([id, sources]) => [id, Object.fromEntries(silenced(sources))]),
  );
}
