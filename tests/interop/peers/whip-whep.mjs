/** The browser library whip-whep, on libwebrtc without a browser: it speaks HTTP itself. */

import { WHEPClient } from 'whip-whep/whep.js';
import { WHIPClient } from 'whip-whep/whip.js';

import { Peer as Wrtc } from './wrtc.mjs';
import { versionOf } from './package.mjs';

export const version = versionOf('whip-whep');

export class Peer extends Wrtc {
  #client;

  async publish(url, token) {
    this.film();
    this.#client = new WHIPClient();
    await this.#client.publish(this.pc, url, token);
  }

  async view(url, token) {
    this.pc.addTransceiver('video', { direction: 'recvonly' });
    this.#client = new WHEPClient();
    await this.#client.view(this.pc, url, token);
  }

  async stop() {
    await this.#client.stop();
  }
}
