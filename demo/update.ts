import { MOST_LOSSES } from '../src/index.ts';
import { type Configuration, parse, type Texts } from './configuration.ts';
import { withRun } from './kept.ts';
import { count, datasetText, rightText } from './page/format.ts';
import type { DataSource, OwnFiles, Problem, Reply, TrainingSettings } from './protocol.ts';
import {
  divergedText,
  epochsOf,
  imagesAreThoseOf,
  imagesNameOf,
  isRunReport,
  keptText,
  networksIn,
  networksOf,
  type Shown,
  testedBy,
  unknown,
  wholeFile,
  withEpoch,
} from './shown.ts';
import {
  type Button,
  type Command,
  canTrain,
  configurationOf,
  type Event,
  type GoingOn,
  type Images,
  type ImagesNote,
  isRunning,
  type KeptRun,
  type Machine,
  obstacle,
  resumable,
  type State,
  type Unfinished,
} from './state.ts';
import { floorWanted, timeable } from './steps.ts';

/** The next state, and what is to be done beside showing it. */
export type Update = readonly [State, readonly Command[]];

type Of<Kind extends Reply['kind']> = Extract<Reply, { kind: Kind }>;

/** Epochs that "10 more epochs" adds. */
export const MORE_EPOCHS = 10;

/** What an event makes of a state; no other part of the page changes it. */
export function update(state: State, event: Event): Update {
  const [next, commands] = react(state, event);
  const step = floorWanted(next);
  if (!step) return [next, commands];
  return [
    withMachine(next, { aside: 'floor' }),
    [...commands, { kind: 'send', request: { kind: 'floor', step } }],
  ];
}

function react(state: State, event: Event): Update {
  switch (event.kind) {
    case 'press':
      return press(state, event.button);
    case 'reply':
      return onReply(state, event.reply);
    case 'fields':
      return onFields(state, event.texts, event.settled);
    case 'experiment':
      return obstacle(state) === '' ? onFields(state, event.texts, true) : [state, []];
    case 'files':
      return onFiles({ ...state, refusal: undefined }, event.own);
    case 'model':
      return load({ ...state, refusal: undefined }, event);
    case 'refused':
      return [{ ...state, refusal: event.trouble }, []];
    case 'cell':
      return lookInto(state, event);
    case 'pace':
      return [
        { ...state, pace: event.pace },
        [{ kind: 'send', request: { kind: 'pace', pace: event.pace } }],
      ];
    case 'rate':
      return [
        { ...state, rateTrouble: '' },
        [{ kind: 'send', request: { kind: 'rate', learningRate: event.learningRate } }],
      ];
    case 'view':
      return [state, [{ kind: 'send', request: { kind: 'epoch-view', run: state.run, epoch: event.epoch } }]];
    case 'compare': {
      const others = state.compared.filter((id) => id !== event.id);
      return [{ ...state, compared: event.on ? [...others, event.id] : others }, []];
    }
    case 'restore':
      return obstacle(state) === '' ? restore(state, event.run) : [state, []];
    case 'found':
      return onFound(state, event);
    case 'kept': {
      const { failure } = event;
      const keeping =
        failure === null
          ? 'This run is kept for your next visit.'
          : `This run is not kept for your next visit: ${failure}.`;
      return [{ ...state, keeping }, []];
    }
    case 'files-not-kept': {
      const { imagesNote } = state;
      const lost = `Your files are not kept for your next visit: ${event.failure}.`;
      const note: ImagesNote =
        imagesNote.message === ''
          ? { message: lost, nextStep: '', manner: 'hint' }
          : { ...imagesNote, message: `${imagesNote.message} ${lost}` };
      return [{ ...state, imagesNote: note }, []];
    }
    case 'bench':
      return [
        { ...state, measuring: true },
        [{ kind: 'send', request: { kind: 'bench', choice: event.choice } }],
      ];
    case 'stop-bench':
      return [state, [{ kind: 'send', request: { kind: 'stop-bench' } }]];
    case 'machine-in-view':
      return [withMachine(state, { inView: event.on }), []];
    case 'time-dispatches': {
      const training = timeable(state);
      if (!training) return [state, []];
      return [
        withMachine(state, { aside: 'dispatches', times: undefined, timesTrouble: '' }),
        [{ kind: 'send', request: { kind: 'time-dispatches', training } }],
      ];
    }
    case 'stop-timing':
      return [state, [{ kind: 'send', request: { kind: 'stop-timing' } }]];
    case 'no-webgpu':
      return [failed(state, event.problem), []];
    case 'worker-broke':
      return [
        failed(state, {
          code: 'bug',
          message: "The page's worker broke.",
          nextStep: 'Restart, or reload the page.',
          details: event.message,
        }),
        [],
      ];
  }
}

