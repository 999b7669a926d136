/** VP8 frames as RTP packets (RFC 7741) for those that have no encoder, and the way back. */

import { readFile } from 'node:fs/promises';

export const PAYLOAD_TYPE = 96;
const FRAME_MS = 66;
const CLOCK_RATE = 90000;
const MOST_BYTES = 1100;

/**
 * @param {string} path of an IVF file
 * @returns {Promise<Buffer[]>}
 */
export async function readFilm(path) {
  const file = await readFile(path);
  const frames = [];
  for (let at = 32; at < file.length; ) {
    const size = file.readUInt32LE(at);
    frames.push(file.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}

/** Sends the frames over and over, in real time. */
export class Film {
  #timer;
  #seq = 7;
  #timestamp = 1000;
  #at = 0;

  /**
   * @param {Buffer[]} frames
   * @param {number} ssrc
   * @param {(packet: Buffer) => void} send
   */
  constructor(frames, ssrc, send) {
    this.#timer = setInterval(() => {
      const frame = frames[this.#at % frames.length];
      for (const packet of this.#packets(frame, ssrc)) send(packet);
      this.#at += 1;
      this.#timestamp += (FRAME_MS * CLOCK_RATE) / 1000;
    }, FRAME_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /**
   * @param {Buffer} frame
   * @param {number} ssrc
   */
  *#packets(frame, ssrc) {
    for (let from = 0; from < frame.length; from += MOST_BYTES) {
      const part = frame.subarray(from, from + MOST_BYTES);
      const header = Buffer.alloc(13);
      header[0] = 0x80;
      header[1] = PAYLOAD_TYPE | (from + MOST_BYTES >= frame.length ? 0x80 : 0);
      header.writeUInt16BE(this.#seq & 0xffff, 2);
      header.writeUInt32BE(this.#timestamp >>> 0, 4);
      header.writeUInt32BE(ssrc, 8);
      header[12] = from === 0 ? 0x10 : 0; // the first packet begins a partition
      this.#seq += 1;
      yield Buffer.concat([header, part]);
    }
  }
}

/** Counts the frames of which every packet has come. */
export class FrameCounter {
  frames = 0;
  /** @type {Map<number, {first?: number, last?: number, seqs: Set<number>, done?: boolean}>} */
  #open = new Map();

  /** @param {Buffer} packet RTP */
  receive(packet) {
    const type = packet[1] & 0x7f;
    if (packet.length < 12 || packet[0] >> 6 !== 2 || (type >= 64 && type < 96)) return; // RTCP
    let at = 12 + 4 * (packet[0] & 15);
    if (packet[0] & 0x10) at += 4 + 4 * packet.readUInt16BE(at + 2);
    const padding = packet[0] & 0x20 ? packet[packet.length - 1] : 0;
    if (at + padding >= packet.length) return; // padding only
    const seq = packet.readUInt16BE(2);
    const timestamp = packet.readUInt32BE(4);
    const frame = this.#open.get(timestamp) ?? { seqs: new Set() };
    this.#open.set(timestamp, frame);
    frame.seqs.add(seq);
    if ((packet[at] & 0x17) === 0x10) frame.first = seq; // S, partition 0
    if (packet[1] & 0x80) frame.last = seq;
    if (frame.done || frame.first === undefined || frame.last === undefined) return;
    if (frame.seqs.size < ((frame.last - frame.first) & 0xffff) + 1) return;
    frame.done = true;
    this.frames += 1;
  }
}
