export interface ManyModules {
  readonly names: readonly string[];
  /** Path -> text, of a project. */
  readonly files: Readonly<Record<string, string>>;
}

/** So many small modules, each of which counts its frames. */
export function manyModules(count: number): ManyModules {
  const names = Array.from({ length: count }, (_, n) => `m${n}`);
  const files = names.map((name) => [
    `modules/${name}/${name}.c`,
    `int frames;\nvoid ${name}_update(double dt) { (void)dt; frames++; }\n`,
  ]);
  return { names, files: Object.fromEntries(files) };
}