/** The first state's commands: images, and the network that comes with the page. */
export function begin(state: State): Update {
  const run = state.runs + 1;
  const loading: State = { ...state, run, runs: run, awaited: { why: 'shipped' } };
  const configuration = configurationOf(loading);
  // Whether the browser has files of an earlier visit is not known before all else that it has.
  const isKnown = configuration && configuration.data !== 'files';
  const [asking, commands] = isKnown ? take(loading, configuration) : [rested(loading), []];
  const begun: State = configuration ? asking : { ...asking, status: 'Correct the marked fields to begin' };
  return [begun, [{ kind: 'send', request: { kind: 'load-shipped', run } }, ...commands]];
}

function press(state: State, button: Button): Update {
  switch (button) {
    case 'train':
      return train(state);
    case 'continue':
      return goOn(state, state.shown.epochs);
    case 'more':
      return goOn(state, state.shown.epochs + MORE_EPOCHS);
    case 'step':
      return [state, [{ kind: 'send', request: { kind: 'step' } }]];
    case 'pause':
      return [{ ...state, status: 'Pausing' }, [{ kind: 'send', request: { kind: 'pause' } }]];
    case 'resume':
      return [
        { ...state, phase: 'training', status: 'Training' },
        [{ kind: 'send', request: { kind: 'resume' } }],
      ];
    case 'stop':
      return [
        { ...state, status: 'Stopping, and testing what was learned' },
        [{ kind: 'send', request: { kind: 'stop' } }],
      ];
    case 'reset':
      return reset(state);
    case 'undo':
      return state.undoable && obstacle(state) === '' ? restore(state, state.undoable) : [state, []];
    case 'restart':
      return restart(state);
  }
}

// Training

function train(state: State): Update {
  const configuration = configurationOf(state);
  if (!configuration || !canTrain(state)) return [state, []];
  const { epochs, models } = configuration;
  const origin = { kind: 'trained', at: null } as const;
  return start(
    { ...state, undoable: undoableIn(state) },
    { ...unknown(origin, epochs, models), texts: state.fields },
    configuration,
  );
}

/** Trains the networks that are shown until they have trained `epochs`, whatever the fields say by now. */
function goOn(state: State, epochs: number): Update {
  const { texts } = state.shown;
  const configuration = texts && parse({ ...texts, epochs: String(epochs) }).configuration;
  if (!configuration || !resumable(state)) return [state, []];
  return start(
    state,
    {
      ...state.shown,
      report: undefined,
      epochs,
      texts: { ...texts, epochs: String(epochs) },
      origin: { kind: 'trained', at: null },
    },
    configuration,
    { shown: state.shown, phase: state.phase, run: state.run },
  );
}

/**
 * Begins a training of the networks of `known`, or goes on with it: then they have the epochs of the state that it goes on
 * from. A snapshot comes before what is told of its epoch, so the page may know one epoch less.
 */
function start(state: State, known: Shown, configuration: Configuration, goingOn?: GoingOn): Update {
  const shown = known.state ? { ...known, networks: networksIn(known.state) } : known;
  const run = state.runs + 1;
  const { data } = state.images ?? {};
  const status = data ? 'Preparing the network' : `${imagesText(state)} first`;
  const request = {
    kind: 'train' as const,
    run,
    epochs: shown.epochs,
    settings: settingsOf(configuration),
    ...(configuration.noise > 0 && { labelNoise: { share: configuration.noise, seed: configuration.seed } }),
    from: shown.state,
  };
  return [
    {
      ...state,
      run,
      runs: run,
      shown,
      phase: 'training',
      status,
      awaited: undefined,
      goingOn,
      trouble: undefined,
      fileTrouble: undefined,
      rateTrouble: '',
      pace: 'full',
      cell: shown.state ? state.cell : undefined,
    },
    [{ kind: 'send', request }],
  ];
}

