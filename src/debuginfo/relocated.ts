/** A debug section of a relocatable file with its relocations carried out. */
export interface Relocated {
  readonly bytes: Uint8Array;
  /** Index of the section that the word at an offset refers to. */
  readonly targets: ReadonlyMap<number, number>;
}
