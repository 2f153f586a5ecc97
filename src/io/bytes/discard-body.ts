/** Lets go of an answer whose body nobody reads, whether or not it could have been read. */
export async function discardBody(response: Response | undefined): Promise<void> {
  // Bun has unpacked what came of it by now, and fails where that was damaged.
  await response?.body?.cancel().catch(() => {});
}
