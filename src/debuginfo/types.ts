/**
 * Types, variables and functions as debug information describes them (DWARF 5, chapters 2 to 5), without any knowledge
 * of what they are read for. Everything is read when it is first asked for: a type's fields, a pointer's target.
 */

/** Where something was declared. `file` is absolute where the compiler said so; '' and 0 where it is not known. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export type DebugType =
  | VoidType
  | BaseType
  | PointerType
  | RecordType
  | ArrayType
  | EnumType
  | TypedefType
  | QualifiedType
  | FunctionType
  | UnspecifiedType;

export interface VoidType {
  readonly kind: 'void';
}

/** `DW_TAG_base_type`. Sizes are in bytes everywhere. */
export interface BaseType {
  readonly kind: 'base';
  readonly name: string;
  readonly size: number;
  /** `DW_AT_encoding`; `character` is a plain or signed char, `unsignedCharacter` its unsigned form. */
  readonly encoding:
    | 'signed'
    | 'unsigned'
    | 'float'
    | 'boolean'
    | 'character'
    | 'unsignedCharacter'
    | 'utf'
    | 'address'
    | 'complex'
    | 'decimal'
    | 'other';
}

export interface PointerType {
  readonly kind: 'pointer';
  /** `memberPointer` is C++'s pointer to a field or, where its target is a function, to a member function. */
  readonly form: 'pointer' | 'reference' | 'rvalueReference' | 'memberPointer';
  readonly size: number;
  readonly target: DebugType;
}

/** A struct, class or union. */
export interface RecordType {
  readonly kind: 'record';
  readonly form: 'struct' | 'class' | 'union';
  /** Null for an anonymous one. */
  readonly name: string | null;
  /** Namespaces, classes and functions it is declared in, from the outside; an anonymous namespace is ''. */
  readonly scope: readonly string[];
  readonly size: number;
  /** `DW_AT_alignment`, where the source asks for one. */
  readonly align: number | null;
  /** False where no definition of it is in the file, or several different ones could be meant. */
  readonly complete: boolean;
  /** Data members in the order they were declared, static ones left out; bases are not among them. */
  readonly fields: readonly Field[];
  readonly bases: readonly Base[];
  /** Byte offset of its own virtual table pointer; null where it has none of its own (a base's may be used). */
  readonly vtableOffset: number | null;
  readonly place: Place;
  /** The source it was read from (the name of the compilation unit): types of one name in two files are two types. */
  readonly unit: string;
}

export interface Field {
  /** '' for an anonymous struct or union, whose own fields are then reached through the record. */
  readonly name: string;
  readonly type: DebugType;
  /** Bytes from the start of the record to the field, or to the byte that a bit-field's first bit lies in. */
  readonly offset: number;
  /** Bits from the start of the record to its lowest bit. */
  readonly bitOffset: number;
  /** Null where it is no bit-field. */
  readonly bitSize: number | null;
  /** `DW_AT_alignment`, where the source asks for one (`_Alignas(16) int x`). */
  readonly align?: number | null;
  readonly artificial: boolean;
  readonly place: Place;
  readonly tags: readonly string[];
}

export interface Base {
  readonly type: DebugType;
  /** Null for a virtual base, whose place depends on the object. */
  readonly offset: number | null;
  readonly virtual: boolean;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: DebugType;
  /** Elements per dimension from the outside; null where the source gives no number (a flexible array, `extern int x[]`). */
  readonly dimensions: readonly (number | null)[];
  /** A SIMD vector (`DW_AT_GNU_vector`). */
  readonly vector: boolean;
  /** Bytes of all of it; null where a dimension is. */
  readonly size: number | null;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string | null;
  readonly scope: readonly string[];
  readonly size: number;
  readonly signed: boolean;
  readonly complete: boolean;
  readonly members: readonly { readonly name: string; readonly value: bigint }[];
  readonly place: Place;
  readonly unit: string;
}

export interface TypedefType {
  readonly kind: 'typedef';
  readonly name: string;
  readonly scope: readonly string[];
  readonly target: DebugType;
  /** `DW_AT_alignment`, where the typedef asks for another one than its target has. */
  readonly align?: number | null;
  readonly place: Place;
}

