import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a running `hearth serve`. */
const server = process.env.HEARTH_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit()],
  // Fonts stay files of their own: a policy without data: fonts then suffices.
  build: { assetsInlineLimit: 0 },
  server: { proxy: { '/v1': server, '/healthz': server } },
  test: { include: ['src/**/*.test.ts'] },
});
