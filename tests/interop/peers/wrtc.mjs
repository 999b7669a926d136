/** libwebrtc without a browser (@roamhq/wrtc): encoder, decoder and all. */

import wrtc from '@roamhq/wrtc';

import { told, watched } from './channels.mjs';
import { versionOf } from './package.mjs';

const { RTCPeerConnection, MediaStream } = wrtc;
const { RTCVideoSource, RTCVideoSink, RTCAudioSource } = wrtc.nonstandard;

export const version = versionOf('@roamhq/wrtc');

const WIDTH = 320;
const HEIGHT = 240;

export class Peer {
  frames = 0;
  #channels = {};
  #timers = [];
  #sinks = [];

  constructor() {
    this.pc = new RTCPeerConnection();
    this.pc.ontrack = ({ track }) => {
      if (track.kind !== 'video') return;
      const sink = new RTCVideoSink(track);
      sink.onframe = () => (this.frames += 1);
      this.#sinks.push(sink);
    };
  }

  async offer({ publish, watch, channels = [] }) {
    if (publish) this.film();
    if (watch) {
      this.pc.addTransceiver('video', { direction: 'recvonly' });
      this.pc.addTransceiver('audio', { direction: 'recvonly' });
    }
    for (const label of channels) this.#channels[label] = watched(this.pc.createDataChannel(label));
    await this.pc.setLocalDescription(await this.pc.createOffer());
    await gathered(this.pc);
    return this.pc.localDescription.sdp;
  }

  /** Adds a camera and a microphone. */
  film() {
    const camera = new RTCVideoSource();
    const microphone = new RTCAudioSource();
    const stream = new MediaStream();
    for (const source of [camera, microphone]) this.pc.addTrack(source.createTrack(), stream);
    let shade = 0;
    const picture = () => {
      const data = new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill((shade += 3) % 256);
      camera.onFrame({ width: WIDTH, height: HEIGHT, data });
    };
    const sound = () => {
      const samples = new Int16Array(480).map((_, at) => 8000 * Math.sin(at / 17));
      microphone.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1 });
    };
    this.#timers.push(setInterval(picture, 66), setInterval(sound, 10));
  }

  async answer(sdp) {
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
  }

  async restart() {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: true }));
    await gathered(this.pc);
    return this.pc.localDescription.sdp;
  }

  say(label, text) {
    this.#channels[label].channel.send(text);
  }

  state() {
    return {
      connection: this.pc.connectionState,
      frames: this.frames,
      channels: told(this.#channels),
    };
  }

  close() {
    for (const timer of this.#timers) clearInterval(timer);
    for (const sink of this.#sinks) sink.stop();
    this.pc.close();
  }
}

function gathered(pc) {
  return new Promise((resolve) => {
    if (pc.iceGatheringState === 'complete') resolve();
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve();
  });
}