export interface QualifiedType {
  readonly kind: 'qualified';
  readonly qualifier: 'const' | 'volatile' | 'atomic' | 'restrict';
  readonly target: DebugType;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly returns: DebugType;
  readonly parameters: readonly DebugType[];
  readonly variadic: boolean;
}

/** `decltype(nullptr)` and the like. */
export interface UnspecifiedType {
  readonly kind: 'unspecified';
  readonly name: string;
}

/** A variable with storage: one without an address (optimised away, discarded by the linker) is not listed. */
export interface Variable {
  readonly name: string;
  /** The symbol's name where it differs from the source's (C++). */
  readonly linkageName: string | null;
  /** Namespaces and classes, from the outside; an anonymous namespace is ''. */
  readonly scope: readonly string[];
  /** The function whose static it is, by its source name; null for a variable of the file. */
  readonly function: string | null;
  readonly type: DebugType;
  /** The address in the file, before it is loaded; in relocatable files an offset into `section`. Thread-local ones: the offset in the TLS block. */
  readonly address: number;
  /** Index of the section in relocatable files; null in linked ones. */
  readonly section: number | null;
  readonly threadLocal: boolean;
  /** Declared const, itself or the elements of the array that it is. */
  readonly constant: boolean;
  /** Visible to other sources. */
  readonly external: boolean;
  readonly place: Place;
  readonly unit: string;
  /** Texts of `__attribute__((btf_decl_tag(...)))`, which clang keeps for C. */
  readonly tags: readonly string[];
}

export interface DebugFunction {
  readonly name: string;
  readonly linkageName: string | null;
  readonly scope: readonly string[];
  readonly type: FunctionType;
  /** One for each parameter of the type; '' where it has no name. */
  readonly parameterNames: readonly string[];
  /** False for a C function declared as `f()`, whose parameters are then not known. */
  readonly prototyped: boolean;
  readonly address: number;
  readonly section: number | null;
  /** Bytes of code; 0 where it is not known. */
  readonly size: number;
  readonly external: boolean;
  readonly place: Place;
  readonly unit: string;
}

/** One function that an address of code lies in, by an inlined copy or itself. */
export interface CodeFrame extends Place {
  /** With its namespaces and classes: `city::house::grow`; '' where no function is described there. */
  readonly function: string;
  readonly linkageName: string | null;
  /** Its code was copied into the function of the next frame, whose place is that of the call. */
  readonly inlined: boolean;
}

export type NamedType = RecordType | EnumType | TypedefType;

export interface DebugInfo {
  /** Units whose types are those of an earlier reading. */
  readonly reused: number;
  readonly pointerSize: 4 | 8;
  /** Names of the sources (`DW_AT_name` of the compilation units), with the folder they were compiled in. */
  readonly units: readonly {
    readonly name: string;
    readonly directory: string;
    readonly language: 'c' | 'c++' | 'other';
  }[];
  readonly variables: readonly Variable[];
  /** Functions with code in the file. */
  readonly functions: readonly DebugFunction[];
  /** Those that begin at these addresses of a linked file; several at one where the linker folded them into one. */
  functionsAt(addresses: ReadonlySet<number>): ReadonlyMap<number, readonly DebugFunction[]>;
  /**
   * The line that the code at an address of a linked file comes from; null where no line table holds it. `line` is 0 for
   * code that comes from no line.
   */
  lineAt(address: number): Place | null;
  /** The function whose code holds an address of a linked file. */
  functionAt(address: number): DebugFunction | null;
  /**
   * The functions that the code at an address of a linked file lies in, the innermost first, each with the line it is at
   * there; more than one where functions were inlined. Empty where nothing is known of the address.
   */
  framesAt(address: number): readonly CodeFrame[];
  /** Defined records of this name, whatever they are declared in. */
  recordsNamed(name: string): readonly RecordType[];
  /** Every complete named record, enum and typedef, at file or namespace scope and nested; those of one name may differ. */
  readonly types: readonly NamedType[];
  /**
   * The same by unit, without those inside these namespaces of the top level: a C++ library describes thousands of types.
   * Of a unit that is taken over from an earlier reading it is the same list.
   */
  typesByUnit(namespaces: readonly string[]): readonly (readonly NamedType[])[];
}
