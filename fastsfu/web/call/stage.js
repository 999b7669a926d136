/** All tiles: who gets one, in which order, where. */

import { displayName, hue, initials } from './identity.js';
import { arrange } from './layout.js';
import { Tile } from './tile.js';

/** @import { Participant, Participants, Source } from '../sdk/fastsfu.js' */
/** @import { TileView } from './tile.js' */
/** @import { Seen, Window } from './wishes.js' */

export class Stage {
  #root;
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {TileView[]} */
  #views = [];
  /** @type {string | null} */
  #pinned = null;
  /** @type {() => void} */
  #redraw = () => undefined;
  #onPlaced;

  /**
   * @param {HTMLElement} root
   * @param {(tiles: Seen[], window: Window) => void} onPlaced what there is to see now
   */
  constructor(root, onPlaced) {
    this.#root = root;
    this.#onPlaced = onPlaced;
    new ResizeObserver(() => this.#onResize()).observe(root);
    root.addEventListener('scroll', () => this.#place(), { passive: true });
  }

  /**
   * @param {Participants} participants
   * @param {string | null} speaker
   */
  update(participants, speaker) {
    this.#redraw = () => this.update(participants, speaker);
    this.#views = viewsOf(participants, speaker, this.#pinned);
    const keys = new Set(this.#views.map(({ key }) => key));
    for (const [key, tile] of this.#tiles) {
      if (keys.has(key)) continue;
      tile.remove();
      this.#tiles.delete(key);
    }
    for (const view of this.#views) this.#tileOf(view.key).update(view);
    this.#place();
  }

  clear() {
    for (const tile of this.#tiles.values()) tile.remove();
    this.#tiles.clear();
    this.#views = [];
    this.#pinned = null;
  }

  /** @param {string} key */
  #tileOf(key) {
    const known = this.#tiles.get(key);
    if (known) return known;
    const tile = new Tile(() => this.#togglePin(key));
    this.#tiles.set(key, tile);
    this.#root.append(tile.element);
    return tile;
  }

  /** @param {string} key */
  #togglePin(key) {
    this.#pinned = this.#pinned === key ? null : key;
    this.#redraw();
  }

  #place() {
    const size = { width: this.#root.clientWidth, height: this.#root.clientHeight };
    const spotlight = this.#views.length > 0 && isLarge(this.#views[0]);
    const rects = arrange(size, this.#views.length, spotlight);
    const seen = this.#views.flatMap((view, index) => {
      const rect = rects[index];
      if (!rect) return [];
      this.#tiles.get(view.key)?.place(rect);
      return [{ view, rect }];
    });
    this.#onPlaced(seen, { top: this.#root.scrollTop, height: size.height });
  }

  /** Tiles glide when people come and go, but follow a window that is being resized at once. */
  #onResize() {
    this.#root.classList.add('still');
    this.#place();
    requestAnimationFrame(() => this.#root.classList.remove('still'));
  }
}

/**
 * In order: what is large, the others as they came, ourselves.
 *
 * @param {Participants} participants
 * @param {string | null} speaker
 * @param {string | null} pinned
 * @returns {TileView[]}
 */
export function viewsOf(participants, speaker, pinned) {
  const people = Object.values(participants).sort(
    (one, other) => Number(one.local) - Number(other.local) || one.joined_at - other.joined_at,
  );
  const views = [
    ...people.filter(({ screen }) => screen).map((one) => screenView(one, pinned)),
    ...people.map((one) => cameraView(one, speaker, pinned)),
  ];
  return views.sort((one, other) => Number(other.pinned) - Number(one.pinned));
}

/** There is a picture, or there will be one again. */
const VISIBLE = new Set(['playable', 'loading', 'suspended', 'interrupted']);

/** @param {TileView} view */
function isLarge({ pinned, screen }) {
  return pinned || screen;
}

/**
 * @param {Participant} participant
 * @param {string | null} speaker
 * @param {string | null} pinned
 * @returns {TileView}
 */
function cameraView(participant, speaker, pinned) {
  const { session_id, origin, audio, local, tracks } = participant;
  const key = `${local ? 'local' : origin} camera`;
  return {
    ...look(participant, key, 'video'),
    screen: false,
    mirrored: local,
    muted: !audio,
    speaking: speaker !== null && speaker === session_id && audio,
    pinned: pinned === key,
  };
}

/**
 * @param {Participant} participant
 * @param {string | null} pinned
 * @returns {TileView}
 */
function screenView(participant, pinned) {
  const key = `${participant.local ? 'local' : participant.origin} screen`;
  return {
    ...look(participant, key, 'screenVideo'),
    screen: true,
    mirrored: false,
    muted: false,
    speaking: false,
    pinned: pinned === key,
  };
}

/**
 * @param {Participant} participant
 * @param {string} key
 * @param {Source} source
 */
function look(participant, key, source) {
  const { state, persistentTrack, limit } = participant.tracks[source];
  return {
    key,
    sessionId: participant.local ? null : participant.session_id,
    name: displayName(participant),
    initials: initials(participant.user_name || 'Guest'),
    hue: hue(participant.user_name || participant.origin),
    track: VISIBLE.has(state) ? persistentTrack : null,
    interrupted: state === 'interrupted',
    paused: state === 'suspended',
    limit: state === 'playable' ? limit ?? null : null,
  };
}
