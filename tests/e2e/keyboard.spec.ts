// Everything that matters without a mouse.
import { expect, test } from './fixtures';

test('a whole conversation by keyboard', async ({ chat }) => {
  const { page } = chat;
  const focused = page.locator(':focus');
  await chat.composer.focus();
  await page.keyboard.type('Hello,');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('who are you?');
  await page.keyboard.press('Enter');
  await expect(chat.questions).toContainText('Hello,\nwho are you?', { useInnerText: true });
  await chat.finished();
  await expect(focused).toHaveAttribute('aria-label', 'Message');

  await page.keyboard.press('ArrowUp');
  await expect(focused).toHaveAttribute('aria-label', 'Edit your message');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('textbox', { name: 'Edit your message' })).toHaveCount(0);

  await page.keyboard.press('Control+Shift+O');
  await expect(chat.questions).toHaveCount(0);
  await expect(focused).toHaveAttribute('aria-label', 'Message');

  await page.keyboard.press('Control+K');
  await expect(page.getByRole('combobox', { name: 'Search chats and commands' })).toBeFocused();
  await page.keyboard.type('hello');
  await expect(page.getByRole('option').first()).toContainText('Hello');
  await page.keyboard.press('Enter');
  await expect(chat.questions).toHaveCount(1);
});

test('Escape stops the answer', async ({ staged }) => {
  await staged.ask('Please be slow');
  await expect(staged.lastAnswer).toContainText('Paragraph 1');
  await staged.page.keyboard.press('Escape');
  await expect(staged.lastAnswer).toContainText('Stopped here.');
});

test('sidebar, settings and shortcut sheet open and close', async ({ chat }) => {
  const { page } = chat;
  const list = page.getByRole('navigation', { name: 'Chats' });
  const open = await list.isVisible();
  await page.keyboard.press('Control+B');
  await expect(list).toBeVisible({ visible: !open });
  await page.keyboard.press('Control+B');
  await expect(list).toBeVisible({ visible: open });

  await page.keyboard.press('Control+.');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('Control+.');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeHidden();

  await page.keyboard.press('Control+/');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});
