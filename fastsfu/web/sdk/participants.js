/**
 * From what is known (the server's participants, the tracks we receive, our own media) to what
 * `participants()` shows, and from two such pictures to the events between them. Pure.
 */

import { trackKey } from './sections.js';

/** @import { CallEvents, Participant, Participants, PictureLimit } from './fastsfu.d.ts' */
/** @import { Source, TrackInfo } from './fastsfu.d.ts' */
/** @import { Participant as WireParticipant } from './protocol.d.ts' */

/** @type {readonly Source[]} */
export const SOURCES = ['audio', 'video', 'screenVideo', 'screenAudio'];
const PICTURES = /** @type {const} */ (['video', 'screenVideo']);
/** In these an application should be playing the track, or would be if something came. */
const RUNNING = new Set(['playable', 'loading', 'suspended', 'interrupted']);

/**
 * @typedef {object} Knowledge
 * @property {Omit<WireParticipant, Source | 'revision'>} you
 * @property {Record<Source, TrackInfo>} local
 * @property {Iterable<WireParticipant>} others
 * @property {Map<string, MediaStreamTrack>} received by trackKey
 * @property {(sessionId: string, source: Source) => boolean} declined
 * @property {(sessionId: string, source: Source) => boolean} suspended it does not fit to us
 * @property {(other: WireParticipant, source: Source) => PictureLimit | null} limitOf
 * @property {boolean} pathUp media flows
 */

/**
 * @template {keyof CallEvents} [Name=keyof CallEvents]
 * @typedef {{name: Name, event: CallEvents[Name]}} NamedEvent
 */

/**
 * @param {Knowledge} knowledge
 * @returns {Participants}
 */
export function participantsOf(knowledge) {
  /** @type {Participants} */
  const all = { local: localParticipant(knowledge) };
  for (const other of knowledge.others) all[other.session_id] = remoteParticipant(other, knowledge);
  return all;
}

/**
 * @param {Knowledge} knowledge
 * @returns {Participant}
 */
function localParticipant({ you, local }) {
  /** @param {Source} source */
  const on = (source) => local[source].state === 'playable';
  return {
    ...identity(you),
    local: true,
    audio: on('audio'),
    video: on('video'),
    screen: on('screenVideo'),
    tracks: local,
  };
}

/**
 * @param {WireParticipant} other
 * @param {Knowledge} knowledge
 * @returns {Participant}
 */
function remoteParticipant(other, knowledge) {
  /** @param {Source} source */
  const info = (source) => limited(remoteTrack(other, source, knowledge), other, source, knowledge);
  return {
    ...identity(other),
    local: false,
    audio: other.audio,
    video: other.video,
    screen: other.screenVideo,
    tracks: {
      audio: info('audio'),
      video: info('video'),
      screenVideo: info('screenVideo'),
      screenAudio: info('screenAudio'),
    },
  };
}

/** @param {Knowledge['you']} wire */
function identity(wire) {
  const { session_id, user_id, user_name, owner, user_data, joined_at, origin } = wire;
  const { permissions, held } = wire;
  return {
    session_id, user_id, user_name, owner, user_data, joined_at, origin, permissions, held,
  };
}

/**
 * @param {WireParticipant} other
 * @param {Source} source
 * @param {Knowledge} knowledge
 * @returns {TrackInfo}
 */
function remoteTrack(other, source, { received, declined, suspended, pathUp }) {
  const track = received.get(trackKey(other.session_id, source)) ?? null;
  if (!other[source]) return { state: 'off', persistentTrack: track };
  if (declined(other.session_id, source)) return { state: 'sendable', persistentTrack: null };
  if (pathUp && suspended(other.session_id, source)) {
    return { state: 'suspended', persistentTrack: track, reason: 'slow-connection' };
  }
  if (!track || track.muted) return { state: 'loading', persistentTrack: track };
  return { state: pathUp ? 'playable' : 'interrupted', persistentTrack: track };
}

/**
 * @param {TrackInfo} info
 * @param {WireParticipant} other
 * @param {Source} source
 * @param {Knowledge} knowledge
 * @returns {TrackInfo}
 */
function limited(info, other, source, { limitOf }) {
  if (info.state === 'suspended') return { ...info, limit: 'downlink' };
  const isPicture = source === 'video' || source === 'screenVideo';
  const limit = isPicture && info.state === 'playable' ? limitOf(other, source) : null;
  return limit ? { ...info, limit } : info;
}

/**
 * The events that lead from one picture to the next.
 *
 * @param {Participants} before
 * @param {Participants} after
 * @param {(sessionId: string) => string} [reasonOf] why somebody has left
 * @returns {NamedEvent[]}
 */
export function eventsBetween(before, after, reasonOf = () => 'left') {
  /** @type {NamedEvent[]} */
  const events = [];
  for (const [key, participant] of Object.entries(before)) {
    if (!after[key]) events.push(...leaving(participant, reasonOf(key)));
  }
  for (const [key, participant] of Object.entries(after)) {
    events.push(...changing(before[key], participant));
  }
  return events;
}

