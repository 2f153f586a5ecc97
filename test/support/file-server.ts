import { createServer, type Socket } from 'node:net';

/** What a client asked for; names of headers are in lower case. */
export interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status: number;
  /** Sent as they are, true or not; nothing is added but `Connection: close`. */
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
  /** What the server does after the body, where it does not end the connection in order. */
  readonly ending?: 'reset' | 'hang';
}

/** Serves HTTP on the loopback, byte by byte as told, while `use` runs; collects what is asked. */
export async function withServer(
  reply: (asked: Asked, count: number) => Reply,
  use: (base: string, asked: readonly Asked[]) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const request = parseRequest(text);
      text = '';
      asked.push(request);
      send(socket, reply(request, asked.length));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as { port: number }).port}`, asked);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** How a server that knows ranges sends a file of a tag. */
export function fileReply({ headers }: Asked, file: Uint8Array, etag = '"one"'): Reply {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  const same = headers['if-range'] === undefined || headers['if-range'] === etag;
  if (from === 0 || !same) {
    return { status: 200, headers: { 'Content-Length': file.length, ETag: etag }, body: file };
  }
  if (from >= file.length) {
    return { status: 416, headers: { 'Content-Length': 0, 'Content-Range': `bytes */${file.length}` } };
  }
  const body = file.subarray(from);
  return {
    status: 206,
    headers: {
      'Content-Length': body.length,
      'Content-Range': `bytes ${from}-${file.length - 1}/${file.length}`,
      ETag: etag,
    },
    body,
  };
}

/** How a server that knows ranges, of which this sends the first, sends a file. */
export function rangeReply({ headers }: Asked, file: Uint8Array, etag = '"one"'): Reply {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (from === undefined) {
    return { status: 200, headers: { 'Content-Length': file.length, ETag: etag }, body: file };
  }
  const body = file.subarray(Number(from), Number(to) + 1);
  if (body.length === 0) {
    return { status: 416, headers: { 'Content-Length': 0, 'Content-Range': `bytes */${file.length}` } };
  }
  const range = `bytes ${from}-${Number(from) + body.length - 1}/${file.length}`;
  return {
    status: 206,
    headers: { 'Content-Length': body.length, 'Content-Range': range, ETag: etag },
    body,
  };
}

/** The same reply with the connection cut after so many bytes of its body. */
export function cutAfter(reply: Reply, bytes: number, ending: Reply['ending'] = 'reset'): Reply {
  return { ...reply, body: reply.body!.subarray(0, bytes), ending };
}

function parseRequest(text: string): Asked {
  const [first, ...lines] = text.split('\r\n\r\n')[0].split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { path: first.split(' ')[1], headers: Object.fromEntries(headers) };
}

function send(socket: Socket, { status, headers = {}, body = new Uint8Array(0), ending }: Reply): void {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`HTTP/1.1 ${status} As told\r\n${lines.join('')}\r\n`);
  socket.write(body, () => {
    if (ending === undefined) socket.end();
    // Bytes on their way would be thrown away with the connection.
    else if (ending === 'reset') setTimeout(() => socket.destroy(), 50);
  });
}
