// The app is a static shell: everything is rendered in the browser.
export const ssr = false;
export const prerender = false;
