// Addresses and words as farjal prints them everywhere: eight digits, lower case.

/** `0x%08x`, for prose and JSON. */
export function hex(value: number): string {
  return `0x${digits(value)}`;
}

/** `%08x`, for columns of words. */
export function digits(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
