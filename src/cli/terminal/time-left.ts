/**
 * Reckons from how far some work is, told again and again, how long the rest takes: at the pace since the first time.
 * @param now in milliseconds
 * @returns such as `3 min left`; nothing at the first time, without progress since, and at the end.
 */
export function timeLeft(
  now: () => number = () => performance.now(),
): (done: number, total: number) => string {
  let first: { readonly done: number; readonly at: number } | undefined;
  return (done, total) => {
    first ??= { done, at: now() };
    if (done <= first.done || done >= total) return '';
    return `${duration(((total - done) * (now() - first.at)) / (done - first.done) / 1000)} left`;
  };
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  const minutes = Math.ceil(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
