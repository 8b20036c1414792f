// Sets the colours before the first paint; runs before the application and must stay outside of it.
(function () {
  var wish = null;
  try { wish = localStorage.getItem('mantine-color-scheme-value'); } catch { /* storage may be forbidden */ }
  var dark = wish === 'dark' || (wish !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
