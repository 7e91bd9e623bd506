// The chat page in the words of its user.
import { expect, type Locator, type Page } from '@playwright/test';

export class ChatPage {
  readonly composer: Locator;
  readonly answers: Locator;
  readonly questions: Locator;
  readonly stop: Locator;

  private constructor(readonly page: Page) {
    this.composer = page.getByRole('textbox', { name: 'Message', exact: true });
    this.answers = page.getByRole('article', { name: 'Answer' });
    this.questions = page.getByRole('article', { name: 'You' });
    this.stop = page.getByRole('button', { name: 'Stop' });
  }

  /** Opens the start page and waits until a model can be asked. */
  static async open(page: Page, url: string): Promise<ChatPage> {
    await page.goto(url);
    const chat = new ChatPage(page);
    await expect(chat.model).toBeEnabled();
    return chat;
  }

  get model(): Locator {
    return this.page.getByRole('button', { name: 'Model:' });
  }

  get lastAnswer(): Locator {
    return this.answers.last();
  }

  /** True in the project that shows the page 360 pixels wide. */
  get isNarrow(): boolean {
    return this.page.viewportSize()!.width < 1024;
  }

  async ask(text: string) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Asks and waits for the whole answer. */
  async askAndWait(text: string): Promise<Locator> {
    await this.ask(text);
    await this.finished();
    return this.lastAnswer;
  }

  async finished() {
    await expect(this.lastAnswer).toHaveAttribute('aria-busy', 'false', { timeout: 45_000 });
  }

  /** A button of the last answer, such as "Answer again" or "Copy answer". */
  action(name: string): Locator {
    return this.lastAnswer.getByRole('button', { name, exact: true });
  }

  /** The list of chats; on narrow screens it is opened first. */
  async chats(): Promise<Locator> {
    if (this.isNarrow) await this.page.getByRole('button', { name: 'Show the sidebar' }).click();
    return this.page.getByRole('navigation', { name: 'Chats' });
  }
}
