// The web app's rules hold for its browser tests too.
export { default } from '../../web/eslint.config.js';
