import type { StepPlan } from '../../src/index.ts';
import type { AdapterSummary, DeviceSummary } from '../protocol.ts';
import type { State } from '../state.ts';
import { byId, make } from './dom.ts';
import { bytes, count } from './format.ts';

/** The limits that training runs into first. */
const TELLING_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupStorageSize',
];

/** The graphics adapter, and the plan that runs on it. */
export function machinePanel() {
  const line = byId('adapter', HTMLElement);
  const chip = byId('chip', HTMLAnchorElement);
  const limits = byId('limits', HTMLElement);
  const plan = byId('plan', HTMLElement);
  let adapter: AdapterSummary | undefined;
  let device: DeviceSummary | undefined;

  function showLimits(): void {
    byId('limits-details', HTMLElement).hidden = !adapter;
    if (!adapter) return;
    const rows = TELLING_LIMITS.map((name) => [
      name,
      limit(name, adapter?.limits[name]),
      limit(name, device?.limits[name]),
    ]);
    const used = device ? device.features.join(', ') || 'none beyond the core' : '–';
    limits.replaceChildren(
      tableOf('Limits of the adapter, and those asked for', ['Limit', 'Offered', 'In use'], rows),
      make('p', {}, make('strong', {}, 'Features in use: '), used),
      make('p', {}, make('strong', {}, 'Features offered: '), adapter.features.join(', ') || 'none'),
    );
  }

  function showAdapter(found: AdapterSummary): void {
    const { software, description, vendor, architecture } = found;
    line.dataset.software = String(software);
    const kind = software ? 'Software' : 'Hardware';
    chip.textContent = `${kind}: ${description}`;
    const more = [vendor, architecture].filter((part) => part !== '' && !description.includes(part));
    line.replaceChildren(
      make('span', { class: `badge ${kind.toLowerCase()}` }, kind),
      ` ${[description, ...more].join(', ')}. `,
      software
        ? 'No graphics card does the work but the processor: slower, with the same results up to rounding.'
        : 'The graphics card does the work.',
    );
  }

  function showPlan(opened: DeviceSummary): void {
    plan.replaceChildren(
      ...(opened.plan
        ? planTables(opened.plan)
        : [make('p', { class: 'empty' }, 'A network that was loaded, to be used and not trained.')]),
    );
  }

  return (state: State): void => {
    const { trouble } = state;
    if (!state.adapter && trouble) {
      chip.textContent = 'No graphics adapter';
      line.textContent = trouble.message;
    }
    if (state.adapter === adapter && state.device === device) return;
    if (state.adapter && state.adapter !== adapter) showAdapter(state.adapter);
    if (state.device && state.device !== device) showPlan(state.device);
    adapter = state.adapter;
    device = state.device;
    showLimits();
  };
}

function planTables({ name, dispatches, buffers }: StepPlan): Node[] {
  const total = buffers.reduce((sum, { size }) => sum + size, 0);
  return [
    make(
      'p',
      {},
      `Each step of the plan "${name}" is ${dispatches.length} dispatches over ${buffers.length} buffers of ${bytes(total)} in all. Hundreds of steps go to the GPU at once.`,
    ),
    folded(
      'Dispatches',
      tableOf(
        'Dispatches of a step, in order',
        ['', 'Kernel', 'Workgroups', 'Constants', 'Buffers'],
        dispatches.map(({ kernel, workgroups, constants, bindings }, i) => [
          String(i + 1),
          kernel,
          workgroups.map(count).join(' x '),
          Object.entries(constants)
            .map(([constant, value]) => `${constant} ${value}`)
            .join(', '),
          Object.values(bindings).join(', '),
        ]),
      ),
    ),
    folded(
      'Buffers',
      tableOf(
        'Buffers of the plan',
        ['Buffer', 'Size', 'Use'],
        buffers.map(({ name, size, usage }) => [name, bytes(size), usage]),
      ),
    ),
  ];
}

function folded(summary: string, content: Node): HTMLElement {
  const scroll = make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': summary },
    content,
  );
  return make('details', {}, make('summary', {}, summary), scroll);
}

function tableOf(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLTableElement {
  return make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, caption),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        ...columns.map((name) => (name === '' ? make('td') : make('th', { scope: 'col' }, name))),
      ),
    ),
    make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell))))),
  );
}

function limit(name: string, value: number | undefined): string {
  if (value === undefined) return '–';
  return name.endsWith('Size') && value >= 4096 ? bytes(value) : count(value);
}
