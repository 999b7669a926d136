/**
 * What browsers are able to and do not offer by themselves, and what they offer that is of no use.
 * Each of it is only offered: where the server has no use for it, its answer leaves it out.
 */

/** How its URI ends (AV1 RTP specification, appendix A). */
const DESCRIPTOR = '#dependency-descriptor-rtp-header-extension';

/**
 * Lost packets of sound sent again (RFC 4585 section 6.2.1), which Chromium takes when it stands in
 * its own offer.
 *
 * @param {string} sdp
 */
export function withSoundRepeats(sdp) {
  const sections = sdp.split(/^(?=m=)/m);
  return sections.map((one) => (one.startsWith('m=audio') ? repeated(one) : one)).join('');
}

/** @param {string} section of sound */
function repeated(section) {
  return section.replace(/^a=rtpmap:(\d+) opus\/.*\r?\n/gim, (rtpmap, pt) => (
    section.includes(`a=rtcp-fb:${pt} nack`) ? rtpmap : `${rtpmap}a=rtcp-fb:${pt} nack\r\n`
  ));
}

/**
 * The dependency descriptor, by which layers of VP9 and AV1 are told apart without a look at the
 * picture. Chromium knows it and has it stopped.
 *
 * @param {RTCRtpTransceiver} transceiver of a picture, before its first offer
 */
export function offerDescriptor(transceiver) {
  const negotiable = /** @type {NegotiatesExtensions} */ (transceiver);
  const extensions = negotiable.getHeaderExtensionsToNegotiate?.();
  const descriptor = extensions?.find(({ uri }) => uri.endsWith(DESCRIPTOR));
  if (!extensions || descriptor?.direction !== 'stopped') return;
  descriptor.direction = 'sendrecv';
  try {
    negotiable.setHeaderExtensionsToNegotiate(extensions);
  } catch {
    // Then the browser offers what it likes: the call needs none of it.
  }
}

/**
 * A section for receiving with no more codecs than calls are made of: Chromium describes 17
 * configurations in each of them, which is most of a large call's offers.
 *
 * @param {RTCRtpTransceiver} transceiver before its first offer
 * @param {'audio' | 'video'} kind
 */
export function offerFewCodecs(transceiver, kind) {
  const able = globalThis.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs ?? [];
  const few = able.filter(isUsual);
  if (kind === 'video' && !few.some(({ mimeType }) => /\/rtx$/i.test(mimeType))) return;
  try {
    if (few.length) transceiver.setCodecPreferences(few);
  } catch {
    // Then it offers them all.
  }
}

/**
 * A section for sending with these codecs alone, as far as the browser has them: of several the
 * server picks.
 *
 * @param {RTCRtpTransceiver} transceiver before its first offer
 * @param {'audio' | 'video'} kind
 * @param {string[]} names such as VP9
 */
export function offerCodecs(transceiver, kind, names) {
  const able = globalThis.RTCRtpSender?.getCapabilities?.(kind)?.codecs ?? [];
  const named = names.flatMap((name) => able.filter(({ mimeType }) => (
    mimeType.toLowerCase() === `${kind}/${name.toLowerCase()}`)));
  const repair = able.filter(({ mimeType }) => /\/rtx$/i.test(mimeType));
  try {
    if (named.length) transceiver.setCodecPreferences([...named, ...repair]);
  } catch {
    // Then it offers them all.
  }
}

/** @param {{mimeType: string, sdpFmtpLine?: string}} codec */
function isUsual({ mimeType, sdpFmtpLine = '' }) {
  switch (mimeType.toLowerCase()) {
    case 'audio/opus':
    case 'audio/red':
    case 'video/rtx':
    case 'video/vp8': return true;
    case 'video/vp9': return !/profile-id=[^0]/.test(sdpFmtpLine);
    case 'video/av1': return !/\bprofile=[^0]/.test(sdpFmtpLine);
    case 'video/h264': return /packetization-mode=1/.test(sdpFmtpLine);
    default: return false;
  }
}

/**
 * @typedef {RTCRtpTransceiver & {
 *   getHeaderExtensionsToNegotiate?: () => {uri: string, direction: RTCRtpTransceiverDirection}[],
 *   setHeaderExtensionsToNegotiate: (extensions: object[]) => void,
 * }} NegotiatesExtensions webrtc-extensions, section 5.2
 */