function settingsOf(configuration: Configuration): TrainingSettings {
  const { data: _, train: __, test: ___, epochs: ____, noise: _____, ...settings } = configuration;
  return settings;
}

/** Takes the user's networks off the page; those that came with it are back. */
function reset(state: State): Update {
  const run = state.runs + 1;
  const cleared: State = {
    ...state,
    run,
    runs: run,
    shown: unknown({ kind: 'shipped' }, configurationOf(state)?.epochs ?? 10, 1),
    awaited: { why: 'shipped' },
    undoable: undoableIn(state),
    cell: undefined,
    fileTrouble: undefined,
    ...(state.isBroken ? {} : { trouble: undefined }),
  };
  return [
    state.isBroken ? cleared : rested({ ...cleared, phase: 'ready' }),
    [
      { kind: 'send', request: { kind: 'reset' } },
      { kind: 'send', request: { kind: 'load-shipped', run } },
      { kind: 'keep-unfinished', unfinished: null },
    ],
  ];
}

/** A training was begun with other images than those that are here: what it was to go on from is shown again. */
function onOtherImages(state: State): Update {
  const { goingOn, images } = state;
  if (!goingOn) return [state, []];
  const { shown, phase, run: before } = goingOn;
  const bytes = wholeFile(shown.files);
  const name = images?.data ? datasetText(images.data.name) : 'this dataset';
  const why = `The images of ${name} are not those that this training was begun with, so it does not go on.`;
  const note = (nextStep: string) => ({ message: why, nextStep, manner: 'wrong' }) as const;
  const back: State = { ...state, goingOn: undefined, status: 'Not gone on with: the images are others' };
  const again = 'Give the page those images';
  const known: State = {
    ...back,
    shown,
    phase,
    imagesNote: note(`${again} to go on, or press "Start again" to train on these.`),
  };
  if (before !== null) return [{ ...known, run: before }, []];
  if (bytes) {
    const run = state.runs + 1;
    const request = { kind: 'load', run, bytes, best: shown.files.best, evaluate: false } as const;
    return [{ ...known, run, runs: run, awaited: { why: 'revived' } }, [{ kind: 'send', request }]];
  }
  // No epoch of it was over. The browser keeps it until another training begins.
  const run = state.runs + 1;
  const bare = unknown({ kind: 'shipped' }, shown.epochs, 1);
  return [
    {
      ...back,
      run,
      runs: run,
      shown: bare,
      phase: 'ready',
      awaited: { why: 'shipped' },
      imagesNote: note(`${again} and reload it, or press "Train" to begin anew with these.`),
    },
    [{ kind: 'send', request: { kind: 'load-shipped', run } }],
  ];
}

/** The run that is on the page, to be had back once it is not; where there is nothing of it, the one before. */
function undoableIn({ shown, undoable, fields }: State): KeptRun | undefined {
  if (shown.origin.kind === 'shipped' || !wholeFile(shown.files)) return undoable;
  return {
    version: 5,
    id: 'undo',
    at: new Date(),
    texts: shown.texts ?? fields,
    shown,
    stopped: epochsOf(shown) < shown.epochs,
  };
}

function onProgress(state: State, { progress, point }: Of<'progress'>): Update {
  const { shown } = state;
  // Until the images are here, they may still change the fields.
  const texts = shown.progress ? shown.texts : { ...state.fields, epochs: String(shown.epochs) };
  const running = point ? [...shown.running, point] : shown.running;
  const now: State = { ...state, shown: { ...shown, texts, running, progress } };
  if (state.phase !== 'training') return [now, []];
  const where = `epoch ${progress.epoch} of ${shown.epochs}`;
  return [{ ...now, status: `Training: ${where}${divergedText(now.shown)}${lossesText(now.shown)}` }, []];
}

function onEpoch(state: State, { epoch, records, test, files }: Of<'epoch'>): Update {
  const networks = withEpoch(state.shown.networks, epoch, records);
  return lookAgain({ ...state, shown: { ...state.shown, networks, test, files } });
}

