import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // One shell for every address: the server answers any page request with index.html.
    adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html' }),
    paths: { relative: false },
    // The policy travels as a <meta> tag in index.html, with the hash of the one inline script that
    // starts the app. The server's own header may therefore leave script-src out.
    csp: {
      mode: 'hash',
      directives: {
        'default-src': ['self'],
        'script-src': ['self'],
        'style-src': ['self', 'unsafe-inline'],
        'img-src': ['self', 'data:', 'blob:'],
        'font-src': ['self'],
        'connect-src': ['self'],
        'object-src': ['none'],
        'base-uri': ['none'],
        'form-action': ['none'],
      },
    },
  },
};
