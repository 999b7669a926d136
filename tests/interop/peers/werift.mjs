/** werift: WebRTC in TypeScript alone. It encodes and decodes nothing. */

import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters } from 'werift';

import { Film, FrameCounter, PAYLOAD_TYPE } from './film.mjs';
import { told, watched } from './channels.mjs';
import { versionOf } from './package.mjs';

export const version = versionOf('werift');

const SSRC = 424242;
const VP8 = new RTCRtpCodecParameters({
  mimeType: 'video/VP8',
  clockRate: 90000,
  payloadType: PAYLOAD_TYPE,
  rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
});

export class Peer {
  #pc = new RTCPeerConnection({ codecs: { video: [VP8] }, iceServers: [] });
  #frames;
  #counter = new FrameCounter();
  #channels = {};
  #film = null;

  constructor(frames) {
    this.#frames = frames;
    this.#pc.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe((packet) => this.#counter.receive(packet.serialize()));
    });
  }

  async offer({ publish, watch, channels = [] }) {
    if (publish) {
      const track = new MediaStreamTrack({ kind: 'video' });
      this.#pc.addTransceiver(track, { direction: 'sendonly' });
      this.#film = new Film(this.#frames, SSRC, (packet) => track.writeRtp(packet));
    }
    if (watch) this.#pc.addTransceiver('video', { direction: 'recvonly' });
    for (const label of channels) {
      this.#channels[label] = watched(this.#pc.createDataChannel(label));
    }
    return this.#describe(await this.#pc.createOffer());
  }

  async #describe(offer) {
    await this.#pc.setLocalDescription(offer);
    return this.#pc.localDescription.sdp;
  }

  async answer(sdp) {
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
  }

  async restart() {
    return this.#describe(await this.#pc.createOffer({ iceRestart: true }));
  }

  say(label, text) {
    this.#channels[label].channel.send(text);
  }

  state() {
    return {
      connection: this.#pc.connectionState,
      frames: this.#counter.frames,
      channels: told(this.#channels),
    };
  }

  async close() {
    this.#film?.stop();
    await this.#pc.close();
  }
}
