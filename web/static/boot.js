// Sets the theme before the first paint, so that no page flashes in the wrong colours.
(function () {
  function stored() {
    try {
      return localStorage.getItem('hearth.theme');
    } catch {
      return null; // a browser without storage follows the system
    }
  }
  var theme = stored();
  var dark = matchMedia('(prefers-color-scheme: dark)').matches;
  if (theme === 'dark' || theme === 'light') dark = theme === 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
