import { at } from './constants.js';
import { isDefinitionOf, readDeclaration } from './definitions.js';
import { definableEntries, definitionsIn, definitionsNamed, definitionsOf } from './definitions-by-name.js';
import { DebugInfoError } from './errors.js';
import type { Located, OpenUnit, Program, UnitBody } from './program-types.js';
import { moveBody } from './unit-body.js';

/**
 * Gives units of a program the bodies of the same units in an earlier reading, where their types are the same too. What a unit only
 * declares is defined by whichever other units have a definition: so each of its declarations must find the same
 * definitions in both programs, all of them in units that share their bodies as well. Those for which that does not hold are left
 * out until it holds for all that remain. As it is the same for every pair of programs that share a body, it does not
 * matter through which of them the body's declarations are followed later.
 *
 * @param likes bodies of the same units, each given once.
 * @returns how many units have the body of an earlier reading now.
 */
export function shareBodies(program: Program, likes: ReadonlyMap<OpenUnit, UnitBody>): number {
  if (likes.size === 0) return 0;
  const shared = new Map(likes);
  try {
    while (leaveOut(program, shared) > 0);
  } catch (error) {
    // Names are read here that nobody may have asked for. Where they cannot be read, nothing is shared.
    if (error instanceof DebugInfoError) return 0;
    throw error;
  }
  for (const [unit, body] of shared) {
    unit.body = body;
    moveBody(body, unit, program);
  }
  return shared.size;
}

/** Leaves out what cannot be shared as long as the rest is; returns how many these were. */
function leaveOut(program: Program, shared: Map<OpenUnit, UnitBody>): number {
  const before = shared.size;
  const bodies = new Map([...shared].map(([unit, body]) => [unit.body, body]));
  const sameNames = new Map<Program, Map<string, boolean>>();
  const isSameName = (home: Program, name: string): boolean => {
    const ofHome = sameNames.get(home) ?? new Map<string, boolean>();
    sameNames.set(home, ofHome);
    const known =
      ofHome.get(name) ?? sameDefinitions(definitionsNamed(home, name), definitionsIn(program.units, name), bodies);
    ofHome.set(name, known);
    return known;
  };
  const drops: OpenUnit[] = [];
  for (const [unit, body] of shared) {
    const sameScopes = (offset: number): boolean => isSameDeclaration(program, body, offset, bodies);
    const outer = outerDeclarations(body);
    const kept = outer.every(({ name, offset }) => isSameName(body.program, name) || sameScopes(offset));
    if (!kept) drops.push(unit);
  }
  for (const unit of drops) shared.delete(unit);
  return before - shared.size;
}

/** The same, of those that stand where the declaration does. */
function isSameDeclaration(
  program: Program,
  body: UnitBody,
  offset: number,
  bodies: ReadonlyMap<UnitBody, UnitBody>,
): boolean {
  const home = body.program;
  const declared = readDeclaration(home, body, home.entry(body, offset));
  if (declared === null) return false;
  return sameDefinitions(
    definitionsNamed(home, declared.name).filter((one) => isDefinitionOf(home, declared, one)),
    definitionsIn(program.units, declared.name).filter((one) => isDefinitionOf(program, declared, one)),
    bodies,
  );
}

/** Definitions in shared units, at the same places, in the same order: the first of several alike is the one that counts. */
function sameDefinitions(
  before: readonly Located<UnitBody>[],
  after: readonly Located<UnitBody>[],
  bodies: ReadonlyMap<UnitBody, UnitBody>,
): boolean {
  return (
    before.length === after.length &&
    before.every((one, n) => {
      const other = after[n];
      return other !== undefined && bodies.get(other.unit) === one.unit && other.entry.offset === one.entry.offset;
    })
  );
}

interface Outer {
  readonly name: string;
  readonly offset: number;
}

/** Declarations of a unit that it has no definition of itself. */
function outerDeclarations(body: UnitBody): readonly Outer[] {
  body.facts.outer ??= readOuter(body);
  return body.facts.outer;
}

function readOuter(body: UnitBody): readonly Outer[] {
  const { program } = body;
  const own = definitionsOf(body);
  const found: Outer[] = [];
  for (const entry of definableEntries(body)) {
    const declared = entry.flag(at.declaration) ? readDeclaration(program, body, entry) : null;
    if (declared === null || declared.hidden) continue;
    const { name } = declared;
    const nearest = own.has(name) && definitionsIn([body], name).some((one) => isDefinitionOf(program, declared, one));
    if (!nearest) found.push({ name, offset: entry.offset });
  }
  return found;
}
