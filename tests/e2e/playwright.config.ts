// Browser tests: Debian's Chromium against the real program, on a desktop and on a phone.
import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { launchOptions } from './browser';

const results = join(__dirname, '../../build/e2e');

export default defineConfig({
  testDir: '.',
  outputDir: results,
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  // A second try on a busy CI machine is reported as flaky, never as a plain pass.
  retries: process.env.CI ? 1 : 0,
  // Generous: the machine may be busy with a build.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: { browserName: 'chromium', launchOptions },
  projects: [
    { name: 'desktop', use: { viewport: { width: 1280, height: 800 } } },
    {
      name: 'phone',
      use: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
    },
  ],
});
