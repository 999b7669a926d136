/**
 * The meeting as a whole, as the server tells it, and what owners ask of it. What a host does to us
 * is obeyed here: the server passes nothing on anyway, so nothing is recorded or sent in vain.
 */

import { CallError } from './errors.js';

/** @import { ParticipantUpdate, Publishable, Room, RoomUpdate } from './fastsfu.d.ts' */
/** @import { CallEvents, WaitingParticipants } from './fastsfu.d.ts' */
/** @import { LocalMedia } from './local-media.js' */
/** @import * as Wire from './protocol.d.ts' */

/** @typedef {Wire.UpdateParticipants | Wire.UpdateRoom | Wire.SetSessionData
 *   | Wire.UpdateWaitingParticipants} Request */

/**
 * @typedef {object} MeetingHandlers
 * @property {(message: Wire.ClientMessage) => void} send it may get lost: see `welcomed`
 * @property {() => void} counted how many watch hidden is another number
 * @property {(told: {name: keyof CallEvents, details: object}) => void} told what the application
 *   is to hear
 */

/** Numbers of its own, so that no answer is taken for one to an offer. */
const FIRST_ID = 2 ** 33;

/** @type {Publishable[]} */
const PUBLISHABLE = ['audio', 'video', 'screen'];

export class Meeting {
  #handlers;
  #local;
  #id = FIRST_ID;
  /** @type {Map<number, {message: Request, settle: (error: CallError | null) => void}>} */
  #pending = new Map();
  /** @type {Wire.Participant | null} */
  #you = null;
  /** @type {Room | null} */
  #room = null;
  /** How many watch hidden. */
  hidden = 0;
  /** @type {unknown} */
  data = null;
  /** Who asks to be let in, for owners. @type {WaitingParticipants} */
  waiting = {};

  /**
   * @param {LocalMedia} local
   * @param {MeetingHandlers} handlers
   */
  constructor(local, handlers) {
    this.#local = local;
    this.#handlers = handlers;
  }

  get room() {
    return this.#room;
  }

