/** The chat: app messages of the form `{type: 'chat', text}`, as a log that grows. */

import { announce, byId, dress, make } from './dom.js';
import { displayName } from './identity.js';
import { clockTime, continues, readChat } from './chat-entries.js';

/** @import { Call, CallError } from '../sdk/fastsfu.js' */
/** @import { ChatEntry } from './chat-entries.js' */

/** The page keeps no more than these. */
const MAX_SHOWN = 500;
/** Of a message that is read out while the chat is closed. */
const SAID_AT_MOST = 200;

export class Chat {
  #call;
  #panel = byId('chat', HTMLElement);
  #button = byId('chat-toggle', HTMLButtonElement);
  #log = byId('chat-log', HTMLDivElement);
  #empty = byId('chat-empty', HTMLParagraphElement);
  #form = byId('chat-form', HTMLFormElement);
  #input = byId('chat-input', HTMLTextAreaElement);
  #problem = byId('chat-problem', HTMLParagraphElement);
  #frame;
  /** @type {ChatEntry | null} */
  #last = null;
  #unread = 0;

  /**
   * @param {Call} call
   * @param {HTMLElement} frame gets the class `with-chat` while the chat is open
   */
  constructor(call, frame) {
    this.#call = call;
    this.#frame = frame;
    byId('chat-close', HTMLButtonElement).onclick = () => this.close();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      void this.#send();
    };
    this.#input.oninput = () => this.#fit();
    this.#input.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      void this.#send();
    };
    this.#panel.onkeydown = (event) => {
      if (event.key === 'Escape') this.close();
    };
    call.on('app-message', ({ data, fromId }) => this.#receive(data, fromId));
    this.#draw();
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.#open();
  }

  close() {
    if (!this.isOpen) return;
    this.#panel.hidden = true;
    this.#frame.classList.remove('with-chat');
    this.#draw();
    if (this.#panel.contains(document.activeElement) || document.activeElement === document.body) {
      this.#button.focus();
    }
  }

  /** The call is over: the next one begins with an empty log. */
  clear() {
    this.close();
    for (const entry of [...this.#log.querySelectorAll('.chat-entry')]) entry.remove();
    this.#empty.hidden = false;
    this.#last = null;
    this.#unread = 0;
    this.#write('');
    this.#say('');
    this.#draw();
  }

  #open() {
    this.#panel.hidden = false;
    this.#frame.classList.add('with-chat');
    this.#unread = 0;
    this.#draw();
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#input.focus();
  }

  #draw() {
    const count = this.#unread > 9 ? '9+' : String(this.#unread);
    const news = this.#unread ? `, ${count} unread` : '';
    const label = this.isOpen ? 'Close the chat' : `Open the chat${news}`;
    dress(this.#button, { icon: 'chat', label, key: 'C', active: this.isOpen });
    this.#button.setAttribute('aria-expanded', String(this.isOpen));
    this.#button.querySelector('.count')?.remove();
    if (this.#unread) {
      const mark = make('span', 'count', count);
      mark.setAttribute('aria-hidden', 'true');
      this.#button.append(mark);
    }
  }

  /**
   * @param {unknown} data
   * @param {string} fromId
   */
  #receive(data, fromId) {
    const text = readChat(data);
    if (text === null) return;
    const sender = this.#call.participants()[fromId];
    const known = sender ? displayName(sender) : 'Somebody who has left';
    const name = fromId === 'server' ? 'This server' : known;
    this.#add({ fromId, name, text, at: Date.now() });
    if (this.isOpen) return; // the log is read out by itself
    announce(`${name} writes: ${text.slice(0, SAID_AT_MOST)}`);
    this.#unread += 1;
    this.#draw();
  }

  async #send() {
    const text = this.#input.value.trim();
    if (!text) return;
    // At once: this may take a while, and what is typed meanwhile is another message.
    this.#write('');
    try {
      await this.#call.sendAppMessage({ type: 'chat', text });
    } catch (error) {
      this.#giveBack(text, /** @type {CallError} */ (error));
      return;
    }
    this.#add({ fromId: 'local', name: 'You', text, at: Date.now() });
    this.#say('');
  }

  /**
   * @param {string} text that could not be sent
   * @param {CallError} error
   */
  #giveBack(text, { info }) {
    if (this.#call.meetingState() !== 'joined-meeting') return;
    if (!this.#input.value) this.#write(text);
    this.#say(info);
  }

  /** @param {ChatEntry} entry */
  #add(entry) {
    const log = this.#log;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    const element = make('div', 'chat-entry');
    element.classList.toggle('own', entry.fromId === 'local');
    if (!continues(this.#last, entry)) {
      const time = make('time', '', clockTime(entry.at));
      element.append(make('div', 'chat-head', make('strong', '', entry.name), time));
    }
    element.append(make('p', 'chat-text', entry.text));
    log.append(element);
    while (log.querySelectorAll('.chat-entry').length > MAX_SHOWN) {
      log.querySelector('.chat-entry')?.remove();
    }
    this.#empty.hidden = true;
    this.#last = entry;
    if (atEnd || entry.fromId === 'local') log.scrollTop = log.scrollHeight;
  }

  /** @param {string} problem */
  #say(problem) {
    this.#problem.textContent = problem;
    this.#problem.hidden = !problem;
  }

  /** @param {string} text into the field, in place of what is there */
  #write(text) {
    this.#input.value = text;
    this.#fit();
  }

  /** As high as what is written in it, within limits that the style sheet sets. */
  #fit() {
    this.#input.rows = Math.min(5, this.#input.value.split('\n').length);
  }
}
