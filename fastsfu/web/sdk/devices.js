/** Opening microphones and cameras, with one permission prompt for what is asked for together. */

/** @import { InputSource } from './fastsfu.d.ts' */

/** @typedef {'audio' | 'video'} DeviceKind */

/**
 * @typedef {object} Request
 * @property {DeviceKind} kind
 * @property {MediaTrackConstraints} constraints
 * @property {(track: MediaStreamTrack) => void} resolve
 * @property {(error: unknown) => void} reject
 */

export class DeviceOpener {
  /** @type {Request[]} */
  #requests = [];
  #getUserMedia;

  /** @param {(constraints: MediaStreamConstraints) => Promise<MediaStream>} [getUserMedia] */
  constructor(getUserMedia = browserGetUserMedia) {
    this.#getUserMedia = getUserMedia;
  }

  /**
   * Requests of the same turn of the event loop share one prompt.
   *
   * @param {DeviceKind} kind
   * @param {InputSource} source `true` or a device id
   * @returns {Promise<MediaStreamTrack>}
   */
  open(kind, source) {
    return new Promise((resolve, reject) => {
      this.#requests.push({ kind, constraints: constraintsFor(kind, source), resolve, reject });
      if (this.#requests.length === 1) setTimeout(() => this.#flush(), 0);
    });
  }

  async #flush() {
    const requests = this.#requests;
    this.#requests = [];
    const kinds = new Set(requests.map(({ kind }) => kind));
    if (requests.length === 1 || kinds.size < requests.length) {
      requests.forEach((request) => this.#openOne(request));
      return;
    }
    try {
      const [first, second] = requests;
      const stream = await this.#getUserMedia({
        [first.kind]: first.constraints,
        [second.kind]: second.constraints,
      });
      for (const { kind, resolve } of requests) resolve(trackOf(stream, kind));
    } catch (error) {
      this.#openApart(requests, error);
    }
  }

  /**
   * One of the two failed, and nothing says which. After a denial, do not prompt again, unless it
   * was made earlier and of the other device: then nobody has been asked for this one.
   *
   * @param {Request[]} requests
   * @param {unknown} error
   */
  async #openApart(requests, error) {
    const denied = error instanceof Error && error.name === 'NotAllowedError';
    const states = await Promise.all(requests.map(({ kind }) => permissionFor(kind)));
    requests.forEach((request, index) => {
      const [ours, other] = [states[index], states[1 - index]];
      const mayAsk = ours === 'granted' || (ours === 'prompt' && other === 'denied');
      if (denied && !mayAsk) request.reject(error);
      else this.#openOne(request);
    });
  }

  /** @param {Request} request */
  async #openOne({ kind, constraints, resolve, reject }) {
    try {
      resolve(trackOf(await this.#getUserMedia({ [kind]: constraints }), kind));
    } catch (error) {
      reject(error);
    }
  }
}

/** @returns {Promise<MediaDeviceInfo[]>} */
export async function listDevices() {
  return (await navigator.mediaDevices?.enumerateDevices()) ?? [];
}

/**
 * @param {DeviceKind} kind
 * @param {InputSource} source
 * @returns {MediaTrackConstraints}
 */
function constraintsFor(kind, source) {
  const device = typeof source === 'string' && source ? { deviceId: { exact: source } } : {};
  if (kind === 'audio') {
    return { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  }
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  return 'deviceId' in device ? { ...device, ...size } : { ...size, facingMode: 'user' };
}

/** @param {MediaStreamConstraints} constraints */
async function browserGetUserMedia(constraints) {
  const devices = navigator.mediaDevices;
  if (!devices) throw new DOMException('This page is not secure.', 'SecurityError');
  return devices.getUserMedia(constraints);
}

/** @param {DeviceKind} kind @returns {Promise<PermissionState | null>} null: nobody knows */
async function permissionFor(kind) {
  const name = /** @type {PermissionName} */ (kind === 'audio' ? 'microphone' : 'camera');
  try {
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return null;
  }
}

/**
 * @param {MediaStream} stream
 * @param {DeviceKind} kind
 */
function trackOf(stream, kind) {
  return (kind === 'audio' ? stream.getAudioTracks() : stream.getVideoTracks())[0];
}
