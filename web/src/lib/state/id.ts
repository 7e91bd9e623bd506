// Ids of conversations and messages.

/** 32 random hex digits. Unlike crypto.randomUUID this also works on pages without https. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
