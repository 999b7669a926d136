/** The relays that the server told us of, as an RTCPeerConnection takes them. */

/** @import { IceServer } from './protocol.d.ts' */

/**
 * @param {IceServer[]} servers
 * @returns {RTCIceServer[]} without the members that a STUN server does not have
 */
export function iceServers(servers) {
  return servers.map(({ urls, username, credential }) => (
    username == null || credential == null ? { urls } : { urls, username, credential }
  ));
}
