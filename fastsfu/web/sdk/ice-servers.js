/** The relays that the server told us of, as an RTCPeerConnection takes them. */

/** @import { IceServer } from './protocol.d.ts' */

/**
 * @param {IceServer[]} servers
 * @returns {RTCIceServer[]} for a connection to another client
 */
export function iceServers(servers) {
  return servers.map(({ urls, username, credential }) => (
    username == null || credential == null ? { urls } : { urls, username, credential }
  ));
}

/**
 * @param {IceServer[]} servers
 * @returns {RTCIceServer[]} for the connection to the server
 */
export function serverIceServers(servers) {
  return iceServers(servers.filter((server) => !server.peer_only));
}
