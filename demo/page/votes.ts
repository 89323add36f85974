import type { Vote } from '../protocol.ts';
import { byId, make } from './dom.ts';
import { percent } from './format.ts';

/** What each of several networks takes a drawing for, a chip for each. */
export function votesRow() {
  const row = byId('votes', HTMLUListElement);
  let seeds: readonly (number | null)[] = [];

  function nameOf(network: number): string {
    const seed = seeds[network] ?? null;
    return `Network ${network + 1}${seed === null ? '' : ` (seed ${seed})`}`;
  }

  /** What a screen reader says of a chip is what its tooltip says. */
  function write(chip: Element, text: string, said: string): void {
    chip.setAttribute('title', said);
    chip.replaceChildren(
      make('span', { class: 'unseen' }, said),
      make('span', { 'aria-hidden': 'true' }, text),
    );
  }

  return {
    /** Makes room for a chip for each network; none for a single one. */
    build(now: readonly (number | null)[]): void {
      if (now.length === seeds.length && now.every((seed, i) => seed === seeds[i])) return;
      seeds = now;
      row.hidden = now.length < 2;
      row.replaceChildren(...(row.hidden ? [] : now.map(() => make('li'))));
    },
    /**
     * @param votes null for a network that diverged: [networks]; empty for none yet
     * @param best the class that they take it for together
     * @returns how many agree, in words; empty where there is one network
     */
    show(votes: readonly (Vote | null)[], names: readonly string[], best?: number): string {
      for (const [network, chip] of [...row.children].entries()) {
        const vote = votes[network];
        const agrees = vote ? String(vote.predicted === best) : '';
        chip.setAttribute('data-agrees', agrees);
        if (vote) {
          const name = names[vote.predicted] ?? String(vote.predicted);
          write(chip, name, `${nameOf(network)} says ${name}, ${percent(vote.probability, 1)} sure`);
        } else {
          write(chip, '–', `${nameOf(network)} ${vote === null ? 'diverged' : 'has not voted yet'}`);
        }
      }
      const given = votes.filter((vote) => vote !== null);
      if (given.length === 0 || best === undefined) return '';
      const agreeing = given.filter(({ predicted }) => predicted === best).length;
      return ` ${agreeing} of ${given.length} networks say ${names[best]}.`;
    },
  };
}
