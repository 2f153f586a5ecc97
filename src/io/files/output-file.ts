/** A file that is written piece by piece. */
export interface OutputFile {
  /** What errors call it. */
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Makes sure that everything is where it belongs. */
  finish(): Promise<void>;
  /** Finishes, and gives the file its name. */
  commit(): Promise<void>;
  /** Removes what was written, as far as that can be; does nothing after `commit`. */
  abort(): Promise<void>;
}
