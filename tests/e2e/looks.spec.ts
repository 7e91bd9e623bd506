// Light and dark, wide and narrow: accessible, in the right colours, and nothing sticks out.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import type { AxeResults, RunOptions } from 'axe-core';
import type { ChatPage } from './chat-page';
import { expect, test } from './fixtures';

const AXE = readFileSync(join(__dirname, '../../web/node_modules/axe-core/axe.min.js'), 'utf8');

/** What the page looks like in each state, and how to get there. */
const STATES: Record<string, (chat: ChatPage) => Promise<unknown>> = {
  empty: async () => undefined,
  code: (chat) => chat.askAndWait('Show me code'),
  writing: async (chat) => {
    await chat.ask('Please be slow');
    await expect(chat.lastAnswer).toContainText('Paragraph 1');
  },
  thought: async (chat) => {
    await chat.askAndWait('Please think');
    await chat.lastAnswer.getByRole('button', { name: /^Thought/ }).click();
  },
  broken: (chat) => chat.askAndWait('Get broken'),
  models: async (chat) => {
    await chat.model.click();
    await expect(chat.page.getByRole('option')).toHaveCount(3);
  },
  settings: async ({ page }) => {
    await page.getByRole('button', { name: 'Settings' }).click();
    await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  },
  palette: async ({ page }) => {
    await page.keyboard.press('Control+K');
    await expect(page.getByRole('option').first()).toBeVisible();
  },
  sidebar: async (chat) => {
    await chat.askAndWait('Hello');
    await chat.chats();
  },
};

/** Findings of axe that are serious or critical, as lines that name rule and element. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(o: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
    );
}

test.describe('every state', () => {
  // Animations would be measured half-way through.
  test.use({ contextOptions: { reducedMotion: 'reduce' } });

  for (const [name, reach] of Object.entries(STATES)) {
    test(`${name} is accessible and fits, light and dark`, async ({ staged }) => {
      await reach(staged);
      for (const colorScheme of ['light', 'dark'] as const) {
        await staged.page.emulateMedia({ colorScheme });
        await expect(staged.page.locator('html')).toHaveAttribute('data-theme', colorScheme);
        await staged.page.waitForTimeout(100);
        expect(await findings(staged.page)).toEqual([]);
      }
      const wider = () => document.documentElement.scrollWidth - window.innerWidth;
      expect(await staged.page.evaluate(wider)).toBeLessThanOrEqual(0);
    });
  }
});

const theme = (page: Page) =>
  page.evaluate(() => ({
    theme: document.documentElement.dataset.theme,
    lightness: Number(/[\d.]+/.exec(getComputedStyle(document.body).backgroundColor)?.[0]),
  }));

test('the theme is set before anything is drawn, and the choice is kept', async ({ staged }) => {
  const { page } = staged;
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => theme(page)).toMatchObject({ theme: 'dark' });
  await staged.chats();
  await page.getByRole('radio', { name: 'Light' }).click();
  await expect.poll(() => theme(page)).toMatchObject({ theme: 'light' });
  // The script in the head decides, before the body is parsed.
  const early = page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
  await page.reload({ waitUntil: 'commit' });
  await early;
  await expect(page.getByRole('heading', { name: 'What is on your mind?' })).toBeVisible();
  const { theme: now, lightness } = await theme(page);
  expect(now).toBe('light');
  expect(lightness).toBeGreaterThan(0.9);
});
