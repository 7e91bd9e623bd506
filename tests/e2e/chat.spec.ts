// A conversation with the real program and its demo model.
import { expect, test } from './fixtures';

test('asks, streams an answer, tells what it cost', async ({ chat }) => {
  await expect(chat.page.getByRole('heading', { name: 'What is on your mind?' })).toBeVisible();
  if (!chat.isNarrow) await expect(chat.composer).toBeFocused();
  await chat.page.getByRole('button', { name: 'Hello, who are you?' }).click();
  await expect(chat.questions).toHaveText('Hello, who are you?');
  await chat.finished();
  await expect(chat.stop).toBeHidden();
  await expect(chat.lastAnswer.locator('.prose').last()).not.toBeEmpty();
  await expect(chat.lastAnswer).toContainText(/\d tokens?.*tok\/s.*first token/s);
  await expect(chat.page.getByTitle('Tokens in the context')).toContainText(/\d \/ [\d,]+/);
  await expect(chat.composer).toBeEmpty();
  await expect(chat.page).toHaveTitle('Hello, who are you? · Hearth');
});

test('goes on over several turns and is there again after a reload', async ({ chat }) => {
  await chat.askAndWait('Hello, who are you?');
  await chat.askAndWait('What is 7 + 5?');
  await expect(chat.answers).toHaveCount(2);
  const said = await chat.lastAnswer.locator('.prose').last().innerText();
  await chat.page.reload();
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.lastAnswer.locator('.prose').last()).toHaveText(said, { useInnerText: true });
});

test('ignores a blank message', async ({ chat }) => {
  await chat.ask('   ');
  await expect(chat.page.getByRole('button', { name: 'Send' })).toBeDisabled();
  await expect(chat.questions).toHaveCount(0);
});

test('answers again, and both versions stay', async ({ chat }) => {
  await chat.askAndWait('Tell me a short story about a fox.');
  await chat.action('Answer again').click();
  await expect(chat.lastAnswer).toContainText('2 / 2');
  await chat.finished();
  await chat.action('Version before').click();
  await expect(chat.lastAnswer).toContainText('1 / 2');
  await expect(chat.answers).toHaveCount(1);
});

test('an edited question makes a branch beside the first', async ({ chat }) => {
  await chat.askAndWait('What is 7 + 5?');
  await chat.questions.hover();
  await chat.questions.getByRole('button', { name: 'Edit' }).click();
  await chat.page.getByRole('textbox', { name: 'Edit your message' }).fill('What is 2 + 2?');
  await chat.page.keyboard.press('Enter');
  await expect(chat.questions).toContainText('What is 2 + 2?');
  await chat.finished();
  await chat.questions.hover();
  await chat.questions.getByRole('button', { name: 'Version before' }).click();
  await expect(chat.questions).toContainText('What is 7 + 5?');
});

test('chats are listed, renamed, found and deleted', async ({ chat }) => {
  const { page } = chat;
  await chat.askAndWait('Hello, who are you?');
  let list = await chat.chats();
  await list.getByRole('button', { name: 'More for Hello, who are you?' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Name of the chat' }).fill('Ember');
  await page.keyboard.press('Enter');
  await expect(list.getByRole('link', { name: 'Ember' })).toBeVisible();
  await page.reload();
  list = await chat.chats();
  await list.getByRole('button', { name: 'More for Ember' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(list.getByRole('link')).toHaveCount(0);
  await expect(page.getByText('Conversation deleted')).toBeVisible();
  await expect(page).toHaveURL(/\/$/);
});

test('the model is chosen from a list that can be searched', async ({ chat }) => {
  const { page } = chat;
  await chat.model.click();
  const options = page.getByRole('option');
  await expect(options.filter({ hasText: 'demo' })).toHaveCount(1);
  await page.getByRole('combobox', { name: 'Search models' }).fill('zzz');
  await expect(page.getByText('No model of that name.')).toBeVisible();
  await page.getByRole('combobox', { name: 'Search models' }).fill('demo');
  await page.keyboard.press('Enter');
  await expect(options).toHaveCount(0);
  await expect(chat.model).toContainText('demo');
});

test('settings go into the request', async ({ chat }) => {
  const { page } = chat;
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'System prompt' }).fill('Be brief.');
  const temperature = page.getByRole('slider', { name: 'Temperature' });
  await temperature.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.getByRole('switch', { name: 'No limit' }).click();
  await page.getByRole('button', { name: 'Close the settings' }).click();
  const request = page.waitForRequest('**/v1/chat/completions');
  await chat.askAndWait('Hello, who are you?');
  const body = (await request).postDataJSON();
  expect(body.messages[0]).toEqual({ role: 'system', content: 'Be brief.' });
  expect(body.temperature).toBe(0.05);
  expect(body).not.toHaveProperty('max_tokens');
});
