/**
 * What browsers are able to and do not offer by themselves. Each of it is only offered: where the
 * server has no use for it, its answer leaves it out.
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
 * @typedef {RTCRtpTransceiver & {
 *   getHeaderExtensionsToNegotiate?: () => {uri: string, direction: RTCRtpTransceiverDirection}[],
 *   setHeaderExtensionsToNegotiate: (extensions: object[]) => void,
 * }} NegotiatesExtensions webrtc-extensions, section 5.2
 */
