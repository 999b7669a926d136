/**
 * What each source may cost: defaults, the settings of the application, what the others want of it.
 * Pictures go to the SFU as a ladder of encodings, of which each receiver gets the one that fits
 * (RFC 8853), a camera also as one whose layers the SFU picks (SVC: VP9 and AV1); everything else
 * is one encoding. Pure but for `applyEncodings`.
 */

/** @import { EncodingLimits, SendLimits, Source } from './fastsfu.d.ts' */
/** @import { WantedEncoding } from './protocol.d.ts' */

/** A server that does not answer `a=simulcast` makes every later offer fail in Chromium. */
export const PUBLISHES_LADDER = true;

/**
 * @typedef {object} Rung
 * @property {string} rid
 * @property {'high' | 'medium' | 'low'} level
 * @property {number} scale
 * @property {number} [maxBitrate] otherwise by its lines
 * @property {number} [maxFramerate]
 * @property {string} [scalabilityMode] the browser's own, if none
 */

/**
 * A camera's largest first: where a picture is too small for all, Chromium leaves out the last
 * ones, and with the smallest first that would be the picture itself. A screen is to be read: its
 * smaller one has all lines and fewer pictures. Of equal heights the first counts as the smaller.
 *
 * @type {Record<'video' | 'screenVideo', Rung[]>}
 */
const RUNGS = {
  video: [
    { rid: 'f', level: 'high', scale: 1 },
    { rid: 'h', level: 'medium', scale: 2 },
    { rid: 'q', level: 'low', scale: 4 },
  ],
  screenVideo: [
    {
      rid: 'q', level: 'low', scale: 1, maxBitrate: 150_000, maxFramerate: 5,
      scalabilityMode: 'L1T1', // of text further layers cost twice as much
    },
    { rid: 'f', level: 'high', scale: 1 },
  ],
};
/** Pixels from which Chromium sends all three. */
const THREE_FROM = 960 * 540;
/** And those from which half of it is a picture that is of use. */
const TWO_FROM = 480 * 270;
/** Lines of a camera that is not open yet. */
const USUAL_HEIGHT = 720;

/** @type {Record<Source, EncodingLimits>} */
const DEFAULTS = {
  audio: {},
  video: { maxBitrate: 1_500_000, maxFramerate: 30 },
  screenVideo: { maxBitrate: 2_500_000, maxFramerate: 30 },
  screenAudio: { maxBitrate: 128_000 },
};

/**
 * @typedef {object} Circumstances
 * @property {boolean} [ladder] a picture may have several encodings
 * @property {WantedEncoding[]} [wanted] by the others; what is not named is wanted
 */

/** One encoding of it has pictures of several sizes. @param {string} [codec] such as VP9 */
function isScalable(codec) {
  return /^(vp9|av1)$/i.test(codec ?? '');
}

/** @param {Source} source */
export function isSound(source) {
  return source === 'audio' || source === 'screenAudio';
}

/**
 * The limits in the words of RTCRtpEncodingParameters, one for each encoding.
 *
 * @param {Source} source
 * @param {{getSettings(): MediaTrackSettings} | null} track
 * @param {SendLimits} [limits] `maxBitrate` of all encodings together
 * @param {Circumstances} [circumstances]
 * @returns {RTCRtpEncodingParameters[]}
 */
export function encodingsFor(source, track, limits = {}, { ladder = false, wanted = [] } = {}) {
  if (isSound(source)) return [{ ...DEFAULTS[source], ...limits, active: isActive(wanted, '') }];
  const { width = 0, height = 0 } = track?.getSettings() ?? {};
  const { maxHeight, encodings = {}, codecs = [], ...rates } = limits;
  const shrink = maxHeight && height > maxHeight ? height / maxHeight : 1;
  const whole = { ...DEFAULTS[source], ...rates, scaleResolutionDownBy: shrink, active: true };
  const single = () => asWanted(whole, height, wanted, '');
  if (!ladder || (isScalable(codecs[0]) && source !== 'video')) return [single()];
  if (isScalable(codecs[0])) return [layered(whole, width, height, wanted)];
  const small = height > 0 && (width * height) / shrink ** 2 < THREE_FROM;
  const rungs = RUNGS[source].map((one) => {
    const { rid, level, scale, maxBitrate, maxFramerate = 30, ...mode } = one;
    const lines = (height || USUAL_HEIGHT) / shrink / scale;
    const usual = scale === 1 ? DEFAULTS[source].maxBitrate : bitrateFor(lines);
    const rung = {
      ...whole,
      ...mode,
      rid,
      scaleResolutionDownBy: scale * shrink,
      maxBitrate: maxBitrate ?? usual,
      maxFramerate: Math.min(whole.maxFramerate ?? maxFramerate, maxFramerate),
      ...encodings[level],
    };
    rung.active &&= scale < 4 || !small;
    return asWanted(rung, height, wanted, rid);
  });
  return shared(rungs, rates.maxBitrate);
}

