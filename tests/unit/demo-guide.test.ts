import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, textsOf } from '../../demo/configuration.ts';

const html = await readFile(join(import.meta.dirname, '..', '..', 'demo', 'index.html'), 'utf8');
const cards = html.split('<li class="experiment">').slice(1);
const hrefs = cards.map((card) => (/href="([^"]*)"/.exec(card)?.[1] ?? '').replaceAll('&amp;', '&'));

describe('the experiments of the guide', () => {
  test('are six, each with something to try and to watch and one folded answer', () => {
    expect(cards).toHaveLength(6);
    for (const card of cards) {
      const item = card.slice(0, card.indexOf('</li>'));
      expect(item).toContain('<strong>Watch:</strong>');
      expect(item.match(/<summary>[^<]+\?<\/summary>/g)).toHaveLength(1);
    }
  });

  test.each(hrefs)('%s is an address of a small training', (href) => {
    const query = new URLSearchParams(href);
    const { configuration, complaints } = parse(textsOf(query));
    expect(complaints).toEqual({});
    const texts = textsOf(query);
    for (const [name, value] of query) expect(texts).toHaveProperty(name, value);
    const { train = Infinity, epochs = Infinity, models = Infinity } = configuration ?? {};
    expect(train * epochs * models).toBeLessThanOrEqual(200_000);
  });
});