function onResult(state: State, reply: Of<'result'>): Update {
  const { awaited } = state;
  const now: State = { ...state, awaited: undefined };
  if (awaited?.why === 'revived') return [rested(now), []];
  if (awaited) return onLoaded(now, reply, awaited);
  const { report, files, mistakes, stopped } = reply;
  if (!report || !isRunReport(report)) return [now, []];
  const at = new Date();
  const shown: Shown = {
    ...state.shown,
    origin: { kind: 'trained', at },
    networks: networksOf(report),
    report,
    files,
    mistakes,
    state: reply.state,
  };
  const kept: KeptRun = {
    version: 5,
    id: at.toISOString(),
    at,
    texts: shown.texts ?? state.fields,
    shown,
    stopped,
  };
  const runs = withRun(state.kept, kept);
  const trained = withMachine({ ...now, shown, kept: runs, keeping: '' }, { hasTrained: true });
  const [looked, commands] = lookAgain(trained);
  return [
    {
      ...looked,
      phase: stopped ? 'stopped' : 'done',
      status: `${stopped ? 'Stopped' : 'Done'}: ${verdictOn(shown)}`,
    },
    [...commands, { kind: 'keep', kept: runs }, { kind: 'keep-unfinished', unfinished: null }],
  ];
}

function verdictOn(shown: Shown): string {
  if (!shown.report) return '';
  const tested = testedBy(shown.report);
  return `${rightText(tested, tested.results.test.count)}${divergedText(shown)}`;
}

/** How often the training lost its device; empty where it did not. */
function lossesText({ losses }: Shown): string {
  return losses === 0 ? '' : `, on a new device (${losses} of at most ${MOST_LOSSES} times)`;
}

function onSnapshot(state: State, { state: snapshot }: Of<'snapshot'>): Update {
  const shown: Shown = { ...state.shown, state: snapshot };
  const unfinished: Omit<Unfinished, 'tab'> = {
    version: 5,
    texts: shown.texts ?? state.fields,
    shown,
  };
  return [{ ...state, shown }, [{ kind: 'keep-unfinished', unfinished }]];
}

// Networks that were not trained in this visit

function load(state: State, { name, bytes }: { readonly name: string; readonly bytes: Uint8Array }): Update {
  const why = obstacle(state);
  if (why !== '') return [{ ...state, fileTrouble: { message: why, nextStep: '' } }, []];
  const run = state.runs + 1;
  const evaluate = state.images?.data !== undefined;
  return [
    {
      ...state,
      run,
      runs: run,
      awaited: { why: 'chosen', name, before: { run: state.run, awaited: state.awaited } },
      fileTrouble: undefined,
      phase: 'loading',
      status: 'Reading the network',
    },
    [{ kind: 'send', request: { kind: 'load', run, bytes, best: null, evaluate } }],
  ];
}

function restore(state: State, kept: KeptRun): Update {
  const bytes = wholeFile(kept.shown.files);
  if (!bytes) return [state, []];
  const run = state.runs + 1;
  const undoable = undoableIn(state);
  const fielded: State = {
    ...state,
    run,
    runs: run,
    fields: kept.texts,
    undoable: undoable?.shown === kept.shown ? undefined : undoable,
    awaited: { why: 'restored', run: kept, before: { run: state.run, awaited: state.awaited } },
    trouble: undefined,
    fileTrouble: undefined,
    cell: undefined,
    phase: 'loading',
    status: 'Restoring the run',
  };
  const configuration = configurationOf(fielded);
  const [asking, commands] =
    configuration && imagesOf(fielded.fields) !== imagesOf(state.fields)
      ? take(fielded, configuration)
      : [fielded, []];
  const evaluate = mayBeOf(kept, asking.images);
  return [
    { ...asking, phase: 'loading', status: 'Restoring the run' },
    [
      { kind: 'address', texts: kept.texts },
      ...commands,
      {
        kind: 'send',
        request: { kind: 'load', run, bytes, best: kept.shown.files.best, evaluate },
      },
    ],
  ];
}

