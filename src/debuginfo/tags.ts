import { at, tag } from './constants.js';
import type { Entry } from './entry.js';
import type { DescribedUnit, Program } from './program-types.js';

/** Texts of `__attribute__((btf_decl_tag(...)))`: clang writes each as a child of what it belongs to. */
export function tagsOf(program: Program, unit: DescribedUnit, entry: Entry): readonly string[] {
  if (!entry.abbreviation.hasChildren) return [];
  return program
    .children(unit, entry, tag.llvmAnnotation)
    .filter((child) => child.string(at.name) === 'btf_decl_tag')
    .map((child) => child.string(at.constValue) ?? '');
}
