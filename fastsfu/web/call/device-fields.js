/** Selects for microphone, camera and speaker, in both views that have them. */

/** @import { Call } from '../sdk/fastsfu.js' */

/**
 * @typedef {object} Selects
 * @property {HTMLSelectElement} mic
 * @property {HTMLSelectElement} camera
 * @property {HTMLSelectElement} [speaker]
 */

/**
 * @param {Call} call
 * @param {Selects} selects
 * @param {(deviceId: string) => void} [onSpeaker]
 */
export function bindDeviceFields(call, selects, onSpeaker) {
  const { mic, camera, speaker } = selects;
  mic.onchange = () => void call.setInputDevices({ audioDeviceId: mic.value });
  camera.onchange = () => void call.setInputDevices({ videoDeviceId: camera.value });
  if (speaker) speaker.onchange = () => onSpeaker?.(speaker.value);
}

/**
 * @param {Call} call
 * @param {Selects} selects
 */
export async function fillDeviceFields(call, selects) {
  const { devices } = await call.enumerateDevices();
  const { audio, video } = call.participants().local.tracks;
  fill(selects.mic, devices, 'audioinput', 'Microphone', deviceIdOf(audio.persistentTrack));
  fill(selects.camera, devices, 'videoinput', 'Camera', deviceIdOf(video.persistentTrack));
  if (selects.speaker) fill(selects.speaker, devices, 'audiooutput', 'Speaker', null);
}

/** @param {MediaStreamTrack | null} track */
function deviceIdOf(track) {
  return track?.getSettings().deviceId ?? null;
}

/**
 * @param {HTMLSelectElement} select
 * @param {MediaDeviceInfo[]} devices
 * @param {MediaDeviceKind} kind
 * @param {string} word for devices without a label: before permission there are none
 * @param {string | null} inUse
 */
function fill(select, devices, kind, word, inUse) {
  const chosen = inUse ?? select.value;
  const found = devices.filter((device) => device.kind === kind);
  const options = found.map(({ deviceId, label }, index) => {
    return new Option(label || `${word} ${index + 1}`, deviceId, false, deviceId === chosen);
  });
  select.replaceChildren(...(options.length ? options : [new Option('None found', '')]));
  select.disabled = options.length === 0;
}
