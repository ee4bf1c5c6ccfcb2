() => {
  window.addEventListener('popstate', () => window.location.reload());
  return [new URL(window.location.href).searchParams.get('programme') ?? ''];
}
