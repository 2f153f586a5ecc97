/** A picture of the paper, drawn again. */
export interface Figure {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen, in a sentence or two. */
  readonly caption: string;
  /** The text of an SVG file. */
  readonly svg: string;
}