  /** There is signaling (again). @param {Wire.Joined | Wire.Resumed} welcome */
  welcomed({ room, session_data, hidden_participants, you, waiting_participants }) {
    const again = this.#room !== null;
    this.hidden = hidden_participants;
    const before = this.#room;
    this.#room = roomOf(room);
    if (again && JSON.stringify(before) !== JSON.stringify(this.#room)) {
      this.#tellRoom();
    }
    if (JSON.stringify(session_data) !== JSON.stringify(this.data)) {
      this.#onType['session-data']({ data: session_data });
    }
    this.#follow(waiting_participants);
    if (again) this.follow(you);
    this.#you = you;
    for (const { message } of this.#pending.values()) this.#handlers.send(message);
  }

  /** What the server says of ourselves has changed. @param {Wire.Participant} you */
  follow(you) {
    const before = this.#you;
    this.#you = you;
    const lost = PUBLISHABLE.filter((name) => !may(you, name) && (!before || may(before, name)));
    const held = you.held.filter((name) => !before?.held.includes(name));
    this.#local.turnOff([...lost, ...held]);
  }

  /**
   * The user wants to send this: take back that a host has turned it off.
   *
   * @param {Publishable} name
   */
  unmute(name) {
    if (!this.#you?.held.includes(name)) return;
    this.#you = { ...this.#you, held: this.#you.held.filter((each) => each !== name) };
    this.#handlers.send({ type: 'unmute', sources: [name] });
  }

  /** Whether we have the permission. @param {Publishable} name */
  mayPublish(name) {
    return !this.#you || may(this.#you, name);
  }

  /** @param {Record<string, ParticipantUpdate>} updates */
  updateParticipants(updates) {
    const entries = Object.entries(updates).map(([id, update]) => [id, wireUpdate(update)]);
    const participants = Object.fromEntries(entries);
    return this.#ask({ type: 'update-participants', id: 0, participants });
  }

  /** @param {RoomUpdate} update */
  updateRoom({ locked, enableKnocking, maxParticipants, endsAt }) {
    return this.#ask({
      type: 'update-room', id: 0, locked, enable_knocking: enableKnocking,
      max_participants: maxParticipants, ends_at: endsAt,
    });
  }

  /** @param {Record<string, {grantRequestedAccess: boolean}>} updates */
  updateWaiting(updates) {
    const participants = Object.fromEntries(
      Object.entries(updates).map(([id, update]) => [id, update.grantRequestedAccess]),
    );
    return this.#ask({ type: 'update-waiting-participants', id: 0, participants });
  }

  /** @param {unknown} data */
  setData(data) {
    return this.#ask({ type: 'set-session-data', id: 0, data: data ?? null });
  }

  /**
   * @param {number | null} id of the message that the server refuses
   * @param {CallError} error
   * @returns {boolean} it was ours
   */
  refused(id, error) {
    return this.#settle(id, error);
  }

  /** Nobody will answer. @param {CallError} error */
  abandon(error) {
    for (const id of [...this.#pending.keys()]) this.#settle(id, error);
  }

  /** @param {{type: string}} message that is of nobody else */
  receive(message) {
    const handle = /** @type {Record<string, (message: any) => void>} */ (this.#onType);
    handle[message.type]?.(message);
  }

  #onType = {
    /** @param {Wire.HiddenParticipants} message */
    'hidden-participants': ({ count }) => {
      this.hidden = count;
      this.#handlers.counted();
    },
    /** @param {Wire.Muted} message */
    muted: ({ sources }) => {
      this.#local.turnOff(sources);
      this.#handlers.told({ name: 'muted-by-host', details: { sources } });
    },
    /** @param {Wire.RoomUpdated} message */
    'room-updated': ({ room }) => {
      this.#room = roomOf(room);
      this.#tellRoom();
    },
    /** @param {Pick<Wire.SessionData, 'data'>} message */
    'session-data': ({ data }) => {
      this.data = data;
      const details = { meetingSessionState: { data } };
      this.#handlers.told({ name: 'meeting-session-state-updated', details });
    },
    /** @param {Wire.WaitingParticipantsMessage} message */
    'waiting-participants': ({ participants }) => this.#follow(participants),
    /** @param {Wire.Done} message */
    done: ({ id }) => this.#settle(id, null),
  };

  /** @param {Wire.WaitingParticipant[]} participants */
  #follow(participants) {
    const before = this.waiting;
    this.waiting = Object.fromEntries(participants.map((each) => [each.id, {
      id: each.id, name: each.user_name, userId: each.user_id, since: each.since,
    }]));
    const gone = Object.values(before).filter(({ id }) => !this.waiting[id]);
    const come = Object.values(this.waiting).filter(({ id }) => !before[id]);
    for (const participant of gone) {
      this.#handlers.told({ name: 'waiting-participant-removed', details: { participant } });
    }
    for (const participant of come) {
      this.#handlers.told({ name: 'waiting-participant-added', details: { participant } });
    }
  }

  #tellRoom() {
    this.#handlers.told({ name: 'room-updated', details: { room: this.#room } });
  }

  /**
   * @param {Request} request
   * @returns {Promise<void>} rejects with a CallError
   */
  #ask(request) {
    const message = { ...request, id: (this.#id += 1) };
    return new Promise((resolve, reject) => {
      const settle = (/** @type {CallError | null} */ error) => (error ? reject(error) : resolve());
      this.#pending.set(message.id, { message, settle });
      this.#handlers.send(message);
    });
  }

  /**
   * @param {number | null} id
   * @param {CallError | null} error
   */
  #settle(id, error) {
    const waiting = this.#pending.get(id ?? 0);
    if (!waiting) return false;
    this.#pending.delete(waiting.message.id);
    waiting.settle(error);
    return true;
  }
}

/**
 * @param {Wire.Participant} you
 * @param {Publishable} name
 */
function may({ permissions }, name) {
  return permissions.publish.includes(name);
}

/**
 * @param {Wire.RoomInfo} room
 * @returns {Room}
 */
function roomOf({ name, max_participants, ends_at, locked, enable_knocking }) {
  return {
    name, maxParticipants: max_participants, endsAt: ends_at, locked,
    enableKnocking: enable_knocking,
  };
}

/**
 * @param {ParticipantUpdate} update
 * @returns {Wire.ParticipantUpdate}
 */
function wireUpdate(update) {
  const { setAudio, setVideo, setScreenShare, setUserName, eject, ban, updatePermissions } = update;
  if (setAudio || setVideo || setScreenShare) {
    const info = 'Only who somebody is can turn a device of theirs on: setAudio, setVideo and '
      + 'setScreenShare can be false.';
    throw new CallError('bad-request', info);
  }
  /** @type {Publishable[]} */
  const mute = [];
  if (setAudio === false) mute.push('audio');
  if (setVideo === false) mute.push('video');
  if (setScreenShare === false) mute.push('screen');
  return {
    mute, user_name: setUserName ?? null, permissions: updatePermissions ?? null,
    eject: eject ?? false, ban: ban ?? false,
  };
}
