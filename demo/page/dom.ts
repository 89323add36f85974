/** The element with this id. @throws TypeError where the page has no such element of that type. */
export function byId<E extends Element>(id: string, type: new () => E): E {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new TypeError(`The page has no ${type.name} "${id}".`);
  return element;
}

/** A new element with children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

/** Writes a text where it is another one: what stays the same costs no layout, and screen readers do not read it again. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a text where there is one, else hides the element. */
export function say(element: HTMLElement, text: string): void {
  write(element, text);
  element.hidden = text === '';
}

/** Lets the keyboard scroll an element that may be wider than its place. */
export function scrollByKeys(element: HTMLElement, name: string): void {
  element.tabIndex = 0;
  element.role = 'group';
  element.ariaLabel = name;
}

/** Offers a file for saving. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  make('a', { href: url, download: name }).click();
  // By then the browser holds on to the content itself.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
