/** Of a browser, and of the server behind it, as much as a call needs: answers come at once. */

export class FakeTrack {
  enabled = true;
  readyState = 'live';
  contentHint = '';
  label = 'fake';
  settings = {};

  constructor(kind) {
    this.kind = kind;
  }

  stop() {
    this.readyState = 'ended';
  }

  getSettings() {
    return this.settings;
  }
}

/** @param {FakeTrack[]} tracks */
export function streamOf(...tracks) {
  return {
    getAudioTracks: () => tracks.filter(({ kind }) => kind === 'audio'),
    getVideoTracks: () => tracks.filter(({ kind }) => kind === 'video'),
    getTracks: () => tracks,
  };
}

class FakeSender {
  parameters = { encodings: [{}] };

  constructor(track) {
    this.track = track;
  }

  async replaceTrack(track) {
    this.track = track;
  }

  getParameters() {
    return structuredClone(this.parameters);
  }

  async setParameters(parameters) {
    this.parameters = parameters;
  }
}

export class FakePeerConnection {
  signalingState = 'stable';
  connectionState = 'new';
  localDescription = null;
  transceivers = [];
  #offered = [];

  createDataChannel() {
    return Object.assign(new EventTarget(), { readyState: 'connecting', close: () => undefined });
  }

  addTransceiver(trackOrKind, { direction }) {
    const track = typeof trackOrKind === 'string' ? null : trackOrKind;
    const receiver = { track: new FakeTrack(track?.kind ?? trackOrKind) };
    const sender = new FakeSender(track);
    const transceiver = { mid: null, direction, currentDirection: null, sender, receiver };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async setLocalDescription(description) {
    if (description?.type === 'rollback') {
      this.signalingState = 'stable';
      return;
    }
    this.transceivers.forEach((one, index) => (one.mid = String(index)));
    this.#offered = this.transceivers.map((one) => [one, one.direction]);
    this.localDescription = { type: 'offer', sdp: 'offer' };
    this.signalingState = 'have-local-offer';
  }

  /** A section that the answer says is inactive stands in its text as such: `inactive:MID`. */
  async setRemoteDescription({ sdp }) {
    this.signalingState = 'stable';
    for (const [one, direction] of this.#offered) {
      one.currentDirection = sdp.includes(`inactive:${one.mid}`) ? 'inactive' : direction;
    }
  }

  getConfiguration() {
    return {};
  }

  setConfiguration() {}

  async getStats() {
    return new Map();
  }

  close() {
    this.signalingState = 'closed';
  }
}
