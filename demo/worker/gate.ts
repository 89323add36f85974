/** What a pause closes and what training waits at. Open at first. */
export interface Gate {
  close(): void;
  open(): void;
  /** Resolves at once where the gate is open, else when it opens; undefined says that there is nothing to wait for. */
  passed(): Promise<void> | undefined;
}

export function createGate(): Gate {
  let closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  return {
    close() {
      if (closed) return;
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      closed = { opened, open };
    },
    open() {
      closed?.open();
      closed = undefined;
    },
    passed: () => closed?.opened,
  };
}
