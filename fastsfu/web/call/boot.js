/**
 * Looks after the start of the page: no module script, so that it runs when one of those could not
 * be loaded. Browsers break off what they are loading when the network changes; then the page loads
 * again, a few times. `main.js` says when it has come up.
 */

const SLOT = 'fastsfu.loads';
const LOADS_AT_MOST = 4;

addEventListener('error', ({ target }) => {
  if (!(target instanceof HTMLScriptElement)) return;
  if (loadsSoFar() < LOADS_AT_MOST) location.reload();
  else document.getElementById('unloaded')?.removeAttribute('hidden');
}, true);

/** With this one; where the browser blocks its storage none is counted, nor tried again. */
function loadsSoFar() {
  try {
    const loads = Number(sessionStorage.getItem(SLOT)) + 1;
    if (loads < LOADS_AT_MOST) sessionStorage.setItem(SLOT, String(loads));
    else sessionStorage.removeItem(SLOT);
    return loads;
  } catch {
    return LOADS_AT_MOST;
  }
}
