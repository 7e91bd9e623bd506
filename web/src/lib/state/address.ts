// Where a chat lives: `/` is the new one, `/chat/<id>` a kept one.

const KEPT = /^chat\/([^/]+)$/;

/** Whether `path`, without its first slash, belongs to the chat page. */
export const isChatPath = (path: string) => path === '' || KEPT.test(path);

/** The id of the kept chat that the route parameter `where` names, if it names one. */
export const chatIdOf = (where: string | undefined) => KEPT.exec(where ?? '')?.[1];

export const addressOf = (id: string) => `/chat/${id}`;