/** Whether images are those of a run; of those that are on their way, whether they may be. */
function mayBeOf({ shown: { report }, texts }: KeptRun, images: Images | undefined): boolean {
  if (!report || !images) return false;
  const { data, source, kind } = images;
  if (data) return imagesAreThoseOf(report, data);
  return kind === texts.data && (source.kind !== 'files' || source.own.name === imagesNameOf(report));
}

function onLoaded(
  state: State,
  reply: Of<'result'>,
  awaited: Exclude<NonNullable<State['awaited']>, { why: 'revived' }>,
): Update {
  if (awaited.why === 'shipped') {
    return [
      rested({ ...state, shown: { ...state.shown, report: reply.report ?? undefined, files: reply.files } }),
      [],
    ];
  }
  if (awaited.why === 'restored') {
    const { report } = state.shown;
    const isAtHand = reply.report && report && imagesAreThoseOf(report, reply.report.dataset);
    const shown: Shown = isAtHand ? { ...state.shown, mistakes: reply.mistakes } : state.shown;
    const phase = awaited.run.stopped ? 'stopped' : 'done';
    return [{ ...state, shown, phase, status: `Restored: ${verdictOn(shown)}` }, []];
  }
  const { files, mistakes, report, notice } = reply;
  const shown: Shown = { ...state.shown, files, mistakes, report: report ?? undefined };
  const status = report ? `Loaded: ${verdictOn(shown)}` : `The network is loaded. ${notice}`;
  return [{ ...state, shown, phase: 'done', status }, []];
}

/** From here on other networks answer, and all that is shown is theirs. */
function onNetwork(state: State, { network, device }: Of<'network'>): Update {
  const { awaited } = state;
  const shown =
    awaited?.why === 'chosen'
      ? unknown({ kind: 'file', name: awaited.name }, state.shown.epochs, network.seeds.length)
      : awaited?.why === 'restored'
        ? restoredShown(awaited.run)
        : state.shown;
  return [
    {
      ...state,
      device: device ?? state.device,
      cell: awaited && awaited.why !== 'revived' ? undefined : state.cell,
      shown: { ...shown, summary: network, onProcessor: device === null, plan: planOf(shown, device) },
    },
    [],
  ];
}

/** The same value where the plan is the same: what is known of it stays, and its panel as it is. */
function planOf({ plan }: Shown, device: Of<'network'>['device']): Shown['plan'] {
  const next = device?.plan ?? plan;
  return JSON.stringify(next) === JSON.stringify(plan) ? plan : next;
}

function restoredShown({ shown, at }: KeptRun): Shown {
  const origin = shown.origin.kind === 'trained' ? ({ kind: 'trained', at } as const) : shown.origin;
  // The weights of its epochs are gone.
  return { ...shown, origin, keptEpochs: [], viewed: undefined };
}

/** What the browser has of earlier visits. A training that this tab's reload interrupted goes on. */
function onFound(state: State, { kept, unfinished, ownFiles }: Extract<Event, { kind: 'found' }>): Update {
  const now: State = { ...state, kept, ownFiles: state.ownFiles ?? ownFiles };
  const areHere = unfinished?.texts.data !== 'files' || now.ownFiles;
  if (!unfinished?.shown.state || !areHere || isRunning(state) || state.isBroken) return takeKept(now);
  const fielded: State = { ...now, fields: unfinished.texts };
  const configuration = configurationOf(fielded);
  if (!configuration) return takeKept(now);
  const isAsked = state.images && imagesOf(fielded.fields) === imagesOf(state.fields);
  const [asking, commands] = isAsked ? [fielded, []] : take(fielded, configuration);
  const left = { ...unfinished.shown, summary: undefined };
  const goingOn = { shown: left, phase: 'stopped', run: null } as const;
  const [started, more] = start(asking, left, configuration, goingOn);
  return [
    { ...started, status: 'Going on with the training that the reload interrupted' },
    [{ kind: 'address', texts: unfinished.texts }, ...commands, ...more],
  ];
}

// Images

/** Asks for the images of the fields where these are files of an earlier visit, which were awaited until now. */
function takeKept(state: State): Update {
  const configuration = configurationOf(state);
  if (state.images || configuration?.data !== 'files') return [state, []];
  // Takes their place where they can no longer be read.
  return take(
    { ...state, images: { source: mnistSource(state), kind: 'mnist', data: undefined } },
    configuration,
  );
}

