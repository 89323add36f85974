import { describe, expect } from 'vitest';
import { quickRun, reach, test, train } from '../support/demo.ts';

describe('the content security policy', () => {
  test('allows no inline scripts, no eval and no host but the mirror of MNIST', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    const directives = new Map(
      (policy ?? '').split(';').map((directive) => {
        const [name = '', ...sources] = directive.trim().split(/\s+/);
        return [name, sources];
      }),
    );
    const scripts = directives.get('script-src') ?? directives.get('default-src') ?? [];
    expect(scripts).toContain("'self'");
    expect(scripts).not.toContain("'unsafe-inline'");
    expect(scripts).not.toContain("'unsafe-eval'");
    const hosts = [...directives.values()].flat().filter((source) => /[.*/]|^https?:/.test(source));
    expect(hosts).toEqual(['https://ossci-datasets.s3.amazonaws.com']);
  });

  test('is enforced: a script that is slipped into the page does not run', async ({ visit }) => {
    const page = await visit(quickRun, { provokes: /Content Security Policy/ });
    await reach(page, 'ready');
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.documentElement.dataset.slippedIn = "yes"';
      document.body.append(script);
      return document.documentElement.dataset.slippedIn;
    });
    expect(ran).toBeUndefined();
  });
});

describe('the built page', () => {
  test('works offline once it is loaded', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.context().setOffline(true);
    await train(page);
  });
});
