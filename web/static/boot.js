// Sets the theme before the first paint, so that no page flashes in the wrong colours.
(function () {
  var theme = null;
  try {
    theme = localStorage.getItem('hearth.theme');
  } catch (refused) {
    theme = null; // a browser without storage follows the system
  }
  var dark = matchMedia('(prefers-color-scheme: dark)').matches;
  if (theme === 'dark' || theme === 'light') dark = theme === 'dark';
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
