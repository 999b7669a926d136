/** What data channels with the browsers' interface do, as the test asks for it. */

export function watched(channel) {
  const seen = { channel, got: [], state: 'connecting' };
  channel.onopen = () => (seen.state = 'open');
  channel.onclose = () => (seen.state = 'closed');
  channel.onmessage = ({ data }) => seen.got.push(String(data));
  return seen;
}

/** By label, without the channels themselves. */
export function told(channels) {
  return Object.fromEntries(
    Object.entries(channels).map(([label, { state, got }]) => [label, { state, got }]),
  );
}
