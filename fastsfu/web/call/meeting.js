/** The call itself: stage, controls, banner, dialogs. */

import { Chat } from './chat.js';
import { ConnectionBanner } from './connection-banner.js';
import { bindDeviceFields, fillDeviceFields } from './device-fields.js';
import { announce, byId, dress, make, toast } from './dom.js';
import { Encryption } from './encryption.js';
import { displayName } from './identity.js';
import { Knocks } from './knocks.js';
import { SHORTCUTS, actionFor, isTyping } from './shortcuts.js';
import { Speakers } from './speakers.js';
import { Stage } from './stage.js';
import { mutedText, problemText } from './texts.js';
import { WakeLock } from './wake-lock.js';
import { Wishes, wishesFor } from './wishes.js';

/** @import { Call, CallError, CallEvents, Participant } from '../sdk/fastsfu.js' */
/** @import { Action } from './shortcuts.js' */

/** @typedef {ReturnType<typeof import('./entry.js').inviteLink>} Invite */

const CAN_SHARE = Boolean(navigator.mediaDevices?.getDisplayMedia);

export class Meeting {
  #view = byId('meeting', HTMLElement);
  #buttons = {
    mic: byId('mic', HTMLButtonElement),
    camera: byId('camera', HTMLButtonElement),
    share: byId('share', HTMLButtonElement),
    chat: byId('chat-toggle', HTMLButtonElement),
    devices: byId('devices', HTMLButtonElement),
    help: byId('help', HTMLButtonElement),
    leave: byId('leave', HTMLButtonElement),
  };
  #dialogs = {
    leave: byId('leave-dialog', HTMLDialogElement),
    help: byId('help-dialog', HTMLDialogElement),
    devices: byId('devices-dialog', HTMLDialogElement),
  };
  #selects = {
    mic: byId('mic-select', HTMLSelectElement),
    camera: byId('camera-select', HTMLSelectElement),
    speaker: byId('speaker-select', HTMLSelectElement),
  };
  #banner = byId('banner', HTMLDivElement);
  #bannerAction = byId('banner-action', HTMLButtonElement);
  #speakers = new Speakers(byId('audio', HTMLDivElement), () => this.#askForSound());
  #connection = new ConnectionBanner(
    (text) => this.#showReconnecting(text),
    (recovered) => this.#hideBanner(recovered),
  );
  #wakeLock = new WakeLock();
  #chat;
  #stage;
  #wishes;
  #encryption;
  #knocks;
  #call;
  #mayPublish;
  #drawing = 0;

  /**
   * @param {Call} call
   * @param {{room: string, invite: Invite, mayPublish: boolean}} about
   */
  constructor(call, { room, invite, mayPublish }) {
    this.#call = call;
    this.#chat = new Chat(call, this.#view);
    this.#wishes = new Wishes(call);
    this.#stage = new Stage(byId('stage', HTMLDivElement), (tiles, window) => {
      if (this.isOpen) this.#wishes.want(wishesFor(tiles, window, devicePixelRatio));
    });
    this.#encryption = new Encryption(call);
    this.#knocks = new Knocks(call);
    byId('meeting-title', HTMLHeadingElement).textContent = room;
    byId('alone-hint', HTMLSpanElement).textContent = invite.complete
      ? 'Share the link and they will appear.'
      : 'The link alone lets nobody in: each guest needs an invitation of their own.';
    for (const id of ['invite', 'alone-invite']) {
      byId(id, HTMLButtonElement).onclick = () => void copyLink(invite);
    }
    for (const [action, button] of Object.entries(this.#buttons)) {
      button.onclick = () => this.#act(/** @type {Action} */ (action));
    }
    this.#mayPublish = mayPublish;
    this.#dialogs.leave.onclose = () => {
      if (this.#dialogs.leave.returnValue === 'leave') void call.leave();
    };
    bindDeviceFields(call, this.#selects, (id) => void this.#speakers.setSink(id));
    byId('speaker-field', HTMLLabelElement).hidden = !Speakers.canChoose;
    byId('shortcuts', HTMLElement).replaceChildren(...shortcutList());
    this.#listen();
  }

  open() {
    this.#view.hidden = false;
    document.addEventListener('keydown', this.#onKey);
    this.#wakeLock.hold();
    this.#wishes.open();
    this.#encryption.open();
    this.#knocks.open();
    this.#draw();
    byId('meeting-title', HTMLHeadingElement).focus();
  }

  close() {
    this.#view.hidden = true;
    document.removeEventListener('keydown', this.#onKey);
    this.#wakeLock.release();
    this.#wishes.close();
    for (const dialog of Object.values(this.#dialogs)) dialog.close();
    this.#connection.clear();
    this.#encryption.close();
    this.#knocks.close();
    this.#chat.clear();
    this.#speakers.clear();
    this.#stage.clear();
  }

  get isOpen() {
    return !this.#view.hidden;
  }

  #listen() {
    const call = this.#call;
    const redraw = () => this.#requestDraw();
    call.on('participant-updated', redraw);
    call.on('participant-joined', (event) => this.#onCame(event));
    call.on('participant-left', (event) => this.#onWent(event));
    call.on('participant-counts-updated', redraw);
    call.on('active-speaker-change', redraw);
    call.on('track-started', redraw);
    call.on('track-stopped', redraw);
    call.on('network-connection', (event) => {
      if (this.isOpen) this.#connection.update(event);
    });
    call.on('network-topology-change', (network) => this.#connection.setTopology(network));
    call.on('muted-by-host', ({ sources }) => toast(mutedText(sources)));
    call.on('nonfatal-error', ({ error }) => this.#onProblem(error));
    call.on('available-devices-updated', () => void fillDeviceFields(call, this.#selects));
  }

  /** Several changes of one turn are one drawing. */
  #requestDraw() {
    if (!this.isOpen) return;
    // Sound does not wait: a hidden page gets no animation frames.
    this.#speakers.update(this.#call.participants());
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      if (this.isOpen) this.#draw();
    });
  }

  #draw() {
    const participants = this.#call.participants();
    const people = Object.values(participants);
    const { peerId } = this.#call.getActiveSpeaker();
    this.#stage.update(participants, peerId);
    this.#speakers.update(participants);
    this.#drawControls(participants.local);
    byId('people-count', HTMLSpanElement).textContent = String(people.length);
    byId('people', HTMLSpanElement).setAttribute('aria-label', inTheCall(people.length));
    const { hidden } = this.#call.participantCounts();
    byId('hidden-count', HTMLSpanElement).hidden = hidden === 0;
    byId('hidden-count-text', HTMLSpanElement).textContent = watchHidden(hidden);
    byId('alone', HTMLDivElement).hidden = people.length > 1;
    document.title = `${people.length > 1 ? `(${people.length}) ` : ''}${this.#title}`;
  }

  get #title() {
    return byId('meeting-title', HTMLHeadingElement).textContent ?? 'Call';
  }

  /** @param {Participant} local */
  #drawControls({ audio, video, screen, tracks }) {
    const { mic, camera, share, devices, help, leave } = this.#buttons;
    dress(mic, {
      icon: audio ? 'mic' : 'mic-off', label: audio ? 'Mute microphone' : 'Turn on microphone',
      key: 'M', off: !audio, blocked: tracks.audio.state === 'blocked',
    });
    dress(camera, {
      icon: video ? 'camera' : 'camera-off', label: video ? 'Turn off camera' : 'Turn on camera',
      key: 'V', off: !video, blocked: tracks.video.state === 'blocked',
    });
    dress(share, {
      icon: screen ? 'share-stop' : 'share', label: screen ? 'Stop sharing' : 'Share your screen',
      key: 'S', active: screen,
    });
    mic.hidden = camera.hidden = !this.#mayPublish;
    share.hidden = !this.#mayPublish || !CAN_SHARE;
    dress(devices, { icon: 'devices', label: 'Choose devices', key: 'D' });
    dress(help, { icon: 'help', label: 'Keyboard shortcuts', key: '?' });
    dress(leave, { icon: 'leave', label: 'Leave the call', key: 'L' });
  }

  /** @param {KeyboardEvent} event */
  #onKey = (event) => {
    const action = actionFor(event, { typing: isTyping(document.activeElement) });
    if (!action) return;
    event.preventDefault();
    this.#act(action);
  };

  /** @param {Action} action */
  #act(action) {
    const { audio, video, screen } = this.#call.participants().local;
    if (this.#mayPublish && action === 'mic') void this.#switchMic(!audio);
    if (this.#mayPublish && action === 'camera') void this.#switchCamera(!video);
    if (this.#mayPublish && action === 'share') void this.#switchShare(!screen);
    if (action === 'chat') this.#chat.toggle();
    if (action === 'devices') void fillDeviceFields(this.#call, this.#selects);
    if (action === 'help' || action === 'leave' || action === 'devices') {
      // A dialog that is cancelled keeps the value of the last time.
      this.#dialogs[action].returnValue = '';
      this.#dialogs[action].showModal();
    }
  }

  /** @param {boolean} on */
  async #switchMic(on) {
    await this.#call.setLocalAudio(on);
    announce(this.#call.participants().local.audio ? 'Microphone on' : 'Microphone muted');
  }

  /** @param {boolean} on */
  async #switchCamera(on) {
    await this.#call.setLocalVideo(on);
    announce(this.#call.participants().local.video ? 'Camera on' : 'Camera off');
  }

  /** @param {boolean} on */
  async #switchShare(on) {
    if (!CAN_SHARE) return;
    try {
      await (on ? this.#call.startScreenShare() : this.#call.stopScreenShare());
      announce(on ? 'You are sharing your screen' : 'You have stopped sharing your screen');
    } catch (error) {
      const { type } = /** @type {CallError} */ (error);
      // Closing the browser's picker is an answer, not a problem.
      if (type !== 'permission-denied') toast(problemText(/** @type {CallError} */ (error)));
    }
  }

  /** @param {CallEvents['participant-joined']} event */
  #onCame({ participant }) {
    this.#requestDraw();
    if (this.isOpen) announce(`${displayName(participant)} has joined`);
  }

  /** @param {CallEvents['participant-left']} event */
  #onWent({ participant }) {
    this.#requestDraw();
    if (this.isOpen) announce(`${displayName(participant)} has left`);
  }

  /** @param {CallError} error */
  #onProblem(error) {
    this.#requestDraw();
    if (!this.isOpen || error.type === 'negotiation-error') return;
    toast(problemText(error));
  }

  /**
   * @param {string} text
   * @param {boolean} busy
   * @param {string} action
   * @param {() => void} act
   */
  #showBanner(text, busy, action, act) {
    byId('banner-text', HTMLSpanElement).textContent = text;
    byId('banner-spinner', HTMLSpanElement).hidden = !busy;
    this.#bannerAction.textContent = action;
    this.#bannerAction.onclick = act;
    this.#banner.hidden = false;
  }

  /** @param {string} text */
  #showReconnecting(text) {
    this.#showBanner(text, true, 'Try now', () => void this.#call.reconnect());
  }

  /** @param {boolean} recovered */
  #hideBanner(recovered) {
    this.#banner.hidden = true;
    if (recovered) toast('You are connected again');
  }

  /** The browser plays no sound before the page was clicked. */
  #askForSound() {
    this.#showBanner('The browser has silenced this page.', false, 'Turn on sound', () => {
      this.#speakers.resume();
      this.#banner.hidden = true;
    });
  }
}

/** @param {number} count */
function inTheCall(count) {
  return count === 1 ? 'Only you are in the call' : `${count} people in the call`;
}

/** @param {number} count */
function watchHidden(count) {
  return count === 1 ? '1 watches hidden' : `${count} watch hidden`;
}

/** @param {Invite} invite */
async function copyLink({ link, complete }) {
  try {
    await navigator.clipboard.writeText(link);
    toast(complete ? 'Link copied' : 'Link copied. Guests need an invitation of their own.');
  } catch {
    toast(link);
  }
}

function shortcutList() {
  return SHORTCUTS.flatMap(({ key, words }) => {
    const term = make('dt', '', make('kbd', '', key));
    return [term, make('dd', '', words)];
  });
}
