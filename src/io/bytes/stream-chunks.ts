/** The chunks of a stream, which not every browser lets one iterate over; it is cancelled where no more are taken. */
export async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      yield value;
    }
  } finally {
    // Not waited for: what is cancelled may itself wait for who reads.
    reader.cancel().catch(() => {});
  }
}
