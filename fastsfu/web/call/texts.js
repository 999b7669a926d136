/** What the page says about what went wrong, in words for people. Pure. */

/** @import { PictureLimit } from '../sdk/fastsfu.js' */

/**
 * @typedef {object} Ending
 * @property {string} icon
 * @property {string} title
 * @property {string} text
 * @property {string | null} action the button's words; null when trying again cannot help
 */

/** @type {Record<string, Ending>} */
const ENDINGS = {
  left: {
    icon: 'leave', title: 'You left the call', text: 'Come back whenever you like.',
    action: 'Rejoin',
  },
  'exp-token': {
    icon: 'clock', title: 'This invitation has expired',
    text: 'Ask the person who invited you for a new link.', action: null,
  },
  'nbf-token': {
    icon: 'clock', title: 'This invitation is not valid yet',
    text: 'It opens later. Try again when the call is about to start.', action: 'Try again',
  },
  'not-allowed': {
    icon: 'lock', title: 'You need an invitation',
    text: 'The link is incomplete or not for this room. Ask for a new one.', action: null,
  },
  'no-room': {
    icon: 'warning', title: 'There is no such room',
    text: 'Check the link, or ask the person who sent it.', action: null,
  },
  'meeting-full': {
    icon: 'people', title: 'The room is full',
    text: 'As many people as it may hold are in already. Try again when somebody has left.',
    action: 'Try again',
  },
  'exp-room': {
    icon: 'clock', title: 'This call has ended', text: 'The room was open until now.',
    action: null,
  },
  'nbf-room': {
    icon: 'clock', title: 'The room is not open yet',
    text: 'Try again when the call is about to start.', action: 'Try again',
  },
  ejected: {
    icon: 'leave', title: 'You were removed from the call',
    text: 'Somebody who runs this room has ended your part in it.', action: null,
  },
  'connection-error': {
    icon: 'offline', title: 'The connection was lost',
    text: 'Check your network, then try again. A firewall that blocks UDP can be the reason too.',
    action: 'Try again',
  },
  'no-capacity': {
    icon: 'people', title: 'The server is full',
    text: 'It has as many people in calls as it can take. Try again when some have left.',
    action: 'Try again',
  },
  'end-of-life': {
    icon: 'clock', title: 'The server takes no calls now',
    text: 'It is restarting. Try again in a moment.', action: 'Rejoin',
  },
};

/** Of a `connection-error`, when more is known. @type {Record<string, Ending>} */
const CAUSES = {
  'no-server': {
    icon: 'offline', title: 'The server cannot be reached',
    text: 'Check your network, then try again.', action: 'Try again',
  },
  'no-media': {
    icon: 'offline', title: 'This network blocks calls',
    text: 'The page comes through, but picture and sound do not: a firewall seems to stop them. '
      + 'Try another network, or ask whoever runs this one.',
    action: 'Try again',
  },
  'no-webrtc': {
    icon: 'warning', title: 'This browser cannot make calls',
    text: 'It has no WebRTC, or that is switched off. Use a current Chrome, Edge, Firefox or '
      + 'Safari.',
    action: null,
  },
  'origin-refused': {
    icon: 'lock', title: 'This page may not use the server',
    text: 'The page comes from another address than the server lets in. Whoever runs the server '
      + 'can add it to allowed_origins.',
    action: null,
  },
  'rate-limit': {
    icon: 'warning', title: 'This page said too much to the server',
    text: 'The server ends the part of whoever sends it too many messages at once. Your network is '
      + 'all right: just join again.',
    action: 'Rejoin',
  },
  'relay-refused': {
    icon: 'lock', title: 'The server’s certificate is not trusted',
    text: 'This network lets only secure web traffic through. You could open the page all the '
      + 'same, but for picture and sound your browser wants a certificate that it knows. Whoever '
      + 'runs the server can install one; until then another network may help.',
    action: 'Try again',
  },
};

/** Of a picture that is suspended: small tiles have room for the first part. */
export const PAUSED = { what: 'Picture paused', why: 'slow connection' };

/**
 * Why a picture is less than it could be.
 *
 * @type {Record<PictureLimit, string>}
 */
export const REDUCED = {
  downlink: 'your connection is slow',
  uplink: 'your connection is slow',
  cpu: 'your device is busy',
  'sender-uplink': 'their connection is slow',
  'sender-cpu': 'their device is busy',
};

/**
 * @param {string} type an error's type, or `left`
 * @param {string | null} [cause] what is known of its reason
 * @returns {Ending}
 */
export function endingFor(type, cause = null) {
  return CAUSES[cause ?? ''] ?? ENDINGS[type] ?? ENDINGS['connection-error'];
}

/** @type {Record<string, (device: string) => string>} */
const DEVICE_PROBLEMS = {
  'permission-denied': (device) =>
    `The browser blocks the ${device}. Allow it in the address bar or in the site settings.`,
  'device-not-found': (device) => `No ${device} was found. You can still listen and watch.`,
  'device-in-use': (device) => `The ${device} is busy: another program may be using it.`,
  'device-error': (device) => `The ${device} could not be started.`,
};

/**
 * @param {{type: string, info: string, source: string | null}} error
 * @returns {string}
 */
export function problemText({ type, info, source }) {
  if (type === 'screen-share-error') return info;
  const device = source === 'audio' ? 'microphone' : 'camera';
  if (source === 'audio' || source === 'video') {
    const say = DEVICE_PROBLEMS[type];
    if (say) return say(device);
  }
  if (type === 'not-allowed') return 'You may not do that in this call.';
  return info;
}

/** @type {Record<string, string>} */
const DEVICES = { audio: 'microphone', video: 'camera', screen: 'shared screen' };

/**
 * @param {string[]} sources that a host has turned off
 * @returns {string}
 */
export function mutedText(sources) {
  const devices = sources.map((source) => DEVICES[source]).join(' and ');
  return `A host has turned off your ${devices}.`;
}
