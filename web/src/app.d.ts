// Types the whole app sees without importing them.
declare global {
  namespace App {}
}

export {};