function onFields(state: State, texts: Texts, settled: boolean): Update {
  const now: State = { ...state, fields: texts };
  const shown: State = isIdle(now) ? { ...now, shown: { ...now.shown, epochs: epochsIn(now) } } : now;
  const address: Command = { kind: 'address', texts };
  const configuration = configurationOf(now);
  if (!configuration) return [rested(shown), [address]];
  if (!settled || (state.images && isOf(state.images, configuration))) return [rested(shown), [address]];
  const [asking, commands] = take(shown, configuration);
  return [asking, [address, ...commands]];
}

/** Whether nothing of the user's is on the page, so that its axis is that of the fields. */
function isIdle({ shown, phase }: State): boolean {
  return shown.origin.kind === 'shipped' && phase !== 'training';
}

function epochsIn(state: State): number {
  return configurationOf(state)?.epochs ?? state.shown.epochs;
}

function imagesOf({ data, train, test }: Texts): string {
  return data === 'synthetic' ? `${data} ${train} ${test}` : data;
}

function isOf({ source, kind }: Images, { data, train, test }: Configuration): boolean {
  if (data !== kind) return false;
  return source.kind !== 'synthetic' || (source.train === train && source.test === test);
}

/** Asks for the images of a configuration. */
function take(state: State, { data: kind, train, test }: Configuration): Update {
  if (kind === 'synthetic') return ask(state, { kind, train, test });
  if (kind === 'files' && state.ownFiles) return ask(state, { kind, own: state.ownFiles });
  // Files of an earlier visit are no longer here.
  const fields: Texts = kind === 'files' ? { ...state.fields, data: 'mnist' } : state.fields;
  return ask({ ...state, fields }, mnistSource(state));
}

function mnistSource(state: State): DataSource {
  return { kind: 'mnist', folder: new URL('mnist/', state.home).href };
}

function ask(state: State, source: DataSource): Update {
  const { images, imagesBefore } = state;
  const id = state.imagesRequest + 1;
  const asking: State = {
    ...state,
    // What was said of a network goes with the images that it was about.
    phase: isRunning(state) || state.isBroken ? state.phase : 'loading',
    images: { source, kind: state.fields.data, data: undefined },
    imagesBefore: images?.data || images?.source.kind !== 'files' ? images : imagesBefore,
    imagesRequest: id,
    arrival: undefined,
    imagesNote: { message: '', nextStep: '', manner: 'wrong' },
  };
  return [rested(asking), [{ kind: 'send', request: { kind: 'data', id, source } }]];
}

function onFiles(state: State, own: OwnFiles): Update {
  const why = obstacle(state);
  if (why !== '') return [{ ...state, imagesNote: { message: why, nextStep: '', manner: 'wrong' } }, []];
  return ask(state, { kind: 'files', own });
}

function onData(state: State, { data, notice }: Of<'data'>): Update {
  const { images } = state;
  if (!images) return [state, []];
  const { source } = images;
  // May differ from what was asked for: the user's files may be MNIST's, and synthetic digits may replace MNIST.
  const kind = data.name === 'mnist' || data.name === 'synthetic' ? data.name : 'files';
  const counts = kind === 'synthetic' ? { train: String(data.train), test: String(data.test) } : {};
  const isOther = state.fields.data !== kind;
  const fields: Texts = isOther ? { ...state.fields, data: kind, ...counts } : state.fields;
  const here: State = {
    ...state,
    fields,
    images: { source, kind, data },
    ownFiles: source.kind === 'files' ? source.own : state.ownFiles,
    arrival: undefined,
    // What was wrong with files stays where these are the images before them, which were still on their way.
    imagesNote: notice === '' ? state.imagesNote : { message: notice, nextStep: '', manner: 'hint' },
  };
  const commands: Command[] = isOther ? [{ kind: 'address', texts: fields }] : [];
  // MNIST comes with the page.
  if (source.kind === 'files' && kind === 'files' && source.own !== state.ownFiles) {
    commands.push({ kind: 'keep-files', own: source.own });
  }
  return [rested(here), commands];
}

