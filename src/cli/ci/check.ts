// One verdict as CI systems take it, and the options of their reports.

export interface Check {
  readonly name: string;
  /** The module's file, where the check is about one. */
  readonly file?: string;
  /** Null for a check that passed. */
  readonly failure: {
    /** One line. */
    readonly message: string;
    /** The kernel's lines and the explanation. */
    readonly details: string;
  } | null;
}

export interface ReportOptions {
  readonly junit?: string;
  readonly github?: boolean;
}
