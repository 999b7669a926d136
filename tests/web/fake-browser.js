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
  constructor(track, encodings) {
    this.track = track;
    this.parameters = { encodings };
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

  addTransceiver(trackOrKind, { direction, sendEncodings = [{}] }) {
    const track = typeof trackOrKind === 'string' ? null : trackOrKind;
    const receiver = { track: new FakeTrack(track?.kind ?? trackOrKind) };
    const sender = new FakeSender(track, sendEncodings);
    const transceiver = { mid: null, direction, currentDirection: null, sender, receiver };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer() {
    return { type: 'offer', sdp: '' };
  }

  async setLocalDescription(description) {
    if (description?.type === 'rollback') {
      this.signalingState = 'stable';
      return;
    }
    this.transceivers.forEach((one, index) => (one.mid = String(index)));
    this.#offered = this.transceivers.map((one) => [one, one.direction]);
    const sections = this.transceivers.map((one) => (
      `m=${one.receiver.track.kind} 9\r\na=mid:${one.mid}\r\na=${one.direction}\r\n`
    ));
    this.localDescription = { type: 'offer', sdp: ['v=0\r\n', ...sections].join('') };
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

/** With a server at its end that takes everybody and whatever is offered, and remembers nobody. */
class FakeSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  readyState = 1;
  welcome = JOINED;
  sent = [];

  constructor() {
    queueMicrotask(() => this.onopen?.());
  }

  send(text) {
    const message = JSON.parse(text);
    this.sent.push(message);
    if (message.type === 'join') this.push(this.welcome);
    if (message.type === 'resume') this.push(FORGOTTEN);
    if (message.type === 'offer') this.push({ ...ANSWER, id: message.id });
  }

  push(message) {
    queueMicrotask(() => this.onmessage?.({ data: JSON.stringify(message) }));
  }

  close() {
    this.readyState = 3;
  }
}

/**
 * Put it where `createCall` looks for a browser.
 *
 * @returns what it has opened, `until` (the devices and the picker wait for that promise) and
 *   `welcome` (how the server greets who joins)
 */
export function installBrowser() {
  const browser = {
    tracks: [], connections: [], sockets: [], until: Promise.resolve(), welcome: JOINED,
  };
  const open = async (...kinds) => {
    await browser.until;
    const tracks = kinds.map((kind) => new FakeTrack(kind));
    browser.tracks.push(...tracks);
    return streamOf(...tracks);
  };
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia: (wanted) => open(...['audio', 'video'].filter((kind) => wanted[kind])),
    getDisplayMedia: () => open('video'),
    enumerateDevices: async () => [],
  });
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices }, configurable: true });
  globalThis.RTCPeerConnection = class extends FakePeerConnection {
    constructor() {
      super();
      browser.connections.push(this);
    }
  };
  globalThis.WebSocket = class extends FakeSocket {
    constructor() {
      super();
      this.welcome = browser.welcome;
      browser.sockets.push(this);
    }
  };
  return browser;
}

export const YOU = {
  session_id: 'us', user_id: null, user_name: '', owner: false, user_data: null, revision: 0,
  joined_at: 1, audio: false, video: false, screenVideo: false, screenAudio: false, origin: '',
  permissions: { publish: ['audio', 'video', 'screen'], subscribe: true, messages: true }, held: [],
};

export const JOINED = {
  type: 'joined', session_id: 'us', resume_key: 'key', heartbeat: 10, you: YOU, participants: [],
  room: { name: 'r', max_participants: 200, ends_at: null, locked: false, enable_knocking: false },
  session_data: null, waiting_participants: [],
  hidden_participants: 0, active_speaker: null, sections: { audio: 0, video: 0 }, ice_servers: [],
  topology: { topology: 'sfu', sending: ['sfu'], peer: null },
  config: { max_user_data_bytes: 4096, max_app_message_bytes: 4096, can_send_messages: true },
};

export const ANSWER = { type: 'answer', sdp: '', subscriptions: {} };

const FORGOTTEN = { type: 'error', fatal: true, error: 'no-room', info: '', re: null };
