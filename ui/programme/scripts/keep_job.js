job => {
  const address = new URL(window.location.href);
  if (!job || address.searchParams.get('programme') === job) return;
  address.searchParams.set('programme', job);
  // Another entry of the history, so that Back leads to the programme before.
  window.history.pushState(null, '', address);
  if (window.parent === window) return;
  // On a Space the page lies in a frame, and the address that people see is the frame's parent's.
  window.parent.postMessage({ queryString: address.search.slice(1) }, 'https://huggingface.co');
}
