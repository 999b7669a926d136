import assert from 'node:assert/strict';
import test from 'node:test';

import { CallError } from '../../fastsfu/web/sdk/errors.js';
import { MeetingToken } from '../../fastsfu/web/sdk/meeting-token.js';

function newToken() {
  const sent = [];
  const token = new MeetingToken((message) => sent.push(message));
  token.start('old');
  return { sent, token };
}

test('a newer token takes the place of the old one when the server has taken it', async () => {
  const { sent, token } = newToken();
  const refreshed = token.refresh('new');
  assert.equal(sent.length, 1);
  const { type, id, token: told } = sent[0];
  assert.deepEqual([type, told], ['refresh-token', 'new']);
  assert.equal(token.refused(1, new CallError('bad-offer', 'no')), false, 'that is an offer');
  token.taken(1);
  assert.throws(() => token.refresh('other'), { type: 'bad-request' });
  token.taken(id);
  await refreshed;
  assert.equal(token.current, 'new');
});

test('the old one stays when the newer one is refused', async () => {
  const { sent, token } = newToken();
  const error = new CallError('not-allowed', 'no');
  const refreshed = assert.rejects(token.refresh('new'), error);
  assert.equal(token.refused(sent[0].id, error), true);
  await refreshed;
  assert.equal(token.current, 'old');
});

test('what waits is said again when signaling is back', async () => {
  const { sent, token } = newToken();
  token.welcomed(false);
  const refreshed = token.refresh('new');
  token.welcomed(false);
  assert.deepEqual(sent[1], sent[0]);
  token.taken(sent[0].id);
  await refreshed;
});

test('who joins anew does so with the newer one', async () => {
  const { token } = newToken();
  const refreshed = token.refresh('new');
  assert.equal(token.current, 'new');
  token.welcomed(true);
  await refreshed;
  assert.equal(token.current, 'new');
});

test('it settles when the call ends', async () => {
  const { token } = newToken();
  const refreshed = assert.rejects(token.refresh('new'), { type: 'connection-error' });
  token.abandon(new CallError('connection-error', 'The call was left.'));
  await refreshed;
});
