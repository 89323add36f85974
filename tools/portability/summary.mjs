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
 * @returns {string[]} the row's cells behind its name, but for the date
 */
export function cellsOf(outcome) {
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
