// Short messages that come and go at the edge of the page.
export interface Notice {
  id: number;
  text: string;
}

const SHOWN_MS = 5000;

class Notices {
  list = $state<Notice[]>([]);
  #next = 0;

  show(text: string) {
    const id = this.#next++;
    this.list.push({ id, text });
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }

  dismiss(id: number) {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
