// What the browser keeps between visits, in IndexedDB: MNIST's files once they were fetched, and the last run.

const DATABASE = 'shadegrad';
const STORE = 'kept';

/** The value kept under `key`, if there is any. */
export async function kept(key: string): Promise<unknown> {
  return inStore('readonly', (store) => store.get(key));
}

/** Keeps a value that can be cloned; it is kept when this resolves. */
export async function keep(key: string, value: unknown): Promise<void> {
  await inStore('readwrite', (store) => store.put(value, key));
}

async function inStore(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => { readonly result: unknown },
): Promise<unknown> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await settled(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser has no room for it'));
    });
    const request = ask(transaction.objectStore(STORE));
    await done;
    return request.result;
  } finally {
    database.close();
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps nothing for this page'));
  });
}