/** The images before the wrong ones stay. */
function onMissing(state: State, { problem }: Of<'no-data'>): Update {
  const before = state.imagesBefore;
  const imagesNote = { ...problem, manner: 'wrong' } as const;
  if (!before) return [rested({ ...state, arrival: undefined, imagesNote }), []];
  const fields: Texts = { ...state.fields, data: before.kind };
  const back: State = { ...state, fields, images: before, arrival: undefined, imagesNote };
  if (before.data) return [rested(back), [{ kind: 'address', texts: fields }]];
  const [asking, commands] = ask(back, before.source);
  return [{ ...asking, imagesNote }, [{ kind: 'address', texts: fields }, ...commands]];
}

/** Says whether the images are here. */
function imagesText({ images, fields }: State): string {
  const { data, source } = images ?? {};
  if (data) return `Ready: ${count(data.train)} ${named(data.name)} to learn from`;
  const kind = source?.kind ?? fields.data;
  return { synthetic: 'Drawing digits', files: 'Reading files' }[kind] ?? 'Loading MNIST';
}

function named(dataset: string): string {
  return { synthetic: 'synthetic digits', mnist: 'digits of MNIST' }[dataset] ?? `images of ${dataset}`;
}

/** The state of the page while nothing runs; what is said of a network stays until another is there. */
function rested(state: State): State {
  const { phase, shown, awaited } = state;
  if (state.isBroken || isRunning(state)) return state;
  if (awaited && awaited.why !== 'shipped') return state;
  if ((phase === 'done' || phase === 'stopped') && shown.origin.kind !== 'shipped') return state;
  if (!configurationOf(state) && !state.images) return state;
  return { ...state, phase: state.images?.data ? 'ready' : 'loading', status: imagesText(state) };
}

// Looking into results

function lookInto(
  state: State,
  { label, predicted }: { readonly label: number; readonly predicted: number },
): Update {
  const found =
    state.cell?.label === label && state.cell.predicted === predicted ? state.cell.found : undefined;
  return lookAgain({ ...state, cell: { label, predicted, found } });
}

/** After another epoch the cell that is looked into has other images. */
function lookAgain(state: State): Update {
  if (!state.cell) return [state, []];
  const { label, predicted } = state.cell;
  return [state, [{ kind: 'send', request: { kind: 'cell', label, predicted } }]];
}

function onCell(state: State, found: Of<'cell'>): Update {
  const { cell } = state;
  if (cell?.label !== found.label || cell.predicted !== found.predicted) return [state, []];
  return [{ ...state, cell: { ...cell, found } }, []];
}

// Trouble

function onProblem(state: State, { problem }: Of<'problem'>): Update {
  if (problem.code !== 'bad-model') return [failed(state, problem), []];
  const { awaited } = state;
  const before = awaited && 'before' in awaited ? awaited.before : { run: state.run, awaited: undefined };
  const now: State = { ...state, ...before, fileTrouble: problem };
  if (!state.shown.report) return [rested({ ...now, phase: 'ready' }), []];
  return [
    { ...now, phase: 'done', status: 'The file was not taken; the network before it is still here' },
    [],
  ];
}

function failed(state: State, problem: Problem): State {
  if (state.isBroken) return state;
  const nextStep = problem.code === 'device-lost' ? 'Press "Restart".' : problem.nextStep;
  return {
    ...state,
    // An error that a change of a field can mend needs no new worker.
    isBroken: problem.code !== 'usage' && problem.code !== 'diverged',
    // What comes with the page needs no device.
    awaited: state.awaited?.why === 'shipped' ? state.awaited : undefined,
    measuring: false,
    trouble: { ...problem, nextStep: `${nextStep} ${keptText(state.shown)}`.trim() },
    phase: 'error',
    status: 'Something went wrong',
  };
}

