import assert from 'node:assert/strict';
import test, { mock } from 'node:test';

import { CallError } from '../../fastsfu/web/sdk/errors.js';
import { Offers } from '../../fastsfu/web/sdk/offers.js';

const TRACKS = { 0: 'audio' };

function newOffers() {
  const sent = [];
  return { sent, offers: new Offers((message) => sent.push(message)) };
}

test('an offer waits for the answer of its number', async () => {
  const { sent, offers } = newOffers();
  const exchanged = offers.exchange('v=0', TRACKS);
  assert.deepEqual(sent, [{ type: 'offer', id: 1, sdp: 'v=0', tracks: TRACKS }]);
  offers.answered({ type: 'answer', id: 0, sdp: 'too late', subscriptions: {} });
  const answer = { type: 'answer', id: 1, sdp: 'v=0', subscriptions: {} };
  offers.answered(answer);
  assert.equal(await exchanged, answer);
  offers.answered(answer);
});

test('a refusal of that number rejects it, any other one is somebody else\'s', async () => {
  const { offers } = newOffers();
  const error = new CallError('bad-offer', 'no');
  assert.equal(offers.refused(null, error), false, 'none waits, and it names none');
  const exchanged = offers.exchange('', {});
  assert.equal(offers.refused(null, error), false);
  assert.equal(offers.refused(7, error), false);
  assert.equal(offers.refused(1, error), true);
  await assert.rejects(exchanged, error);
});

test('what waits is said again when signaling is back', async () => {
  const { sent, offers } = newOffers();
  assert.equal(offers.repeat(), false);
  const exchanged = offers.exchange('', {});
  assert.equal(offers.repeat(), true);
  assert.deepEqual(sent[1], sent[0]);
  offers.answered({ type: 'answer', id: 1, sdp: '', subscriptions: {} });
  await exchanged;
  assert.equal(offers.repeat(), false);
});

test('an offer that is not answered in time is given up', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { offers } = newOffers();
  const late = assert.rejects(offers.exchange('', {}), { type: 'negotiation-error' });
  mock.timers.tick(20_000);
  await late;
  const left = assert.rejects(offers.exchange('', {}), { type: 'connection-error' });
  offers.abandon(new CallError('connection-error', 'The call was left.'));
  await left;
  mock.timers.reset();
});
