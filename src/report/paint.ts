// Colours, as the texts of this directory use them: functions from text to text, so that a text can be
// made plain or coloured and the terminal library stays the command line's business.

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