/**
 * @param {Participant} participant
 * @param {string} reason
 * @returns {NamedEvent[]}
 */
function leaving(participant, reason) {
  const stopped = SOURCES.filter((source) => runningTrack(participant, source)).map((source) =>
    trackEvent('track-stopped', participant, participant, source),
  );
  const event = { action: /** @type {const} */ ('participant-left'), participant, reason };
  return [...stopped, { name: 'participant-left', event }];
}

/**
 * @param {Participant | undefined} before
 * @param {Participant} after
 * @returns {NamedEvent[]}
 */
function changing(before, after) {
  /** @type {NamedEvent[]} */
  const events = [];
  if (!before) {
    const event = { action: /** @type {const} */ ('participant-joined'), participant: after };
    events.push({ name: 'participant-joined', event });
  } else if (appearance(before) !== appearance(after)) {
    const event = { action: /** @type {const} */ ('participant-updated'), participant: after };
    events.push({ name: 'participant-updated', event });
  }
  for (const source of SOURCES) {
    const was = before && runningTrack(before, source);
    const is = runningTrack(after, source);
    if (was === is) continue;
    if (before && was) events.push(trackEvent('track-stopped', before, after, source));
    if (is) events.push(trackEvent('track-started', after, after, source));
  }
  return [...events, ...suspensions(before, after), ...qualities(before, after)];
}

/**
 * @param {Participant | undefined} before
 * @param {Participant} after
 * @returns {NamedEvent[]}
 */
function suspensions(before, after) {
  return PICTURES.flatMap((type) => {
    const suspended = after.tracks[type].state === 'suspended';
    if (suspended === (before?.tracks[type].state === 'suspended')) return [];
    const reason = after.tracks[type].reason ?? null;
    const action = /** @type {const} */ ('video-suspended');
    const event = { action, participant: after, type, suspended, reason };
    return [{ name: 'video-suspended', event }];
  });
}

/**
 * What limits the pictures of somebody else, when that changes. Of ourselves more is known.
 *
 * @param {Participant | undefined} before
 * @param {Participant} after
 * @returns {NamedEvent[]}
 */
function qualities(before, after) {
  const causes = limitsOf(after);
  if (after.local || causes.join() === (before ? limitsOf(before) : []).join()) return [];
  const isGone = PICTURES.some((source) => after.tracks[source].state === 'suspended');
  /** @type {CallEvents['network-quality-change']} */
  const event = {
    action: 'network-quality-change',
    participant: after,
    threshold: isGone ? 'very-low' : causes.length ? 'low' : 'good',
    quality: null,
    causes,
  };
  return [{ name: 'network-quality-change', event }];
}

/** @param {Participant} participant */
function limitsOf({ tracks }) {
  const limits = PICTURES.flatMap((source) => tracks[source].limit ?? []);
  return [...new Set(limits)].sort();
}

/**
 * @param {'track-started' | 'track-stopped'} action
 * @param {Participant} owner who has the track
 * @param {Participant} participant as it is now
 * @param {Source} type
 * @returns {NamedEvent}
 */
function trackEvent(action, owner, participant, type) {
  const track = /** @type {MediaStreamTrack} */ (owner.tracks[type].persistentTrack);
  return /** @type {NamedEvent} */ ({ name: action, event: { action, participant, track, type } });
}

/**
 * The track that an application should be playing now.
 *
 * @param {Participant} participant
 * @param {Source} source
 * @returns {MediaStreamTrack | undefined}
 */
function runningTrack({ tracks }, source) {
  const { state, persistentTrack } = tracks[source];
  return (RUNNING.has(state) && persistentTrack) || undefined;
}

/** All that `participant-updated` is about, as text to compare. @param {Participant} participant */
function appearance(participant) {
  return JSON.stringify(participant, (key, value) =>
    key === 'persistentTrack' ? value && value.id : value,
  );
}

/**
 * Ourselves before the server knows us.
 *
 * @param {string} name
 * @param {unknown} userData
 * @returns {Knowledge['you']}
 */
export function nobody(name, userData) {
  return {
    session_id: '', user_name: name, owner: false, user_data: userData ?? null, joined_at: 0,
    origin: '', user_id: null, held: [], limited_by: [],
    permissions: { publish: ['audio', 'video', 'screen'], subscribe: true, messages: true },
  };
}

/**
 * @param {Participants} participants
 * @returns {Participants}
 */
export function withoutTracksOfOthers(participants) {
  const entries = Object.entries(participants).map(([key, participant]) =>
    participant.local ? [key, participant] : [key, { ...participant, tracks: NO_TRACKS }],
  );
  return Object.fromEntries(entries);
}

/** @type {Participant['tracks']} */
const NO_TRACKS = {
  audio: { state: 'loading', persistentTrack: null },
  video: { state: 'loading', persistentTrack: null },
  screenVideo: { state: 'loading', persistentTrack: null },
  screenAudio: { state: 'loading', persistentTrack: null },
};
