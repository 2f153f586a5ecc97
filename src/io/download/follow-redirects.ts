import { TsosError } from '../../base/errors.ts';
import { discardBody } from '../bytes/discard-body.ts';

/** As many as browsers follow. */
const MOST_REDIRECTS = 20;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Asks for a file, wherever the server sends us for it: not in circles, and from https never to where others can listen or put
 * in what they like.
 * @throws {TsosError} for such a redirect, and whatever `fetch` throws.
 */
export async function followRedirects(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const visited = [url];
  for (;;) {
    const address = visited[visited.length - 1];
    const response = await fetch(address, { headers, signal, redirect: 'manual' });
    if (!REDIRECTS.includes(response.status)) return response;
    await discardBody(response);
    const next = nextAddress(address, response.headers.get('location'));
    if (visited.includes(next)) throw new TsosError(`${url}: the server redirects in a circle, to ${next}`);
    visited.push(next);
    if (visited.length > MOST_REDIRECTS) {
      throw new TsosError(
        `${url}: the server redirects more than ${MOST_REDIRECTS} times; name another with --from`,
      );
    }
  }
}

function nextAddress(from: string, location: string | null): string {
  if (location === null || !URL.canParse(location, from)) {
    throw new TsosError(`${from}: the server redirects to ${location ?? 'nowhere'}, which is no address`);
  }
  const next = new URL(location, from);
  if (next.protocol === 'https:' || (next.protocol === 'http:' && from.startsWith('http:'))) return next.href;
  throw new TsosError(
    `${from}: the server redirects to ${next.href}, where the file could be changed on its way; name another with --from`,
  );
}
