/** The browser library whip-whep, on libwebrtc without a browser: it speaks HTTP itself. */

import { WHEPClient } from 'whip-whep/whep.js';
import { WHIPClient } from 'whip-whep/whip.js';

import { Peer as Wrtc } from './wrtc.mjs';
import { versionOf } from './package.mjs';

export const version = versionOf('whip-whep');

export class Peer extends Wrtc {
  #client;

  async publish(url, token, candidate) {
    this.film();
    this.#client = by(candidate, new WHIPClient());
    await this.#client.publish(this.pc, url, token);
  }

  async view(url, token, candidate) {
    this.pc.addTransceiver('video', { direction: 'recvonly' });
    this.#client = by(candidate, new WHEPClient());
    await this.#client.view(this.pc, url, token);
  }

  async restart() {
    await this.#client.restart();
    return '';
  }

  async stop() {
    await this.#client.stop();
  }
}

/** The client, whose server has this one candidate, if there is one. */
function by(candidate, client) {
  const others = /^a=candidate:.*\r\n/gm;
  if (candidate) {
    client.onAnswer = (sdp) => sdp.replace(others, '').replace(/^a=end/m, `${candidate}\r\na=end`);
  }
  return client;
}
