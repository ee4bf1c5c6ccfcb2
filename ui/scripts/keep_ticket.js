ticket => {
  if (ticket) window.sessionStorage.setItem("rinkside-ticket", ticket);
}
