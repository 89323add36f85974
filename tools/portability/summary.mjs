// From a part's outcome to its row of the table in docs/portability.md. Pure.

/** How far the page's loss may be from that of the same training by the library in the same engine, as a share. */
const PAGE_TOLERANCE = 1e-3;

/**
 * What went wrong in a part's tests.
 *
 * @param {import('./part.mjs').Outcome} outcome
 * @returns {string[]} empty where all is well
 */
export function failuresOf({ report, page }) {
  const failures = [];
  for (const { name, message, assertionResults } of report.testResults) {
    if (message !== '' && assertionResults.every(({ status }) => status === 'passed'))
      failures.push(`${name}: ${message}`);
    for (const { fullName, status } of assertionResults) if (status !== 'passed') failures.push(fullName);
  }
  const metas = metasOf(report);
  if (!metas.some(({ trained }) => trained)) failures.push("no plan took PyTorch's 20 steps");
  const epoch = metas.find(({ epoch }) => epoch)?.epoch;
  if (!epoch) failures.push('no epoch of MNIST was trained');
  if (page && epoch && !(Math.abs(page.loss - epoch.loss) <= PAGE_TOLERANCE * epoch.loss)) {
    failures.push(`the page's epoch has the loss ${page.loss}, the library's ${epoch.loss}`);
  }
  return failures;
}

/**
 * @param {import('./part.mjs').Outcome} outcome
 * @param {import('./part.mjs').Report} [base] SwiftShader's, where there is one
 * @returns {string[]} the row's cells behind its name, but for time and date
 */
export function cellsOf(outcome, base) {
  const { implementation, driver, compiler, report, page } = outcome;
  const metas = metasOf(report);
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const [failure, ...others] = failuresOf(outcome);
  const more = others.length > 0 ? `, and ${others.length} more` : '';
  const plans = new Set(metas.flatMap(({ trained }) => (trained ? [trained.plan] : [])));
  const epochs = metas.flatMap(({ epoch }) => (epoch ? [epochText(epoch)] : []));
  if (page) epochs.push(`the page: ${epochText(page)}`);
  return [
    implementation,
    driver,
    compiler,
    `${passed} of ${tests.length}${failure === undefined ? '' : `, failed: ${failure}${more}`}`,
    [...plans].map((plan) => `\`${plan}\``).join(', '),
    deviationText(metas),
    base ? sameBitsText(metas, metasOf(base)) : '',
    epochs.join('; '),
  ];
}

/** @param {import('./part.mjs').Meta[]} metas */
function deviationText(metas) {
  const worst = metas
    .flatMap(({ deviation }) => (deviation ? [deviation] : []))
    .reduce((most, own) => (own.share > most.share ? own : most), { what: '', error: 0, share: 0 });
  return `${percent(worst.share, 0)} of the tolerance (${worst.what}, ${worst.error.toExponential(1)})`;
}

/**
 * Which plans have the bits of `base` in the losses of all steps of all networks, and how far the others are from it.
 *
 * @param {import('./part.mjs').Meta[]} metas
 * @param {import('./part.mjs').Meta[]} base
 */
function sameBitsText(metas, base) {
  /** @type {Map<string, number>} the largest difference, as a share of the loss, by plan */
  const differences = new Map();
  for (const { trained } of metas) {
    const other = base.find(
      (meta) => meta.trained?.plan === trained?.plan && meta.trained?.what === trained?.what,
    )?.trained;
    if (!trained || !other) continue;
    const shares = trained.losses.map((loss, i) => Math.abs(loss / (other.losses[i] ?? Number.NaN) - 1));
    differences.set(trained.plan, Math.max(...shares, differences.get(trained.plan) ?? 0));
  }
  const same = [...differences].filter(([, difference]) => difference === 0);
  const most = Math.max(...differences.values());
  const named = same.map(([plan]) => `\`${plan}\``).join(', ') || 'none';
  return most === 0 ? 'all' : `${named}; others within ${most.toExponential(0)} of the loss`;
}

/** @param {import('./part.mjs').Epoch} epoch */
function epochText({ plan, loss, testAccuracy }) {
  return `${percent(testAccuracy, 2)}, loss ${loss.toFixed(6)} (\`${plan}\`)`;
}

/** @param {number} share @param {number} digits */
function percent(share, digits) {
  return `${(100 * share).toFixed(digits)} %`;
}

/** @param {import('./part.mjs').Report} report */
function metasOf({ testResults }) {
  return testResults.flatMap(({ assertionResults }) => assertionResults.map(({ meta }) => meta));
}
