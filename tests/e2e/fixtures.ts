// What every test starts from: a server, a page that tolerates no stray request, a hand on the chat.
import { test as base, expect, type Page } from '@playwright/test';
import { ChatPage } from './chat-page';
import { hearth, scripted, type Program } from './program';

interface Fixtures {
  /** The chat page of the real program. */
  chat: ChatPage;
  /** The chat page of the scripted server. */
  staged: ChatPage;
  /** Words of console errors that the test brings about on purpose. */
  expectedErrors: RegExp[];
  guard: void;
}
interface WorkerFixtures {
  real: Program;
  stage: Program;
}

async function run(program: Program, use: (program: Program) => Promise<void>) {
  await program.start();
  await use(program);
  await program.dispose();
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  // eslint-disable-next-line no-empty-pattern -- the runner insists on the braces
  real: [({}, use) => run(hearth(), use), { scope: 'worker' }],
  // eslint-disable-next-line no-empty-pattern -- the runner insists on the braces
  stage: [({}, use) => run(scripted(), use), { scope: 'worker' }],
  expectedErrors: [[], { option: true }],
  guard: [
    async ({ page, expectedErrors }, use) => {
      const complaints = watch(page, expectedErrors);
      await use();
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
  chat: async ({ page, real }, use) => use(await ChatPage.open(page, real.url)),
  staged: async ({ page, stage }, use) => use(await ChatPage.open(page, stage.url)),
});

/** Collects console errors, uncaught exceptions, and requests to any host but our own. */
function watch(page: Page, expected: RegExp[]): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() !== 'error' || expected.some((words) => words.test(text))) return;
    complaints.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (/^https?:$/.test(protocol) && hostname !== '127.0.0.1') {
      complaints.push(`request: ${request.url()}`);
    }
  });
  return complaints;
}

export { expect };
