// An answer is stopped by its reader.
import { ChatPage } from './chat-page';
import { expect, SLOW, test } from './own-server';

test.use({ environment: SLOW });

test('a stop ends the answer, and the next question is answered', async ({ page, mortal }) => {
  const chat = await ChatPage.open(page, mortal.url);
  // An answer that would go on for long, however short the model likes to be.
  await page.route('**/v1/chat/completions', (route) =>
    route.continue({
      postData: JSON.stringify({ ...route.request().postDataJSON(), ignore_eos: true }),
    }),
  );
  await chat.ask('Tell me a short story about a fox.');
  await expect(chat.lastAnswer.locator('.prose').last()).not.toBeEmpty();
  await chat.stop.click();
  await expect(chat.lastAnswer).toContainText('Stopped');
  await expect(chat.stop).toBeHidden();
  await page.unroute('**/v1/chat/completions');
  await chat.askAndWait('What is 7 + 5?');
  await expect(chat.answers).toHaveCount(2);
});
