import { assertWebGpu, ShadegradError } from '../src/index.ts';
import { queryOf, textsOf } from './configuration.ts';
import { findEarlier, keepFiles, keepRuns, unfinishedKeeper } from './earlier.ts';
import { arrangePanels } from './page/arrange.ts';
import { connect } from './page/connection.ts';
import { byId } from './page/dom.ts';
import { leaveOut } from './page/leave-out.ts';
import { partsQuery } from './parts.ts';
import { type Command, type Event, initialState } from './state.ts';
import { begin, type Update, update } from './update.ts';
import { createView } from './view.ts';

// The page: what the user and the worker say becomes the next state, which is shown.

byId('unserved', HTMLElement).remove();
startPage();

function startPage(): void {
  let state = initialState(textsOf(new URLSearchParams(location.search)), document.baseURI);
  leaveOut(new URLSearchParams(location.search));
  arrangePanels();
  // Started before the panels, so that the worker fetches and draws images while they are made.
  let worker = startWorker();
  const keepUnfinished = unfinishedKeeper();
  const view = createView(dispatch, (request) => worker.send(request));

  function startWorker() {
    return connect(
      (reply) => {
        dispatch({ kind: 'reply', reply });
        view.answer(reply);
      },
      (message) => dispatch({ kind: 'worker-broke', message }),
    );
  }

  function dispatch(event: Event): void {
    settle(update(state, event));
  }

  function settle([next, commands]: Update): void {
    state = next;
    for (const command of commands) run(command);
    view.show(state);
  }

  const run = (command: Command) => {
    switch (command.kind) {
      case 'send':
        return worker.send(command.request);
      case 'new-worker':
        worker.close();
        worker = startWorker();
        view.forget();
        return checkWebGpu();
      case 'address':
        return history.replaceState(
          null,
          '',
          `?${queryOf(command.texts)}${partsQuery(new URLSearchParams(location.search))}`,
        );
      case 'keep':
        return void keepRuns(command.kept).then((failure) => dispatch({ kind: 'kept', failure }));
      case 'keep-files':
        return void keepFiles(command.own).then((failure) => {
          if (failure !== null) dispatch({ kind: 'files-not-kept', failure });
        });
      case 'keep-unfinished':
        return keepUnfinished(command.unfinished);
    }
  };

  /** Shows at once what is wrong with WebGPU, as far as the page can see it without its worker. */
  function checkWebGpu(): void {
    try {
      assertWebGpu();
    } catch (error) {
      if (!(error instanceof ShadegradError)) throw error;
      const { code, message, nextStep } = error;
      dispatch({ kind: 'no-webgpu', problem: { code, message, nextStep } });
    }
  }

  settle(begin(state));
  checkWebGpu();
  void findEarlier().then((found) => dispatch({ kind: 'found', ...found }));
}
