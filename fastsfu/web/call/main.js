/**
 * The call page: /r/{room}, with `?t=TOKEN`, `?name=` and `?autojoin=1`. It shows one view at a
 * time: before joining, the call, or how it has ended. `window.call` is the call.
 */

import { createCall } from '../sdk/fastsfu.js';
import { byId } from './dom.js';
import { inviteLink, readEntry, refusalOf } from './entry.js';
import { Meeting } from './meeting.js';
import { Prejoin } from './prejoin.js';
import { storageOf } from './storage.js';
import { endingFor } from './texts.js';

/** @import { Call, Participant } from '../sdk/fastsfu.js' */

const storage = storageOf('sessionStorage');
storage.removeItem('fastsfu.loads'); // boot.js counts those that came to nothing

const entry = readEntry(location.href, storage);
history.replaceState(null, '', entry.cleanAddress);
document.title = entry.room;

/** Those who may not publish are not asked for devices. */
const call = createCall(entry.mayPublish ? {} : { audioSource: false, videoSource: false });
/** @type {Window & {call?: Call}} */ (window).call = call;

const meeting = new Meeting(call, {
  room: entry.room,
  mayPublish: entry.mayPublish,
  invite: inviteLink(entry.cleanAddress, entry.token),
});
const WAITING = 'Waiting to be let in…';
/** @type {Prejoin | null} */
let prejoin = null;
let userName = entry.name ?? '';
/** What was on in the last call, so is to be on before the next one. */
const wishes = { audio: true, video: true };

call.on('joined-meeting', ({ participants }) => {
  remember(participants.local);
  closeAll();
  meeting.open();
});
call.on('participant-updated', ({ participant }) => {
  if (participant.local && call.meetingState() === 'joined-meeting') remember(participant);
});
call.on('access-state-updated', ({ access }) => {
  if (access !== 'waiting') return;
  void call.requestAccess();
  prejoin?.say(WAITING);
  byId('joining-text', HTMLElement).textContent = WAITING;
});
call.on('left-meeting', () => showEnding('left'));
call.on('error', ({ error }) => showEnding(error.type, error.cause));

void enter(entry.autojoin);

/** @param {boolean} [atOnce] without asking for anything */
async function enter(atOnce = false) {
  closeAll();
  byId('joining', HTMLElement).hidden = !atOnce;
  const refusal = await refusalOf(location.href, entry);
  if (refusal) showEnding(refusal);
  else if (atOnce) await join();
  else showPrejoin();
}

function showPrejoin() {
  closeAll();
  prejoin = new Prejoin(call, { ...entry, name: userName || null }, wishes, (name) => {
    userName = name;
    void join();
  });
  void prejoin.open();
}

/** A device that is blocked was wanted. @param {Participant} local */
function remember({ audio, video, tracks }) {
  wishes.audio = audio || tracks.audio.state === 'blocked';
  wishes.video = video || tracks.video.state === 'blocked';
}

async function join() {
  const { room, token } = entry;
  try {
    await call.join({ room, token: token ?? undefined, name: userName || undefined });
  } catch {
    // The `error` event has shown it.
  }
}

/**
 * @param {string} type
 * @param {string | null} [cause]
 */
function showEnding(type, cause) {
  closeAll();
  const { icon, title, text, action } = endingFor(type, cause);
  byId('over-icon', SVGUseElement).setAttribute('href', `../call/icons.svg#${icon}`);
  const heading = byId('over-title', HTMLHeadingElement);
  heading.textContent = title;
  byId('over-text', HTMLParagraphElement).textContent = text;
  const button = byId('over-action', HTMLButtonElement);
  button.hidden = action === null;
  button.textContent = action;
  button.onclick = () => void enter();
  byId('over', HTMLElement).hidden = false;
  heading.focus();
}

function closeAll() {
  prejoin?.close();
  prejoin = null;
  meeting.close();
  byId('over', HTMLElement).hidden = true;
  byId('joining', HTMLElement).hidden = true;
}
