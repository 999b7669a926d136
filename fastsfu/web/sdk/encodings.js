/** What each source may cost: defaults, and the settings of the application. */

/** @import { EncodingLimits, Source } from './fastsfu.d.ts' */

/** @type {Record<Source, EncodingLimits>} */
const DEFAULTS = {
  audio: {},
  video: { maxBitrate: 1_500_000, maxFramerate: 30 },
  screenVideo: { maxBitrate: 2_500_000, maxFramerate: 30 },
  screenAudio: { maxBitrate: 128_000 },
};

/** @param {Source} source */
export function isSound(source) {
  return source === 'audio' || source === 'screenAudio';
}

/**
 * The limits in the words of RTCRtpEncodingParameters.
 *
 * @param {Source} source
 * @param {{getSettings(): MediaTrackSettings} | null} track
 * @param {EncodingLimits} [limits]
 * @returns {RTCRtpEncodingParameters}
 */
export function encodingFor(source, track, limits = {}) {
  const { maxHeight, ...rates } = { ...DEFAULTS[source], ...limits };
  if (isSound(source)) return rates;
  const height = track?.getSettings().height ?? 0;
  const tooHigh = maxHeight && height > maxHeight;
  return { ...rates, scaleResolutionDownBy: tooHigh ? height / maxHeight : 1 };
}

/**
 * The camera gives way in resolution, speech gets through first.
 *
 * @param {Source} source
 * @param {MediaStreamTrack | null} track
 * @param {EncodingLimits} [limits]
 * @returns {RTCRtpEncodingParameters}
 */
export function initialEncoding(source, track, limits) {
  const encoding = encodingFor(source, track, limits);
  return source === 'audio' ? { ...encoding, priority: 'high' } : encoding;
}

/**
 * Let new limits, or those for a new track, count.
 *
 * @param {RTCRtpSender} sender
 * @param {Source} source
 * @param {EncodingLimits} [limits]
 */
export async function applyEncoding(sender, source, limits) {
  const parameters = sender.getParameters();
  if (!parameters.encodings?.length) return;
  const wanted = encodingFor(source, sender.track, limits);
  parameters.encodings = parameters.encodings.map((encoding) => ({ ...encoding, ...wanted }));
  await sender.setParameters(parameters).catch(() => undefined); // a newer call has overtaken it
}

/**
 * Share a limit for all pictures: a shared screen gets most of it, the camera the rest.
 *
 * @param {number | null} kbs kilobits per second
 * @param {boolean} sharing
 * @returns {{video: EncodingLimits, screenVideo: EncodingLimits}}
 */
export function shareBandwidth(kbs, sharing) {
  if (kbs === null) return { video: {}, screenVideo: {} };
  const bits = kbs * 1000;
  const screen = sharing ? Math.round(bits * 0.7) : bits;
  return {
    video: { maxBitrate: Math.min(sharing ? bits - screen : bits, 1_500_000) },
    screenVideo: { maxBitrate: Math.min(screen, 2_500_000) },
  };
}
