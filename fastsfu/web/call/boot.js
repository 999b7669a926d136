/**
 * Looks after the start of the page: no module script, so that it runs when one of those could not
 * be loaded. Browsers break off what they are loading when the network changes; then the page loads
 * again, a few times. `main.js` says when it has come up.
 */

const SLOT = 'fastsfu.loads';
const LOADS_AT_MOST = 4;

addEventListener('error', ({ target }) => {
  if (!(target instanceof HTMLScriptElement)) return;
  const loads = Number(sessionStorage.getItem(SLOT)) + 1;
  sessionStorage.setItem(SLOT, String(loads));
  if (loads < LOADS_AT_MOST) {
    location.reload();
  } else {
    sessionStorage.removeItem(SLOT);
    document.getElementById('unloaded')?.removeAttribute('hidden');
  }
}, true);
