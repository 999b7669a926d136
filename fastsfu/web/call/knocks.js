/** Who asks to be let in: a card over the call, for owners, with an answer for each of them. */

import { announce, byId, make, toast } from './dom.js';
import { problemText } from './texts.js';

/** @import { Call, CallError, WaitingParticipant } from '../sdk/fastsfu.js' */

export class Knocks {
  #card = byId('knocks', HTMLElement);
  #title = byId('knocks-title', HTMLHeadingElement);
  #list = byId('knocks-list', HTMLUListElement);
  #all = byId('knocks-all', HTMLButtonElement);
  /** @type {Map<string, HTMLLIElement>} by id */
  #items = new Map();
  /** @type {Set<string>} whose answer is on its way */
  #answering = new Set();
  #isOpen = false;
  #call;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    this.#all.onclick = () => void this.#answer('*', true);
    call.on('waiting-participant-added', ({ participant }) => {
      this.#draw();
      if (this.#isOpen) announce(`${nameOf(participant)} asks to be let in`);
    });
    call.on('waiting-participant-removed', () => this.#draw());
    call.on('participant-updated', ({ participant }) => {
      if (participant.local) this.#draw();
    });
  }

  /** We are in the call. */
  open() {
    this.#isOpen = true;
    this.#draw();
  }

  close() {
    this.#isOpen = false;
    this.#card.hidden = true;
    this.#items.clear();
    this.#list.replaceChildren();
  }

  /** Items that stay are kept, so that who is about to press a button finds it in its place. */
  #draw() {
    if (!this.#isOpen) return;
    const { owner } = this.#call.participants().local;
    const waiting = owner ? Object.values(this.#call.waitingParticipants()) : [];
    const hadFocus = this.#card.contains(document.activeElement);
    for (const [id, item] of this.#items) {
      if (waiting.some((each) => each.id === id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    for (const each of waiting) {
      if (!this.#items.has(each.id)) this.#list.append(this.#item(each));
    }
    this.#title.textContent = titleFor(waiting.length);
    this.#all.hidden = waiting.length < 2;
    this.#card.hidden = waiting.length === 0;
    if (hadFocus && !this.#card.contains(document.activeElement)) this.#focusNext();
  }

  #focusNext() {
    const next = this.#list.querySelector('button') ?? byId('meeting-title', HTMLHeadingElement);
    next.focus();
  }

  /** @param {WaitingParticipant} participant */
  #item(participant) {
    const name = nameOf(participant);
    const item = make('li', 'knock', make('span', 'knock-name', name));
    for (const [words, granted] of /** @type {const} */ ([['Decline', false], ['Let in', true]])) {
      const button = make('button', granted ? 'primary small' : 'quiet small', words);
      button.type = 'button';
      button.setAttribute('aria-label', `${words}: ${name}`);
      button.onclick = () => void this.#answer(participant.id, granted);
      item.append(button);
    }
    this.#items.set(participant.id, item);
    return item;
  }

  /**
   * Once, however often it is pressed: a button that were disabled meanwhile would lose the focus.
   *
   * @param {string} id
   * @param {boolean} granted
   */
  async #answer(id, granted) {
    if (this.#answering.has(id)) return;
    this.#answering.add(id);
    try {
      await this.#call.updateWaitingParticipant(id, { grantRequestedAccess: granted });
    } catch (error) {
      toast(problemText(/** @type {CallError} */ (error)));
    }
    this.#answering.delete(id);
  }
}

/** @param {{name: string}} participant */
function nameOf({ name }) {
  return name || 'Somebody without a name';
}

/** @param {number} count */
function titleFor(count) {
  return count === 1 ? 'Somebody asks to be let in' : `${count} people ask to be let in`;
}
