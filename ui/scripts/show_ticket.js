() => {
  // A tab that was copied has the ticket too, but its page was never left: the visit stays with the
  // other one.
  const kept = window.sessionStorage;
  const left = kept.getItem("rinkside-left");
  kept.removeItem("rinkside-left");
  window.addEventListener("pagehide", () => kept.setItem("rinkside-left", "yes"));
  window.addEventListener("pageshow", event => event.persisted && kept.removeItem("rinkside-left"));
  return [left ? kept.getItem("rinkside-ticket") ?? "" : ""];
}