/** A new worker with a new device, the same images, and the networks as they were after the last epoch. */
function restart(state: State): Update {
  const run = state.runs + 1;
  const bytes = wholeFile(state.shown.files);
  const isShipped = state.shown.origin.kind === 'shipped';
  const again: State = {
    ...state,
    run,
    runs: run,
    isBroken: false,
    measuring: false,
    // What the new worker measures may succeed.
    machine: { ...state.machine, aside: undefined, floor: state.machine.floor ?? undefined },
    trouble: undefined,
    device: undefined,
    awaited: bytes && !isShipped ? { why: 'revived' } : { why: 'shipped' },
    phase: 'loading',
  };
  const [asking, commands] = again.images ? ask(again, again.images.source) : [again, []];
  return [
    { ...asking, phase: 'loading', status: imagesText(asking) },
    [
      { kind: 'new-worker' },
      ...commands,
      bytes && !isShipped
        ? {
            kind: 'send',
            request: { kind: 'load', run, bytes, best: state.shown.files.best, evaluate: false },
          }
        : { kind: 'send', request: { kind: 'load-shipped', run } },
    ],
  ];
}

// What is measured beside

function withMachine(state: State, known: Partial<Machine>): State {
  return { ...state, machine: { ...state.machine, ...known } };
}

/** The other measurement may have begun meanwhile: it stopped this one. */
function asideEnds(state: State, which: NonNullable<Machine['aside']>, known: Partial<Machine>): State {
  const { aside } = state.machine;
  return withMachine(state, { ...known, aside: aside === which ? undefined : aside });
}

function onReply(state: State, reply: Reply): Update {
  if ('run' in reply && reply.run !== 0 && reply.run !== state.run) return [state, []];
  if ('id' in reply && reply.id !== state.imagesRequest) return [state, []];
  switch (reply.kind) {
    case 'adapter':
      return [{ ...state, adapter: reply.adapter }, []];
    case 'download':
      return [{ ...state, arrival: reply.arrival }, []];
    case 'data':
      return onData(state, reply);
    case 'no-data':
      return onMissing(state, reply);
    case 'no-shipped':
      return [{ ...state, awaited: undefined, fileTrouble: reply.problem }, []];
    case 'network':
      return onNetwork(state, reply);
    case 'progress':
      return onProgress(state, reply);
    case 'paused':
      return [
        {
          ...state,
          phase: 'paused',
          status: `Paused in epoch ${state.shown.progress?.epoch ?? 1} of ${state.shown.epochs}`,
        },
        [],
      ];
    case 'other-images':
      return onOtherImages(state);
    case 'lost':
      return [
        {
          ...state,
          phase: 'training',
          status: `The browser took the graphics device away: going on with a new one (${reply.times} of at most ${MOST_LOSSES} times)`,
          shown: { ...state.shown, losses: reply.times },
        },
        [],
      ];
    case 'epoch':
      return onEpoch(state, reply);
    case 'weights':
      return [{ ...state, shown: { ...state.shown, weights: reply.weights } }, []];
    case 'rate': {
      const { problem, changes } = reply;
      const rateTrouble = problem ? `${problem.message} ${problem.nextStep}` : '';
      return [{ ...state, rateTrouble, shown: { ...state.shown, rateChanges: changes } }, []];
    }
    case 'mistakes':
      return [{ ...state, shown: { ...state.shown, mistakes: reply.mistakes } }, []];
    case 'kept-epochs':
      return [{ ...state, shown: { ...state.shown, keptEpochs: reply.epochs } }, []];
    case 'epoch-view': {
      const { epoch, test, mistakes } = reply;
      const viewed = epoch !== null && test ? { epoch, test, mistakes } : undefined;
      return lookAgain({ ...state, shown: { ...state.shown, viewed } });
    }
    case 'snapshot':
      return onSnapshot(state, reply);
    case 'result':
      return onResult(state, reply);
    case 'cell':
      return onCell(state, reply);
    case 'bench-end':
      return [{ ...state, measuring: false }, []];
    case 'floor': {
      const { floor, failed } = reply;
      return [asideEnds(state, 'floor', floor || failed ? { floor } : {}), []];
    }
    case 'dispatch-times': {
      const { report, problem } = reply;
      const { plan } = state.shown;
      const timesTrouble = problem ? `${problem.message} ${problem.nextStep}` : '';
      const times = report && plan ? { plan, report } : undefined;
      return [asideEnds(state, 'dispatches', { times, timesTrouble }), []];
    }
    case 'problem':
      return onProblem(state, reply);
    // What these say is shown by the pad, the look inside and the benchmark as it comes.
    case 'evidence':
    case 'unit':
    case 'prediction':
    case 'bench-names':
    case 'bench-progress':
      return [state, []];
  }
}
