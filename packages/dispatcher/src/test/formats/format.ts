/** A result that a test reports in a format of its own. */
export interface FormatCase {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skip' | 'unknown';
  /** Names of the suites or groups around it, joined by dots. */
  readonly set?: string;
  readonly measurement?: number;
  readonly units?: string;
}

/** Reads a format line by line, and gives each result as soon as it is sure. */
export interface FormatReader {
  line(text: string): readonly FormatCase[];
  /** No more lines will come: results that were promised and did not come have failed. */
  end(): readonly FormatCase[];
  /** What is wrong with the text; emptied by reading. */
  problems(): readonly string[];
}

/** A name as results have it: no blanks, nothing that ends a line of the log. */
export const caseName = (text: string): string => text.trim().replace(/\s+/g, '-').replace(/[^\w.:/[\]+=,@%-]/g, '_').slice(0, 200);
