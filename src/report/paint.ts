// The colours of this directory's texts: functions from text to text, so that the same code makes plain and coloured
// text, and only the command line uses the terminal library.

export type Colour = (text: string) => string;

export interface Paint {
  readonly bold: Colour;
  readonly dim: Colour;
  readonly red: Colour;
  readonly green: Colour;
  readonly yellow: Colour;
  readonly cyan: Colour;
}

const same: Colour = (text) => text;

/** No colours. */
export const PLAIN: Paint = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
