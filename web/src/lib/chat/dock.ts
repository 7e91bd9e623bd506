// The composer's way from the middle of the page to its bottom.
import { tick } from 'svelte';

/** Plays `element`'s move from `top` (viewport pixels) to where it stands after the next update. */
export async function slideFrom(element: HTMLElement, top: number) {
  await tick();
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  const distance = top - element.getBoundingClientRect().top;
  element.animate([{ transform: `translateY(${distance}px)` }, { transform: 'none' }], {
    duration: 200,
    easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)',
  });
}
