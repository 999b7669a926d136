/** How the call is encrypted and how well connected: two chips, and the dialog behind them. */

import { announce, byId, icon, make } from './dom.js';
import { encryptionText, figures, qualityText } from './network-texts.js';

/** @import { Call, NetworkThreshold, NetworkTopology } from '../sdk/fastsfu.js' */

const PERIOD_MS = 2000;

export class Encryption {
  #call;
  #chip = byId('encryption', HTMLButtonElement);
  #quality = byId('quality', HTMLButtonElement);
  #dialog = byId('connection-dialog', HTMLDialogElement);
  /** @type {NetworkTopology} */
  #topology = { topology: 'none', encryption: 'none', safetyNumber: null };
  /** @type {NetworkThreshold} */
  #threshold = 'good';
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
    this.#chip.onclick = this.#quality.onclick = () => this.show();
    this.#dialog.onclose = () => clearInterval(this.#timer);
    call.on('network-topology-change', (network) => this.#change(network));
    call.on('network-quality-change', ({ participant, threshold }) => {
      if (!participant.local) return;
      this.#threshold = threshold;
      this.#draw();
    });
  }

  /** The call begins. */
  open() {
    this.#threshold = 'good';
    this.#draw();
  }

  close() {
    this.#dialog.close();
  }

  show() {
    this.#draw();
    this.#dialog.returnValue = '';
    this.#dialog.showModal();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#drawFigures(), PERIOD_MS);
    void this.#drawFigures();
  }

  /** @param {NetworkTopology} network */
  #change(network) {
    const before = encryptionText(this.#topology);
    this.#topology = network;
    this.#draw();
    const now = encryptionText(network);
    if (now.said && now.chip !== before.chip) announce(now.said);
  }

  #draw() {
    const { encryption, safetyNumber } = this.#topology;
    const text = encryptionText(this.#topology);
    this.#chip.classList.toggle('end-to-end', encryption === 'end-to-end');
    this.#chip.replaceChildren(icon(text.icon), make('span', '', text.chip));
    this.#chip.dataset.tip = text.tip;
    this.#chip.setAttribute('aria-label', `${text.chip}. Show details`);
    this.#drawQuality();
    byId('connection-title', HTMLHeadingElement).textContent = text.title;
    byId('connection-icon', HTMLSpanElement).replaceChildren(icon(text.icon));
    byId('connection-icon', HTMLSpanElement).classList.toggle(
      'end-to-end', encryption === 'end-to-end',
    );
    byId('connection-text', HTMLParagraphElement).textContent = text.explanation;
    byId('safety', HTMLElement).hidden = safetyNumber === null;
    const groups = (safetyNumber ?? '').split(' ').map((group) => make('span', '', group));
    byId('safety-number', HTMLParagraphElement).replaceChildren(...groups);
    byId('safety-number', HTMLParagraphElement).setAttribute('aria-label', safetyNumber ?? '');
  }

  #drawQuality() {
    const { label, bars } = qualityText(this.#threshold);
    this.#quality.dataset.level = this.#threshold;
    const word = this.#threshold === 'good' ? [] : [make('span', '', label)];
    this.#quality.replaceChildren(icon(`signal-${bars}`), ...word);
    this.#quality.setAttribute('aria-label', `${label}. Show details`);
    this.#quality.dataset.tip = label;
  }

  async #drawFigures() {
    const stats = await this.#call.getNetworkStats().catch(() => null);
    const rows = stats ? figures(stats) : [];
    byId('connection-figures', HTMLElement).replaceChildren(
      ...rows.flatMap(([term, value]) => [make('dt', '', term), make('dd', '', value)]),
    );
  }
}
