// The page as a whole: a clip dropped anywhere is uploaded, and what a newcomer needs folds away.
const steps = () => element.querySelector('.rs-what');
const narrow = matchMedia('(max-width: 640px), (max-height: 600px)').matches;
if (narrow && steps()) steps().open = false;

// Steps and examples fold after the first analysis of the visitor's own; the example is the other.
const fold = () => {
  if (document.querySelectorAll('#history-list label').length < 2) return;
  watcher.disconnect();
  if (steps()) steps().open = false;
  document.querySelector('#examples-fold button.label-wrap.open')?.click();
};
const watcher = new MutationObserver(fold);
watcher.observe(document.body, { childList: true, subtree: true });

// Fields that take files of their own keep them.
const elsewhere = (event) => event.target.closest?.('#open-saved');
const files = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
let leaving = 0;
const over = (on) => document.body.classList.toggle('rs-dropping', on);
document.addEventListener('dragover', (event) => {
  if (!files(event) || elsewhere(event)) return;
  event.preventDefault();
  clearTimeout(leaving);
  over(true);
});
document.addEventListener('dragleave', () => {
  leaving = setTimeout(() => over(false), 120);
});
document.addEventListener(
  'drop',
  (event) => {
    over(false);
    if (!files(event) || elsewhere(event)) return;
    const input = document.querySelector('#upload input[type=file]');
    const [clip] = event.dataTransfer.files;
    if (!input || !clip) return;
    event.preventDefault();
    event.stopPropagation();
    const taken = new DataTransfer();
    taken.items.add(clip);
    input.files = taken.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  },
  true
);
