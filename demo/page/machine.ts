import type { AdapterSummary, DeviceSummary } from '../protocol.ts';
import type { State } from '../state.ts';
import { byId, make } from './dom.ts';
import { bytes, count } from './format.ts';
import { tableOf } from './table.ts';

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

/**
 * The graphics adapter.
 * @param seen called where the panel comes on the screen, or leaves it
 */
export function machinePanel(seen: (on: boolean) => void) {
  const line = byId('adapter', HTMLElement);
  const chip = byId('chip', HTMLAnchorElement);
  const limits = byId('limits', HTMLElement);
  let adapter: AdapterSummary | undefined;
  let device: DeviceSummary | undefined;

  new IntersectionObserver((entries) => {
    // The latest of those since the last call comes last.
    const entry = entries.at(-1);
    if (entry) seen(entry.isIntersecting);
  }).observe(byId('machine', HTMLElement));

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

  return (state: State): void => {
    const { trouble } = state;
    if (!state.adapter && trouble) {
      chip.textContent = trouble.code === 'no-adapter' ? 'No graphics adapter' : 'Graphics adapter not known';
      line.textContent = trouble.message;
    }
    if (state.adapter === adapter && state.device === device) return;
    if (state.adapter && state.adapter !== adapter) showAdapter(state.adapter);
    adapter = state.adapter;
    device = state.device;
    showLimits();
  };
}

function limit(name: string, value: number | undefined): string {
  if (value === undefined) return '–';
  return name.endsWith('Size') && value >= 4096 ? bytes(value) : count(value);
}
