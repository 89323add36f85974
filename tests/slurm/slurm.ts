import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { runProgram } from '../support/process.ts';

/** What Slurm says of a job, or of a task of an array. */
export interface JobState {
  readonly id: string;
  readonly state: string;
  /** Of the program and of the signal that ended it: "0:0". */
  readonly exitCode: string;
  readonly restarts: number;
}

/** Runs one of Slurm's programs and returns what it prints. */
export async function slurm(program: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args);
  if (code === 0) return stdout.trim();
  throw new Error(`${[program, ...args].join(' ')} ended with ${code}: ${stderr}`);
}

/** Fails with what is missing where there is no Slurm to test with. */
export async function assertSlurm(): Promise<void> {
  const needed =
    'This test needs a Slurm whose only node is this machine, and its root: see CONTRIBUTING.md.';
  if (process.env.SLURM_CONF === undefined) throw new Error(`SLURM_CONF is not set. ${needed}`);
  for (const program of ['sbatch', 'scontrol', 'scancel', 'squeue']) {
    await slurm(program, '--version').catch((cause: Error) => {
      throw new Error(`${program} cannot be run: ${cause.message}. ${needed}`);
    });
  }
  await slurm('scontrol', 'ping').catch((cause: Error) => {
    throw new Error(`Slurm does not answer: ${cause.message}. ${needed}`);
  });
}

/** @param job its number, or "ARRAY_TASK" */
export async function jobState(job: string): Promise<JobState> {
  const text = await slurm('scontrol', 'show', 'job', job, '--oneliner');
  const field = (name: string): string => new RegExp(`(?:^| )${name}=(\\S+)`).exec(text)?.[1] ?? '';
  return {
    id: field('JobId'),
    state: field('JobState'),
    exitCode: field('ExitCode'),
    restarts: Number(field('Restarts')),
  };
}

/** Asks again and again until there is an answer. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  seconds = 300,
): Promise<T> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await setTimeout(200);
  }
  throw new Error(`In ${seconds} seconds there was not: ${what}.`);
}

/** Slurm waits for two minutes before it starts again what was requeued. */
export async function startNow(job: string): Promise<void> {
  await eventually(`${job} in the queue`, async () =>
    (await jobState(job)).state === 'PENDING' ? true : undefined,
  );
  await slurm('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
}

/**
 * Takes away a node's daemon and all processes of a job on it at once, as a crash of the machine does, and starts the daemon
 * again: with the command in SHADEGRAD_SLURMD, or else `slurmd`. Slurm notices when the daemon says what it has, if the job was
 * started long enough before.
 */
export async function crash(job: string): Promise<void> {
  const { id, restarts } = await jobState(job);
  const own = (await slurm('scontrol', 'listpids', id)).split('\n').slice(1);
  const processes = (await slurm('ps', '-eo', 'pid=,args=')).split('\n');
  const steps = processes.filter((line) => line.includes(`slurmstepd: [${id}.`));
  const pids = [...steps, ...own].map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
  await endDaemon();
  for (const pid of pids) end(pid);
  // BatchStartTimeout, within which Slurm would take the job for one that is being started, and then some.
  await setTimeout(20_000);
  await startDaemon();
  await eventually(
    `${job} requeued`,
    async () => ((await jobState(job)).restarts > restarts ? true : undefined),
    120,
  );
}

async function endDaemon(): Promise<void> {
  const config = await slurm('scontrol', 'show', 'config');
  const file = /^SlurmdPidFile\s*=\s*(\S+)/m.exec(config)?.[1];
  if (file === undefined) throw new Error('Slurm does not say where slurmd has its pid.');
  end(Number.parseInt(await readFile(file, 'utf8'), 10));
}

async function startDaemon(): Promise<void> {
  const { SHADEGRAD_SLURMD: command = 'slurmd' } = process.env;
  // It goes on when the test is over.
  const child = spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' });
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
