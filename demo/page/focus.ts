const CONTROLS = 'a[href], button, input, select, summary, [tabindex]';

/**
 * Makes a change of the page. Where it takes away what has the keyboard's focus, the focus goes to the first control of the same
 * part that can act, or to the first of the training's buttons, and is not lost at the top of the page.
 */
export function keepFocus(change: () => void): void {
  const focused = document.activeElement;
  const part = focused?.closest('[data-part]');
  change();
  const isElsewhere = document.activeElement !== focused && document.activeElement !== document.body;
  if (!focused || focused === document.body || isElsewhere || !isLost(focused)) return;
  const training = document.querySelector('[data-part="training"]');
  // Fields are locked because a training has begun: that is what comes next.
  const nearest = focused.matches(':disabled') ? [training, part] : [part, training];
  const next = nearest.map(firstControl).find((control) => control !== undefined);
  next?.focus({ preventScroll: true });
}

function firstControl(part: Element | null | undefined): HTMLElement | undefined {
  return [...(part?.querySelectorAll<HTMLElement>(CONTROLS) ?? [])].find(
    (control) => control.tabIndex >= 0 && canAct(control),
  );
}

/** Whether a change took it away. To ask whether it is seen would cost a layout for every answer of the worker. */
function isLost(element: Element): boolean {
  return !element.isConnected || element.matches(':disabled') || element.closest('[hidden]') !== null;
}

function canAct(element: Element): boolean {
  return element.isConnected && !element.matches(':disabled') && element.checkVisibility();
}
