/** libdatachannel (node-datachannel), which OBS uses for WHIP. It encodes and decodes nothing. */

import nodeDataChannel from 'node-datachannel';

import { told } from './channels.mjs';
import { Film, FrameCounter, PAYLOAD_TYPE } from './film.mjs';
import { versionOf } from './package.mjs';

export const version = versionOf('node-datachannel');

const SSRC = 424242;

export class Peer {
  #pc;
  #frames;
  #counter = new FrameCounter();
  #channels = {};
  #film = null;
  #track = null; // kept: a track that nobody holds is collected
  #gathered;

  constructor(frames) {
    this.#frames = frames;
    this.#pc = new nodeDataChannel.PeerConnection('peer', {
      iceServers: [],
      disableAutoNegotiation: true,
    });
    this.#gathered = new Promise((resolve) => {
      this.#pc.onGatheringStateChange((state) => state === 'complete' && resolve());
    });
  }

  async offer({ publish, watch, channels = [] }) {
    if (publish || watch) {
      const video = new nodeDataChannel.Video('video', publish ? 'SendOnly' : 'RecvOnly');
      video.addVP8Codec(PAYLOAD_TYPE);
      if (publish) video.addSSRC(SSRC, 'film', 'film', 'picture');
      this.#track = this.#pc.addTrack(video);
      const track = this.#track;
      if (publish) {
        track.setMediaHandler(new nodeDataChannel.RtcpNackResponder()); // as OBS does
        track.onOpen(() => this.#start(track));
      }
      if (watch) {
        track.setMediaHandler(new nodeDataChannel.RtcpReceivingSession());
        track.onMessage((packet) => this.#counter.receive(packet));
      }
    }
    for (const label of channels) this.#channels[label] = this.#watched(label);
    this.#pc.setLocalDescription('offer');
    await this.#gathered;
    return this.#pc.localDescription().sdp;
  }

  #start(track) {
    this.#film = new Film(this.#frames, SSRC, (packet) => {
      if (track.isOpen()) track.sendMessageBinary(packet);
    });
  }

  #watched(label) {
    const channel = this.#pc.createDataChannel(label);
    const seen = { channel, got: [], state: 'connecting' };
    channel.onOpen(() => (seen.state = 'open'));
    channel.onClosed(() => (seen.state = 'closed'));
    channel.onMessage((text) => seen.got.push(String(text)));
    return seen;
  }

  answer(sdp) {
    this.#pc.setRemoteDescription(sdp, 'answer');
  }

  say(label, text) {
    this.#channels[label].channel.sendMessage(text);
  }

  state() {
    return {
      connection: this.#pc.state(),
      frames: this.#counter.frames,
      channels: told(this.#channels),
    };
  }

  close() {
    this.#film?.stop();
    this.#pc.close();
  }
}
