// What a real model does not do on demand, played by the scripted server.
import { expect, test } from './fixtures';

test('thoughts are folded away, with their duration', async ({ staged }) => {
  await staged.ask('Please think');
  await expect(staged.lastAnswer.getByRole('button', { name: /^Thinking/ })).toBeVisible();
  await staged.finished();
  const fold = staged.lastAnswer.getByRole('button', { name: /^Thought for \d+(\.\d+)? s$/ });
  await expect(staged.lastAnswer.getByText('counting on')).toBeHidden();
  await fold.click();
  await expect(staged.lastAnswer.getByText('counting on')).toBeVisible();
});

test('code is coloured, wraps and can be copied', async ({ staged }) => {
  await staged.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await staged.askAndWait('Show me code');
  const code = staged.lastAnswer.locator('pre').first();
  await expect(code.locator('.hljs-keyword').first()).toBeVisible();
  await staged.lastAnswer.getByRole('button', { name: 'Copy', exact: true }).first().click();
  await expect(staged.lastAnswer.getByRole('button', { name: 'Copied' })).toBeVisible();
  const copied = await staged.page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('class Mailbox {\n public:\n');
  expect(copied).not.toContain('Sure.');
  const wrap = staged.lastAnswer.getByRole('button', { name: 'Wrap' }).first();
  await wrap.click();
  await expect(wrap).toHaveAttribute('aria-pressed', 'true');
  await expect(code).toHaveCSS('white-space-collapse', 'preserve');
});

test('a hostile answer does nothing', async ({ staged }) => {
  await staged.askAndWait('Be hostile');
  await expect(staged.lastAnswer).toContainText('done.');
  await expect(staged.lastAnswer.locator('.prose img, .prose script, .prose style')).toHaveCount(0);
  expect(await staged.page.evaluate(() => 'hacked' in window)).toBe(false);
});

test('what is being read does not move while the answer grows', async ({ staged }) => {
  await staged.ask('Tell me something long');
  const first = staged.lastAnswer.getByText('Paragraph 1.', { exact: false }).first();
  await expect(staged.lastAnswer).toContainText('Paragraph 3.');
  await staged.page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (a) => a.playState !== 'running' || a.effect?.getComputedTiming().iterations === Infinity,
      ),
  );
  const before = await first.boundingBox();
  await staged.finished();
  expect((await first.boundingBox())?.y).toBe(before?.y);
  const toEnd = staged.page.getByRole('button', { name: 'To the end' });
  await toEnd.click();
  await expect(staged.lastAnswer.getByText('Paragraph 60.', { exact: false })).toBeInViewport();
  await expect(toEnd).toBeHidden();
});

test('an answer cut by the limit can be continued', async ({ staged, stage }) => {
  await staged.askAndWait('Up to the limit');
  await expect(staged.lastAnswer).toContainText('Cut off at the length limit of 1,024 tokens.');
  await staged.action('Continue').click();
  await staged.finished();
  const requests = await (await fetch(`${stage.url}/requests`)).json();
  const last = requests.findLast(
    (r: { continue_final_message?: boolean }) => r.continue_final_message,
  );
  expect(last.messages.at(-1)).toMatchObject({
    role: 'assistant',
    content: 'Once upon a time there was a fox who',
  });
  await expect(staged.answers).toHaveCount(1);
});

test('an error in the stream keeps what was written', async ({ staged }) => {
  await staged.askAndWait('Get broken');
  await expect(staged.lastAnswer).toContainText('It was a dark and stormy');
  const error = staged.lastAnswer.getByRole('alert');
  await expect(error).toContainText('The model process stopped: signal 9.');
  await expect(error).toContainText('req_5ca1ab1e0002');
  await expect(error.getByRole('button', { name: 'Continue from here' })).toBeVisible();
});

test('a chat goes on in the background while another one is open', async ({ staged }) => {
  const { page } = staged;
  await staged.ask('First, be slow');
  await expect(staged.lastAnswer).toContainText('Paragraph 1');
  await page.keyboard.press('Control+Shift+O');
  await staged.askAndWait('Second, be plain');
  await expect(staged.lastAnswer).toContainText('Ember');
  const list = await staged.chats();
  await list.getByRole('link', { name: /First, be slow/ }).click();
  await expect(staged.lastAnswer).toContainText('Paragraph 2');
  await staged.stop.click();
  await expect(staged.lastAnswer).toContainText('Stopped here.');
});

test.describe('refused', () => {
  test.use({ expectedErrors: [/status of 400/] });

  test('the reason, what to do, and the request id are shown', async ({ staged }) => {
    await staged.askAndWait('Get refused');
    const error = staged.lastAnswer.getByRole('alert');
    await expect(error).toContainText('maximum context length is 2048 tokens');
    await expect(error).toContainText('Start a new chat');
    await expect(error).toContainText('req_5ca1ab1e0001');
    await expect(staged.questions).toHaveText('Get refused');
    await error.getByRole('button', { name: 'Retry' }).click();
    await expect(staged.answers).toHaveCount(1);
  });
});
