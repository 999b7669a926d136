import assert from 'node:assert/strict';
import test from 'node:test';

import { Negotiator } from '../../fastsfu/web/sdk/negotiator.js';

/** A peer connection as far as negotiation sees it. */
class FakeConnection {
  signalingState = 'stable';
  localDescription = null;
  offers = 0;

  async createOffer() {
    return { type: 'offer', sdp: 'offer' };
  }

  async setLocalDescription(description) {
    if (description?.type === 'offer' && this.refusesWords) throw new DOMException('', 'x');
    this.words = description?.sdp ?? 'its own';
    if (description?.type === 'rollback') {
      this.signalingState = 'stable';
      return;
    }
    assert.equal(this.signalingState, 'stable', 'one offer at a time');
    this.signalingState = 'have-local-offer';
    this.localDescription = { sdp: `offer ${(this.offers += 1)}` };
  }

  async setRemoteDescription() {
    this.signalingState = 'stable';
  }
}

function negotiation(more = '') {
  const pc = new FakeConnection();
  const waiting = [];
  const applied = [];
  const negotiator = new Negotiator(pc, {
    prepare: () => undefined,
    amend: (sdp) => `${sdp}${more}`,
    exchange: (sdp) => new Promise((resolve, reject) => waiting.push({ sdp, resolve, reject })),
    apply: (answer) => applied.push(answer.sdp),
  });
  return { pc, waiting, applied, negotiator };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('requests before an offer is made share it', async () => {
  const { waiting, negotiator } = negotiation();
  const both = [negotiator.negotiate(), negotiator.negotiate()];
  await turn();
  assert.deepEqual(waiting.map(({ sdp }) => sdp), ['offer 1']);
  waiting[0].resolve({ sdp: 'answer 1' });
  await Promise.all(both);
});

test('requests while an offer is in flight lead to one more', async () => {
  const { waiting, applied, negotiator } = negotiation();
  const first = negotiator.negotiate();
  await turn();
  const later = [negotiator.negotiate(), negotiator.negotiate(), negotiator.negotiate()];
  await turn();
  assert.equal(waiting.length, 1);
  waiting[0].resolve({ sdp: 'answer 1' });
  await first;
  await turn();
  assert.equal(waiting.length, 2);
  waiting[1].resolve({ sdp: 'answer 2' });
  await Promise.all(later);
  assert.deepEqual(applied, ['answer 1', 'answer 2']);
});

test('a refused offer is rolled back, told to who asked, and the next one works', async () => {
  const { pc, waiting, applied, negotiator } = negotiation();
  const refused = negotiator.negotiate();
  await turn();
  waiting[0].reject(new Error('bad-offer'));
  await assert.rejects(refused, /bad-offer/);
  assert.equal(pc.signalingState, 'stable');
  const next = negotiator.negotiate();
  await turn();
  waiting[1].resolve({ sdp: 'answer 2' });
  await next;
  assert.deepEqual(applied, ['answer 2']);
});

test('nothing is offered on a closed connection', async () => {
  const { pc, waiting, negotiator } = negotiation();
  pc.signalingState = 'closed';
  await negotiator.negotiate();
  assert.equal(waiting.length, 0);
});

test('closing ends what is under way, which the closed connection leaves pending', async () => {
  const { pc, waiting, applied, negotiator } = negotiation();
  pc.setLocalDescription = () => new Promise(() => undefined);
  const offered = [negotiator.negotiate()];
  await turn();
  offered.push(negotiator.negotiate());
  pc.signalingState = 'closed';
  negotiator.close();
  await Promise.all(offered);
  assert.deepEqual([waiting, applied], [[], []]);
});

test('an offer says what is wished besides, where the browser takes it', async () => {
  for (const [refusesWords, words] of [[false, 'offer and more'], [true, 'its own']]) {
    const { pc, waiting, negotiator } = negotiation(' and more');
    pc.refusesWords = refusesWords;
    const negotiated = negotiator.negotiate();
    await turn();
    assert.equal(pc.words, words);
    waiting[0].resolve({ sdp: 'answer' });
    await negotiated;
  }
});
