/** Keyboard shortcuts: the table that the help dialog shows, and who gets a key. */

/** @typedef {'mic' | 'camera' | 'share' | 'chat' | 'devices' | 'leave' | 'help'} Action */

/** @type {readonly {key: string, action: Action, words: string}[]} */
export const SHORTCUTS = [
  { key: 'M', action: 'mic', words: 'Microphone on or off' },
  { key: 'V', action: 'camera', words: 'Camera on or off' },
  { key: 'S', action: 'share', words: 'Share your screen, or stop' },
  { key: 'C', action: 'chat', words: 'Open or close the chat' },
  { key: 'D', action: 'devices', words: 'Choose devices' },
  { key: 'L', action: 'leave', words: 'Leave the call' },
  { key: '?', action: 'help', words: 'Show this list' },
];

/**
 * @param {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat'>} event
 * @param {{typing: boolean}} focus typing: the key belongs to a field or a dialog
 * @returns {Action | null}
 */
export function actionFor(event, { typing }) {
  if (typing || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.toUpperCase();
  return SHORTCUTS.find((shortcut) => shortcut.key === key)?.action ?? null;
}

/**
 * A dialog that has just closed keeps the focus until the page is drawn again.
 * @param {Element | null} element that has the focus
 */
export function isTyping(element) {
  return Boolean(element?.closest('input, select, textarea, dialog[open], [contenteditable]'));
}
