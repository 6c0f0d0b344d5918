/** What lies behind pointers, where nothing is converted. Paths count from the object that was asked about. */
export interface Reach {
  /** Types that are laid out differently now, each once. */
  readonly changed: readonly ChangedBehind[];
  /** The first pointer to void: what lies behind it may be anything. */
  readonly void: string | null;
  /** The first function pointer or object with virtual functions further on: it goes on using the old code. */
  readonly code: ReachedType | null;
  /** The object itself has one virtual table pointer, which can be re-pointed. */
  readonly table: boolean;
  /** The first pointer to a record that a variable embeds: it may lead back to that variable of the old image. */
  readonly back: string | null;
  /** It holds function pointers itself, not behind a pointer. */
  readonly functions: boolean;
  /** Something behind it may hold an address of the old image. */
  readonly addresses: boolean;
}

export interface ReachedType {
  readonly path: string;
  readonly type: string;
}

export interface ChangedBehind extends ReachedType {
  readonly detail: string;
  /** It goes by the same name in both, so that a pointer to a converted variable of it is right again. */
  readonly sameName: boolean;
  readonly isLibrary: boolean;
}
