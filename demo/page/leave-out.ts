import { leftOut, PARTS } from '../parts.ts';

/** Takes the parts that a query leaves out off the page. */
export function leaveOut(query: URLSearchParams): void {
  const { parts, unknown } = leftOut(query);
  if (unknown.length > 0) {
    console.warn(`The page has no part ${unknown.join(', ')} to hide. Its parts are ${PARTS.join(', ')}.`);
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-part]')) {
    element.classList.toggle(
      'left-out',
      [...parts].some((part) => part === element.dataset.part),
    );
  }
  // Screen readers still hear what page it is.
  document.querySelector('h1')?.classList.toggle('unseen', parts.has('masthead'));
}
