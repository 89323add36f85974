import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import type { NetworkReport, RunReport } from '../../src/index.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { cliPath, runCli } from '../support/process.ts';

// Trainings are killed at random moments, each resumed until it is through, and compared with one that was left alone. By
// hand, more of them, and at other moments: SHADEGRAD_KILLS=200 SHADEGRAD_SEED=2 npx vitest run --project gpu cli-kill

const KILLS = Number(process.env.SHADEGRAD_KILLS ?? 20);
const SEED = Number(process.env.SHADEGRAD_SEED ?? 1);

const OFTEN = ['--checkpoint-every', '0.05'];

/** Each training is killed so often. */
const KILLS_OF_ONE = 4;

/** Epochs are long enough on the software GPU for checkpoints in their middle. */
const TRAININGS = {
  'layered-quads': ['--batch-size', '1', '--epochs', '4'],
  'layered-quads, networks of three rates':
    '--batch-size 2 --epochs 4 --models 2 --learning-rate 0.0001,0.001,1e30 --validation-split 0.2 --patience 2'.split(
      ' ',
    ),
  unfused: '--batch-size 4 --epochs 3 --optimizer sgd --momentum 0.9 --schedule cosine --warmup 0.5'.split(
    ' ',
  ),
  layered: ['--batch-size', '8', '--epochs', '2', '--optimizer', 'adamw'],
  fused: ['--batch-size', '100', '--epochs', '2', '--validation-split', '0.5'],
} as const;

type Training = keyof typeof TRAININGS;
const NAMES = Object.keys(TRAININGS) as Training[];

/** The moments: so many milliseconds at most after what marks them. */
const MOMENTS = {
  'the start': 700,
  'the first epoch': 300,
  'the first checkpoint': 100,
  'a file half written': 0,
  'the results': 60,
} as const;

type Moment = keyof typeof MOMENTS;

let folder: string;
let data: string;
const planOf = (name: Training) => name.replace(/,.*/, '');

const trainingArguments = (name: Training, out: string) => [
  ...['train', '--data', data, '--adapter', 'software', '--plan', planOf(name), '--hidden', '8'],
  ...[...TRAININGS[name], ...OFTEN, '--out', out],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = join(folder, 'blobs');
  await writeDataset(data, blobs({ train: 2000 }));
});
afterAll(() => rm(folder, { recursive: true }));

/** As the machine of CI has two cores. */
async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([lane(), lane()]);
}

/** All that a training leaves, but for the time that it took. */
async function results(out: string) {
  const timeless = ({ history, ...rest }: Pick<NetworkReport, 'history'>) => ({
    ...rest,
    history: history.map((record) => ({ ...record, seconds: 0 })),
  });
  const { imagesPerSecond: _, ...report } = JSON.parse(
    await readFile(join(out, 'report.json'), 'utf8'),
  ) as RunReport;
  const checkpoint = decodeCheckpoint(await readFile(join(out, 'checkpoint.safetensors')));
  const { networks, rounds, ...state } = checkpoint.state;
  return {
    report: { ...timeless(report), models: report.models.map(timeless) },
    model: await readFile(join(out, 'model.safetensors')),
    models: await readFile(join(out, 'models.safetensors')).catch(() => null),
    state: {
      ...state,
      networks: networks.map(timeless),
      rounds: rounds.map((round) => ({ ...round, seconds: 0 })),
    },
    notes: checkpoint.notes,
  };
}

/**
 * Kills a process some time after a moment of its work.
 * @returns whether it was killed and had not ended before, and what it had printed by then
 */
async function kill(child: ChildProcess, moment: Moment, milliseconds: number, out: string) {
  const ended = once(child, 'close');
  let watcher: FSWatcher | undefined;
  let [said, complaint] = ['', ''];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const marked = new Promise<void>((resolve) => {
    if (moment === 'the start') resolve();
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (moment === 'the first epoch' && said.includes('Plan: ')) resolve();
      if (moment === 'the results' && said.includes('Trained at ')) resolve();
    });
    if (moment !== 'a file half written' && moment !== 'the first checkpoint') return;
    watcher = watch(out, (_, file) => {
      if (
        moment === 'the first checkpoint' ? file === 'checkpoint.safetensors' : /^\w.*\.tmp$/.test(file ?? '')
      )
        resolve();
    });
  });
  try {
    await Promise.race([marked.then(() => setTimeout(milliseconds)), ended]);
    child.kill('SIGKILL');
    const [code, signal] = await ended;
    if (signal === null) expect({ code, complaint }).toEqual({ code: 0, complaint });
    return { isKilled: signal === 'SIGKILL', said };
  } finally {
    watcher?.close();
  }
}

test(`${KILLS} kills at random moments change nothing (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
  const whole = new Map<Training, Awaited<ReturnType<typeof results>>>();
  await inLanes(NAMES, async (name) => {
    const out = join(folder, planOf(name) === name ? name : 'networks');
    expect(await runCli(trainingArguments(name, out))).toMatchObject({ code: 0 });
    whole.set(name, await results(out));
  });

  const random = new CounterRandom(SEED, 0);
  const moments = Object.keys(MOMENTS) as Moment[];
  const chains = Array.from({ length: Math.ceil(KILLS / KILLS_OF_ONE) }, (_, i) => ({
    name: NAMES[i % NAMES.length] ?? 'fused',
    out: join(folder, `killed-${i}`),
    kills: Array.from({ length: Math.min(KILLS_OF_ONE, KILLS - i * KILLS_OF_ONE) }, () => {
      const moment = moments[random.below(moments.length)] ?? 'the start';
      return { moment, milliseconds: random.below(1 + MOMENTS[moment]) };
    }),
  }));
  const killedAt: Record<string, number> = {};
  const goneOn = { 'from the beginning': 0, 'in the middle of an epoch': 0, 'between epochs': 0 };
  const count = (said: string) => {
    const going = /^Going on after .*$/m.exec(said)?.[0];
    if (going === undefined) goneOn['from the beginning']++;
    else goneOn[going.includes(' of ') ? 'in the middle of an epoch' : 'between epochs']++;
  };
  const argumentsOf = async (name: Training, out: string) => {
    const isBegun = (await readdir(out)).includes('checkpoint.safetensors');
    return isBegun ? ['train', '--resume', out, ...OFTEN] : trainingArguments(name, out);
  };
  await inLanes(chains, async ({ name, out, kills }) => {
    const story = [`seed ${SEED}, ${name}`];
    await mkdir(out);
    for (const { moment, ...kind } of kills) {
      let { milliseconds } = kind;
      for (let isKilled = false; !isKilled; milliseconds /= 2) {
        const args = [cliPath, ...(await argumentsOf(name, out))];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
        const ended = await kill(child, moment, milliseconds, out);
        ({ isKilled } = ended);
        if (ended.said !== '') count(ended.said);
        story.push(isKilled ? `killed ${milliseconds} ms after ${moment}` : `through before ${moment}`);
      }
      killedAt[moment] = (killedAt[moment] ?? 0) + 1;
    }
    const { code, stdout, stderr } = await runCli(await argumentsOf(name, out));
    count(stdout);
    expect({ story, code, stderr }).toMatchObject({ story, code: 0 });
    expect({ story, ...(await results(out)) }).toEqual({ story, ...whole.get(name) });
    await rm(out, { recursive: true });
  });
  if (process.env.SHADEGRAD_KILLS !== undefined) console.info({ killedAt, goneOn });
  expect(Object.values(killedAt).reduce((sum, kills) => sum + kills, 0)).toBe(KILLS);
  expect(goneOn['in the middle of an epoch']).toBeGreaterThan(0);
});
