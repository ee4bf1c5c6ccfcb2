// A browser drops what it waits for when a phone is locked or the network goes; the job goes on.
const going = () => element.querySelector('[data-going]');
const again = () => document.visibilityState === 'visible' && going() && trigger('click', {});
let left = 0;
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') left = Date.now();
  else if (Date.now() - left > 5000) again();
});
window.addEventListener('online', again);
