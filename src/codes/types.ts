/** What `hotmod explain <code>` prints. Every code that is emitted anywhere has one of these; a test holds that. */
export interface CodeText {
  readonly code: string;
  /** A few words, lower case, no full stop. */
  readonly title: string;
  /** What the code means, in full sentences. */
  readonly meaning: string;
  /** What to do about it, in full sentences. */
  readonly remedy: string;
}
