/**
 * The transactions of one tab. A page that the browser puts away, to show it again on "back", must
 * leave none open: WebKit stops the page in the middle of it, and every other page waits for it.
 */

export function createTransactions() {
  const open = new Set();
  let back = Promise.resolve();
  let comeBack = null;
  let leaves = 0;

  /** `mode` is "readonly" or "readwrite". */
  function begin(db, stores, mode) {
    const tx = db.transaction(stores, mode);
    open.add(tx);
    const ended = () => open.delete(tx);
    tx.done.then(ended, ended);
    return tx;
  }

  /** End what is under way; it begins anew when the page comes back. */
  function leave() {
    leaves += 1;
    if (!comeBack) back = new Promise((resolve) => (comeBack = resolve));
    for (const tx of open) abort(tx);
  }

  function enter() {
    comeBack?.();
    comeBack = null;
  }

  /** Run `work` while the page is there, again if the page left in the middle of it. */
  async function run(work) {
    for (;;) {
      await back;
      const before = leaves;
      try {
        return await work();
      } catch (error) {
        if (leaves === before) throw error;
      }
    }
  }

  return { begin, leave, enter, run };
}

/** One that has ended meanwhile refuses. */
function abort(tx) {
  try {
    tx.abort();
  } catch {
    return;
  }
}
