/** A gate that training waits at and that a pause closes. It is open at first. */
export interface Gate {
  close(): void;
  open(): void;
  /** Undefined while the gate is open, else a promise that resolves when it opens. */
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
