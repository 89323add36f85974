export type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  return dark.matches ? 'dark' : 'light';
}

export function onThemeChange(listener: () => void): void {
  dark.addEventListener('change', listener);
}
