/**
 * Drives one foreign WebRTC implementation for a test: `node main.mjs ADAPTER FILM`. Each line of
 * standard input is a request, `{id, peer, do, ...}`, answered by a line `{id, ...}` or
 * `{id, error}`. An adapter exports `Peer`, one connection:
 *
 *   offer({publish, watch, channels}) -> sdp      with all candidates in it
 *   answer(sdp)                                    the server's
 *   restart() -> sdp                               an offer with new ICE credentials, if it can
 *   say(label, text)                               on a data channel
 *   state() -> {connection, frames, channels}      frames that came whole; by label {state, got}
 *   close()
 */

import { createInterface } from 'node:readline';

import { readFilm } from './film.mjs';

const [adapter, film] = process.argv.slice(2);
const { Peer, version } = await import(`./${adapter}.mjs`);
const frames = await readFilm(film);
/** @type {Map<string, InstanceType<typeof Peer>>} */
const peers = new Map();

const requests = {
  version: () => ({ version }),
  offer: async ({ peer, ...what }) => {
    peers.set(peer, new Peer(frames));
    return { sdp: await peers.get(peer).offer(what) };
  },
  answer: async ({ peer, sdp }) => {
    await peers.get(peer).answer(sdp);
    return {};
  },
  restart: async ({ peer }) => ({ sdp: await peers.get(peer).restart() }),
  say: ({ peer, label, text }) => {
    peers.get(peer).say(label, text);
    return {};
  },
  state: ({ peer }) => peers.get(peer).state(),
  publish: async ({ peer, url, token, candidate }) => {
    peers.set(peer, new Peer(frames));
    await peers.get(peer).publish(url, token, candidate);
    return {};
  },
  view: async ({ peer, url, token, candidate }) => {
    peers.set(peer, new Peer(frames));
    await peers.get(peer).view(url, token, candidate);
    return {};
  },
  stop: async ({ peer }) => {
    await peers.get(peer).stop();
    return {};
  },
  close: async ({ peer }) => {
    await peers.get(peer)?.close();
    peers.delete(peer);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: what, ...rest } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ id, ...(await requests[what](rest)) })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ id, error: String(error?.stack ?? error) })}\n`);
  }
}
process.exit(0);
