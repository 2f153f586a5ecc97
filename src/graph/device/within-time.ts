/**
 * The result of `work`, or whatever `expired` gives or throws if that takes longer than `seconds`. The work itself goes on.
 */
export async function withinTime<T>(work: Promise<T>, seconds: number, expired: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alarm = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), seconds * 1000);
  });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), alarm]);
    return first === 'expired' ? expired() : first.value;
  } finally {
    clearTimeout(timer);
  }
}
