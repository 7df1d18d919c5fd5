// Formats counts with digits in groups of three, for the text and HTML reports.

/** `1,234,567`. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 site`, `2 sites`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`;
}
