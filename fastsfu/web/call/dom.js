/** The few things that every view needs from the document. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`The page has no ${type.name} #${id}.`);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {(Node | string)[]} children
 */
export function make(tag, className = '', ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} name of a symbol in icons.svg */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `../call/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * @typedef {object} ControlLook
 * @property {string} icon
 * @property {string} label what a press does; tooltip and accessible name
 * @property {string} [key] its keyboard shortcut
 * @property {boolean} [off] shown as switched off
 * @property {boolean} [active] shown as running
 * @property {boolean} [blocked] marked: the browser does not let us
 * @property {boolean} [disabled]
 */

/**
 * @param {HTMLButtonElement} button
 * @param {ControlLook} look
 */
export function dress(button, look) {
  const tip = look.key ? `${look.label} (${look.key})` : look.label;
  if (button.dataset.look === JSON.stringify(look)) return;
  button.dataset.look = JSON.stringify(look);
  button.dataset.tip = tip;
  button.setAttribute('aria-label', look.label);
  button.classList.toggle('off', look.off ?? false);
  button.classList.toggle('active', look.active ?? false);
  button.disabled = look.disabled ?? false;
  button.replaceChildren(icon(look.icon));
  if (look.blocked) button.append(make('span', 'blocked-mark', '!'));
}

/** @param {string} text for people who listen to the page */
export function announce(text) {
  const announcer = byId('announcer', HTMLDivElement);
  announcer.append(make('p', '', text));
  setTimeout(() => announcer.firstChild?.remove(), 8000);
}

/** A short message over the page. @param {string} text */
export function toast(text) {
  const toasts = byId('toasts', HTMLDivElement);
  if ([...toasts.children].some((shown) => shown.textContent === text)) return;
  const element = make('div', 'toast', text);
  toasts.append(element);
  announce(text);
  setTimeout(() => element.remove(), 4500);
}