/**
 * @param {Source} source
 * @param {MediaStreamTrack | null} track
 * @param {SendLimits} [limits]
 * @param {Circumstances} [circumstances]
 * @returns {RTCRtpEncodingParameters[]}
 */
export function initialEncodings(source, track, limits, circumstances) {
  const encodings = encodingsFor(source, track, limits, circumstances);
  // Speech gets through first.
  return source === 'audio' ? encodings.map((one) => ({ ...one, priority: 'high' })) : encodings;
}

/**
 * Let new limits, or those for a new track, count.
 *
 * @param {RTCRtpSender} sender
 * @param {Source} source
 * @param {SendLimits} [limits]
 * @param {Circumstances} [circumstances]
 */
export async function applyEncodings(sender, source, limits, circumstances) {
  const parameters = sender.getParameters();
  if (!parameters.encodings?.length) return;
  const wanted = encodingsFor(source, sender.track, limits, circumstances);
  parameters.encodings = parameters.encodings.map((encoding) => {
    const { rid, ...own } = wanted.find((one) => one.rid === encoding.rid) ?? wanted[0];
    // One that the browser did not take at first would have it refuse all the rest, too.
    if (!('scalabilityMode' in encoding)) Reflect.deleteProperty(own, 'scalabilityMode');
    return { ...encoding, ...own };
  });
  if (!isSound(source)) parameters.degradationPreference = preferenceFor(sender.track);
  await sender.setParameters(parameters).catch(() => undefined); // its connection has ended
}

/**
 * What gives way where there is too little for all: text stays sharp, people keep moving.
 *
 * @param {{contentHint: string} | null} track
 * @returns {RTCDegradationPreference}
 */
export function preferenceFor(track) {
  const hint = track?.contentHint;
  return hint === 'detail' || hint === 'text' ? 'maintain-resolution' : 'maintain-framerate';
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

/** 160 kbit/s for 180 lines, 500 for 360. @param {number} height lines of picture */
function bitrateFor(height) {
  return Math.round(160_000 * (height / 180) ** 1.64);
}

/**
 * Three sizes of picture, two of a small one, each in three frame rates. The whole picture is
 * predicted from the smaller ones: so the server can go down to those in the middle of it. The
 * largest sizes rest while nobody wants so many lines.
 *
 * @param {RTCRtpEncodingParameters} whole
 * @param {number} width
 * @param {number} height of the picture; 0 is one that is not open yet
 * @param {WantedEncoding[]} wanted
 * @returns {RTCRtpEncodingParameters}
 */
function layered(whole, width, height, wanted) {
  const { scaleResolutionDownBy: shrink = 1, maxBitrate = Infinity } = whole;
  const reduced = { ...whole, scaleResolutionDownBy: shrink };
  const most = wanted.find((one) => one.rid === '')?.max_height ?? Infinity;
  const pixels = (width * height) / shrink ** 2;
  let sizes = height > 0 && pixels < TWO_FROM ? 1 : height > 0 && pixels < THREE_FROM ? 2 : 3;
  let lines = (height || USUAL_HEIGHT) / shrink;
  for (; sizes > 1 && lines > most; sizes -= 1) {
    lines /= 2;
    reduced.scaleResolutionDownBy *= 2;
    reduced.maxBitrate = Math.min(maxBitrate, bitrateFor(lines));
  }
  const others = wanted.map((one) => ({ ...one, max_height: null }));
  const encoding = asWanted(reduced, height, others, '');
  return Object.assign(encoding, { scalabilityMode: `L${sizes}T3` });
}

/**
 * Those that are sent share one limit as they would share the whole.
 *
 * @param {RTCRtpEncodingParameters[]} rungs
 * @param {number | undefined} limit
 */
function shared(rungs, limit) {
  const sent = rungs.filter(({ active }) => active);
  const sum = sent.reduce((total, { maxBitrate = 0 }) => total + maxBitrate, 0);
  if (limit === undefined || sum <= limit) return rungs;
  return rungs.map((rung) => ({
    ...rung, maxBitrate: Math.round(((rung.maxBitrate ?? 0) * limit) / sum),
  }));
}

/**
 * @param {RTCRtpEncodingParameters} encoding
 * @param {number} height of the picture
 * @param {WantedEncoding[]} wanted
 * @param {string} rid
 * @returns {RTCRtpEncodingParameters}
 */
function asWanted(encoding, height, wanted, rid) {
  const { max_height, max_framerate } = wanted.find((one) => one.rid === rid) ?? {};
  const { scaleResolutionDownBy = 1, maxFramerate = 30 } = encoding;
  return {
    ...encoding,
    scaleResolutionDownBy: Math.max(scaleResolutionDownBy, max_height ? height / max_height : 1),
    maxFramerate: Math.min(maxFramerate, max_framerate ?? maxFramerate),
    active: encoding.active !== false && isActive(wanted, rid),
  };
}

/** @param {WantedEncoding[]} wanted @param {string} rid */
function isActive(wanted, rid) {
  return !wanted.some((one) => one.rid === rid && !one.active);
}
