// The server goes away, and comes back.
import { ChatPage } from './chat-page';
import { expect, SLOW, test } from './own-server';

test.use({ expectedErrors: [/Failed to load resource/] });

test.describe('while it writes', () => {
  test.use({ environment: SLOW });

  test('in mid-answer: the error stands in its place, and it goes on later', async ({
    page,
    mortal,
  }) => {
    const chat = await ChatPage.open(page, mortal.url);
    await page.route('**/v1/chat/completions', (route) =>
      route.continue({
        postData: JSON.stringify({ ...route.request().postDataJSON(), ignore_eos: true }),
      }),
    );
    await chat.ask('Tell me a short story about a fox.');
    await expect(chat.lastAnswer.locator('.prose').last()).not.toBeEmpty();
    await mortal.kill();
    const error = chat.lastAnswer.getByRole('alert');
    await expect(error).toContainText('The connection broke');
    await expect(error).toContainText('Request id');
    await expect(page.getByTestId('offline')).toBeVisible();
    await page.unroute('**/v1/chat/completions');

    mortal.environment = {};
    await mortal.start();
    await expect(page.getByTestId('offline')).toBeHidden();
    await chat.action('Answer again').click();
    await chat.finished();
    await expect(chat.lastAnswer.getByRole('alert')).toHaveCount(0);
    await expect(chat.lastAnswer.locator('.prose').last()).not.toBeEmpty();
  });
});

test('before the question: it comes back into the composer', async ({ page, mortal }) => {
  const chat = await ChatPage.open(page, mortal.url);
  await chat.askAndWait('Hello, who are you?');
  await mortal.kill();
  await chat.ask('Are you still there?');
  await expect(page.getByRole('alert')).toContainText('Not sent.');
  await expect(chat.composer).toHaveValue('Are you still there?');
  await expect(chat.questions).toHaveCount(1);
  await expect(page.getByTestId('offline')).toBeVisible();

  await mortal.start();
  await expect(page.getByTestId('offline')).toBeHidden();
  await chat.composer.press('Enter');
  await chat.finished();
  await expect(chat.questions).toHaveCount(2);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('at the first question: the start page keeps it', async ({ page, mortal }) => {
  const chat = await ChatPage.open(page, mortal.url);
  await mortal.kill();
  await chat.ask('Anybody there?');
  await expect(chat.composer).toHaveValue('Anybody there?');
  await expect(page.getByRole('alert')).toContainText('Not sent.');
  await expect(page).toHaveURL(/\/$/);
});
